package tableio

import (
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// rowsOf are the fields of each row behind the header, and at its end the line, of
// text that is cut into chunks of a size.
func rowsOf(r io.Reader, size, most int) (rows [][]string, err error) {
	c := newChunks(r, size)
	c.most = most
	columns := 0
	for b := (&block{delim: ','}); ; {
		if err := c.next(b); err == io.EOF {
			return rows, nil
		} else if err != nil {
			return rows, err
		}
		if b.columns = columns; columns == 0 {
			if err := b.split(1); err != nil {
				return rows, err
			}
			if columns = len(b.fields); columns == 0 {
				continue // blank lines
			}
			b.columns = columns
		}
		err := b.each(func() error {
			for row, start := range b.starts {
				var fields []string
				for _, s := range b.fields[row*columns:][:columns] {
					fields = append(fields, string(b.text(s)))
				}
				rows = append(rows, append(fields, b.wrong(start, io.EOF).Error()))
			}
			return nil
		})
		if err != nil {
			return rows, err
		}
	}
}

// FuzzCSVChunks compares the rows and the error of text in one chunk with those
// of the same text in chunks of few bytes.
func FuzzCSVChunks(f *testing.F) {
	f.Add("\ufeffa,b\n\"x,\n\"\"\ny\",2\r\n\n\"\",\n3,4", 1)
	f.Add("a,b\n\"1\"\"\",\"\"\"\"\n1,x\"\n\"\n\",3\n", 5)
	f.Add("\n\n\na\n\n\"b\n", 7)
	f.Add("a,b\n1,\xff\n2\n", 3)
	f.Add("a,b\n1,\"2\"\r3\n", 2)
	f.Fuzz(func(t *testing.T, text string, size int) {
		want, wantErr := rowsOf(strings.NewReader(text), len(text)+3, maxRecord)
		got, err := rowsOf(iotest.OneByteReader(strings.NewReader(text)), 3+size&31, maxRecord)
		if d := cmp.Diff(explain(wantErr), explain(err)); d != "" {
			t.Fatal(d)
		}
		if wantErr == nil && !slices.EqualFunc(want, got, slices.Equal) {
			t.Fatal(cmp.Diff(want, got))
		}
	})
}

func explain(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestLongRecords stops at a record that is above the limit, whatever it is, and
// reads those below.
func TestLongRecords(t *testing.T) {
	long := strings.Repeat("x", 60)
	for _, c := range []struct{ text, want string }{
		{"a,b\n1," + long + "\n", ""},
		{"a,b\n\"" + strings.Repeat("\n", 60) + "\",2\n3,4\n", ""},
		{"a,b\n1,2\n1," + long + long + "\n3,4\n", "line 3: " + errLong.Error()},
		{"a,b\n1,2\n1,\"" + long + "\n" + long + "\n3,4\n", "line 3: " + errLong.Error()},
		{"a,b\n" + long + "," + long + "\n", "line 2: " + errLong.Error()},
		{"a,b\n1\"," + long + long + "\n", "line 2: " + errQuote.Error()},
	} {
		for _, size := range []int{3, 10, 64} {
			if _, err := rowsOf(strings.NewReader(c.text), size, 100); explain(err) != c.want {
				t.Errorf("chunks of %d: %q: got %v, want %s", size, c.text, err, c.want)
			}
		}
	}
}

// TestManyFields keeps no more of a row than the table has columns, and of a
// header no more than there may be.
func TestManyFields(t *testing.T) {
	many := strings.Repeat(",", 1<<20)
	b := &block{delim: ',', columns: 2}
	b.begin([]byte("1,2\n" + many + strings.Repeat(" ", csvSlack+1))[:4+len(many)], 1, 0)
	const want = "line 2: 1048577 fields, want 2"
	if err := b.split(9); explain(err) != want || len(b.starts) != 1 || cap(b.fields) > 100 {
		t.Errorf("got %v, want %s; %d rows, room for %d fields", err, want, len(b.starts), cap(b.fields))
	}
	_, err := rowsOf(strings.NewReader(many), 1<<10, maxRecord)
	if want := "line 1: 1048577 columns, which is above the limit of 65536"; explain(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
