package anonymize

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/kanon"
)

// FuzzPolicy: any text is refused in the form of a mistake or is a policy that
// says the same of itself each time.
func FuzzPolicy(f *testing.F) {
	cases, err := filepath.Glob("testdata/policy/*.txtar")
	if err != nil || len(cases) == 0 {
		f.Fatal(err, len(cases))
	}
	for _, path := range cases {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		_, text, _ = bytes.Cut(text, []byte("-- policy --\n"))
		text, _, _ = bytes.Cut(text, []byte("-- want --"))
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parsePolicy(text, "p.yaml")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "anonymize: policy p.yaml: ") {
				t.Fatalf("no mistake of the file: %v", err)
			}
			return
		}
		again, err := parsePolicy(text, "p.yaml")
		if err != nil || again.digest() != p.digest() || len(p.validate()) > 0 {
			t.Fatalf("the policy is another one the second time: %v", err)
		}
	})
}

// FuzzStageCounts reads files of counts whose hash is right: what is taken for
// counts can be written and read again, and merged with itself.
func FuzzStageCounts(f *testing.F) {
	for _, unit := range []string{"", "id"} {
		counts := fuzzCounts(f, unit)
		var b bytes.Buffer
		if _, err := counts.WriteTo(&b); err != nil {
			f.Fatal(err)
		}
		file := b.Bytes()[len(countsMagic) : b.Len()-sha256.Size]
		n, skip := binary.Uvarint(file)
		f.Add(file[skip:skip+int(n)], file[skip+int(n):])
	}
	f.Add([]byte(`{"policy":"p","input":3,"fitted":{"schema":"s","rows":2}}`), []byte{})
	f.Fuzz(func(t *testing.T, head, rows []byte) {
		file := slices.Concat([]byte(countsMagic), binary.AppendUvarint(nil, uint64(len(head))), head, rows)
		sum := sha256.Sum256(file)
		file = append(file, sum[:]...)
		var c, twice Counts
		if _, err := c.ReadFrom(bytes.NewReader(file)); err != nil {
			return
		}
		var again bytes.Buffer
		if _, err := c.WriteTo(&again); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := twice.ReadFrom(bytes.NewReader(again.Bytes())); err != nil {
				t.Fatal(err)
			}
		}
		if twice.Rows() != 2*c.Rows() {
			t.Fatalf("%d rows, twice %d", c.Rows(), twice.Rows())
		}
	})
}

// fuzzCounts counts two rows.
func fuzzCounts(f *testing.F, unit string) *Counts {
	f.Helper()
	schema := arrow.NewSchema([]arrow.Field{{Name: "zip", Type: arrow.BinaryTypes.String},
		{Name: "id", Type: arrow.PrimitiveTypes.Int64}}, nil)
	a, err := kanon.New(kanon.Config{Quasi: []kanon.Quasi{{Column: "zip",
		Hierarchy: kanon.Prefix{Length: 2}}}, Unit: unit, Recoding: kanon.Global,
		Suppressed: kanon.Drop, Models: []kanon.Model{kanon.KAnonymity{K: 2}}})
	if err != nil {
		f.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.StringBuilder).AppendValues([]string{"02", "03"}, nil)
	b.Field(1).(*array.Int64Builder).AppendValues([]int64{1, 2}, nil)
	rec := b.NewRecord()
	defer rec.Release()
	fitted := &Fitted{Schema: "s", Rows: 2}
	c := &Counts{head: countsHead{Policy: "p", Input: 2, Fitted: fitted}}
	if c.rows, err = a.NewCounts(schema); err != nil {
		f.Fatal(err)
	}
	if err := c.rows.Add(rec); err != nil {
		f.Fatal(err)
	}
	if fitted.Combinations, err = c.rows.Fingerprint(); err != nil {
		f.Fatal(err)
	}
	return c
}

// FuzzStagePlan: any text is no plan or one whose digest stays the same.
func FuzzStagePlan(f *testing.F) {
	a := `{"version":1,"policy":"00","fitted":{"schema":"00","rows":3}}`
	f.Add([]byte(a))
	f.Add([]byte(strings.Replace(a, `"rows":3`, `"rows":3,"combinations":null`, 1)))
	f.Add(binary.AppendUvarint(nil, 77))
	f.Fuzz(func(t *testing.T, text []byte) {
		p := new(Plan)
		if json.Unmarshal(text, p) != nil {
			return
		}
		sum, err := p.SHA256()
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		q := new(Plan)
		if err := json.Unmarshal(again, q); err != nil {
			t.Fatal(err)
		}
		if other, err := q.SHA256(); err != nil || other != sum {
			t.Fatalf("the digest of the plan is %s, then %s, %v", sum, other, err)
		}
	})
}
