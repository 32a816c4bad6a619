package tableio_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// TestNotations reads numbers and dates as people write them.
func TestNotations(t *testing.T) {
	for _, c := range []struct {
		what, text string // values of a column, split at blanks
		opts       tableio.Options
		want       string // its type, and its first value
		remark     string // a part of it
	}{
		{"a day above 12", "01.02.2024 31.12.1999", tableio.Options{}, "date32 2024-02-01", ""},
		{"a month above 12 is a day", "01/02/2024 12/31/1999", tableio.Options{}, "date32 2024-01-02", ""},
		{"days of one digit", "1/2/2024 3/29/2024", tableio.Options{}, "date32 2024-01-02", ""},
		{"hyphens", "12-1-2024 13-1-2024", tableio.Options{}, "date32 2024-01-12", ""},
		{"either order", "01.02.2024 11.12.1999", tableio.Options{}, "utf8 01.02.2024", "day or month"},
		{"said to be days first", "01.02.2024 11.12.1999", tableio.Options{Dates: tableio.DayFirst},
			"date32 2024-02-01", ""},
		{"said to be months first", "01/02/2024 11/12/1999", tableio.Options{Dates: tableio.MonthFirst},
			"date32 2024-01-02", ""},
		{"not of the order", "31/12/2024", tableio.Options{Dates: tableio.MonthFirst}, "utf8 31/12/2024", ""},
		{"neither order", "31/12/2024 12/31/2024", tableio.Options{}, "utf8 31/12/2024", ""},
		{"no such day", "30.02.2024 29.02.2023", tableio.Options{}, "utf8 30.02.2024", ""},
		{"two marks", "31.12/2024", tableio.Options{}, "utf8 31.12/2024", ""},
		{"years of two digits", "31.12.24", tableio.Options{}, "utf8 31.12.24", ""},
		{"as ISO 8601 says, and not", "2024-02-01 31.12.2024", tableio.Options{}, "utf8 2024-02-01", ""},
		{"with a time of day", "31.12.2024T10:15 01.02.2024T00:00:00.5", tableio.Options{},
			"timestamp[us] 2024-12-31 10:15:00", ""},
		{"declared, and an order", "01.02.2024 2024-02-03", tableio.Options{Dates: tableio.DayFirst,
			Types: map[string]arrow.DataType{"a": arrow.FixedWidthTypes.Date32}}, "date32 2024-02-01", ""},

		{"a decimal comma that nobody said", "1,5 2", tableio.Options{}, "utf8 1,5", "decimal comma"},
		{"a decimal comma", "1,5 2 -0,25 1e9", tableio.Options{Decimal: ','}, "float64 1.5", ""},
		{"a decimal point where there should be a comma", "1.5 2", tableio.Options{Decimal: ','},
			"utf8 1.5", "decimal point"},
		{"whole numbers", "1 -2", tableio.Options{Decimal: ','}, "int64 1", ""},
		{"thousands", "1.234,5", tableio.Options{Decimal: ','}, "utf8 1.234,5", ""},
		{"thousands, otherwise", "1,234.5", tableio.Options{}, "utf8 1,234.5", ""},
		{"a comma alone", ", ,5", tableio.Options{Decimal: ','}, "utf8 ,", ""},
		{"declared, and a comma", "1,25", tableio.Options{Decimal: ',', Types: map[string]arrow.DataType{
			"a": &arrow.Decimal128Type{Precision: 9, Scale: 2}}}, "decimal(9, 2) 1.25", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			text := "a;b\n"
			for v := range strings.FieldsSeq(c.text) {
				text += v + ";x\n;x\n"
			}
			src := open(t, put(t, "t.csv", text), &c.opts)
			rec := read(t, src, "a")
			got := rec.Schema().Field(0).Type.String() + " " + rec.Column(0).ValueStr(0)
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
			remark := src.Remarks()["a"]
			if (remark == "") != (c.remark == "") || !strings.Contains(remark, c.remark) {
				t.Errorf("the remark is %q, want %q", remark, c.remark)
			}
		})
	}
}

// TestOrderFromAnotherFile: what one file leaves open another may tell.
func TestOrderFromAnotherFile(t *testing.T) {
	files := []string{put(t, "a.csv", "d\n01.02.2024\n"), put(t, "b.csv", "d\n13.02.2024\n")}
	src, err := tableio.OpenFiles(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, src).Column(0).ValueStr(0); got != "2024-02-01" {
		t.Errorf("got %s", got)
	}
}

// utf16Of encodes text, with a byte order mark where one is wanted.
func utf16Of(text string, order binary.AppendByteOrder, mark bool) (b []byte) {
	if mark {
		text = "\ufeff" + text
	}
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func TestEncodings(t *testing.T) {
	const text = "name,straße\n\"é,\n€\",𝄞x\n"
	var windows []byte
	for _, r := range strings.ReplaceAll(text, "𝄞", "\u201c") {
		switch r {
		case '€':
			r = 0x80
		case '\u201c':
			r = 0x93
		}
		windows = append(windows, byte(r))
	}
	latin := slices.DeleteFunc(slices.Clone(windows), func(b byte) bool { return b == 0x80 || b == 0x93 })
	for _, c := range []struct {
		what string
		text []byte
		as   tableio.Encoding
		want string
	}{
		{"UTF-8", []byte(text), tableio.UTF8, "é,\n€ 𝄞x"},
		{"UTF-16 that says so", utf16Of(text, binary.LittleEndian, true), "", "é,\n€ 𝄞x"},
		{"of the other order", utf16Of(text, binary.BigEndian, true), tableio.UTF16, "é,\n€ 𝄞x"},
		{"without a mark", utf16Of(text, binary.BigEndian, false), tableio.UTF16BE, "é,\n€ 𝄞x"},
		{"named and with a mark", utf16Of(text, binary.LittleEndian, true), tableio.UTF16LE, "é,\n€ 𝄞x"},
		{"Windows", windows, tableio.Windows1252, "é,\n€ \u201cx"},
		{"Latin", latin, tableio.Latin1, "é,\n x"},
	} {
		rec := read(t, open(t, put(t, "t.csv", string(c.text)), &tableio.Options{Encoding: c.as}))
		if got := rec.Column(0).ValueStr(0) + " " + rec.Column(1).ValueStr(0); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
		if got := rec.ColumnName(1); got != "straße" {
			t.Errorf("%s: the second column is %q", c.what, got)
		}
	}
	for _, c := range []struct {
		what string
		text string
		as   tableio.Encoding
		want string
	}{
		{"half a character", string(utf16Of("a,b\n1,2\n", binary.LittleEndian, true)) + "x", "",
			"tableio: t.csv: text that is not of encoding utf-16le, at byte 18"},
		{"half a pair", "\xfe\xff\x00a\x00\n\xd8\x00\x00b", "",
			"tableio: t.csv: text that is not of encoding utf-16be, at byte 6"},
		{"a pair turned around", "\xfe\xff\x00a\x00\n\xdc\x00\xd8\x00", "",
			"tableio: t.csv: text that is not of encoding utf-16be, at byte 6"},
		{"half a pair at the end", "\xfe\xff\x00a\x00\n\xd8\x00", "",
			"tableio: t.csv: text that is not of encoding utf-16be, at byte 6"},
		{"no mark", "a\x00,\x00b\x00", tableio.UTF16,
			"tableio: t.csv: it has no byte order mark; name its order, utf-16le or utf-16be"},
		{"no name", "a", "ebcdic", `tableio: t.csv: encoding "ebcdic" is unknown; want utf-8, ` +
			"utf-16, utf-16le, utf-16be, iso-8859-1 or windows-1252"},
		{"UTF-16 that says nothing", "a\x00,\x00b\x00\n\x00", "",
			"tableio: t.csv: a name of a column holds a NUL byte; set Encoding where the text is UTF-16"},
		{"Windows that says nothing", "stra\xdfe\n1\n", "", "tableio: t.csv line 1: field 1: text that is not " +
			"UTF-8, at byte 4 of the text; set Encoding where it has another"},
	} {
		err := readAll(put(t, "t.csv", c.text), &tableio.Options{Encoding: c.as})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.what, err, c.want)
		}
	}
}

// TestEncodingsInPieces: where a pass reads does not matter.
func TestEncodingsInPieces(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	var b strings.Builder
	b.WriteString("a,b\n")
	for range 30_000 {
		for range rng.IntN(9) {
			b.WriteString([]string{"x", "é", "€", "𝄞"}[rng.IntN(4)])
		}
		b.WriteString(",1\n")
	}
	want := read(t, open(t, put(t, "t.csv", b.String()), nil))
	got := read(t, open(t, put(t, "t.csv", string(utf16Of(b.String(), binary.BigEndian, true))), nil))
	same(t, got, want)
}

// TestForeignFiles: what has another name than it should says which.
func TestForeignFiles(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"t.csv", "\x1f\x8b\x08\x00", "is damaged: it is compressed with gzip; let its name end in .csv.gz"},
		{"t.csv.gz", "\x28\xb5\x2f\xfd\x00", "is damaged: it is compressed with Zstandard; let its name end " +
			"in .csv.zst"},
		{"t.csv", "PAR1\x15\x04", "is damaged: it is a Parquet file; let its name end in .parquet"},
		{"t.tsv", "ARROW1\x00\x00", "is damaged: it is an Arrow file; let its name end in .arrow"},
		{"t.csv", "PAR1,ARROW1\n1,2\n", ""},
		{"t.csv", "", ": the file is empty"},
		{"t.csv", "\ufeff", ": the file is empty"},
		{"t.csv", "\n\n", ": the file is empty"},
	} {
		err := readAll(put(t, c.name, c.text), nil)
		if (err == nil) != (c.want == "") || err != nil && !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %s", c.text, err, c.want)
		}
	}
}
