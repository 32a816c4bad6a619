package anonymize_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/google/go-cmp/cmp"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// A report that was written and read again is the same and verifies the table
// that it is about, in a file and in memory, and no other one.
func TestVerify(t *testing.T) {
	table := visitsTable(1500)
	defer table.Release()
	src := tableio.FromTable(table)
	defer src.Release()
	keys := newKeys(t)
	local := strings.Replace(visitsPolicy, "recoding: global", "recoding: local", 1)
	for name, policy := range map[string]string{
		"people":   visitsPolicy,
		"hidden":   strings.Replace(visitsPolicy, "pseudonym: {hmac: {}, domain: test}", "drop: true", 1),
		"rows":     strings.Replace(visitsPolicy, "  unit: id\n", "", 1),
		"starred":  visitsPolicy + "output: {suppressed: star}\n",
		"midpoint": local + "output: {numeric: midpoint}\n",
		"bounds":   local + "output: {numeric: bounds}\n",
		"no quasi": visitsPolicy[:strings.Index(visitsPolicy, "  age:")] + `
  age: {role: insensitive}
  zip: {role: identifier, drop: true}
  admitted: {role: insensitive}
  diagnosis: {role: insensitive}
  days: {role: insensitive}
`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out.parquet")
			dst, err := tableio.Create(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			made, err := newPipeline(t, policy, keys).Run(t.Context(), src, dst, nil)
			if err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			if err := made.WriteJSON(&text); err != nil {
				t.Fatal(err)
			}
			report, err := anonymize.ReadReport(&text)
			if err != nil {
				t.Fatal(err)
			}
			var again bytes.Buffer
			if err := errors.Join(report.WriteJSON(&again), made.WriteJSON(&text)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(text.String(), again.String()); diff != "" {
				t.Error(diff)
			}
			file, err := tableio.Open(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := report.Verify(t.Context(), file); err != nil {
				t.Error(err)
			}
			r, err := file.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer r.Release()
			if !r.Next() {
				t.Fatal(r.Err())
			}
			released := array.NewTableFromRecords(r.Schema(), []arrow.Record{r.Record()})
			defer released.Release()
			if err := report.Verify(t.Context(), tableio.FromTable(released)); err != nil {
				t.Errorf("in memory: %v", err)
			}
			fewer := array.NewTableFromRecords(r.Schema(), nil)
			defer fewer.Release()
			err = report.Verify(t.Context(), tableio.FromTable(fewer))
			if !errors.Is(err, anonymize.ErrUnsatisfied) || !strings.Contains(err.Error(), "0 rows, reported ") {
				t.Errorf("no rows: %v", err)
			}
			report.Digests.Output = strings.Repeat("0", 64)
			err = report.Verify(t.Context(), file)
			if !errors.Is(err, anonymize.ErrUnsatisfied) || !strings.Contains(err.Error(), "the bytes") {
				t.Errorf("another digest: %v", err)
			}
		})
	}
}

// What the report says and the table lacks is named, each on its own.
func TestVerifyNamesDifferences(t *testing.T) {
	table := visitsTable(800)
	defer table.Release()
	src := tableio.FromTable(table)
	defer src.Release()
	dst := tableio.NewBuffer()
	defer dst.Release()
	report, err := newPipeline(t, visitsPolicy, newKeys(t)).Run(t.Context(), src, dst, nil)
	if err != nil {
		t.Fatal(err)
	}
	released := tableio.FromTable(dst.Table())
	defer released.Release()
	a := report.Anonymity
	for want, change := range map[string]func() (undo func()){
		"classes, reported": func() func() { a.After.Classes++; return func() { a.After.Classes-- } },
		"classes of ":       func() func() { a.After.Smallest++; return func() { a.After.Smallest-- } },
		"or as many of other sizes between": func() func() {
			a.After.Sizes[1]++
			return func() { a.After.Sizes[1]-- }
		},
		`column "diagnosis": `: func() func() { a.Sensitive[0].Distinct++; return func() { a.Sensitive[0].Distinct-- } },
		"rows, reported":       func() func() { report.Rows.Output++; return func() { report.Rows.Output-- } },
	} {
		undo := change()
		err := report.Verify(t.Context(), released)
		if !errors.Is(err, anonymize.ErrUnsatisfied) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
		undo()
		if err := report.Verify(t.Context(), released); err != nil {
			t.Errorf("undone: %v", err)
		}
	}
}

func TestReadReportRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "no report",
		"{":                           "no report",
		`{"version": 1, "canary": 1}`: "no report",
		`{"version": 2}`:              "version 2, want 1",
		`{"version": 1} {}`:           "no report",
		`{"version": "canary"}`:       "no report",
	} {
		_, err := anonymize.ReadReport(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
