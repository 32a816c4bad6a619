package kanon

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/shared"
)

// halvings groups the values of a column, in their order, by two, by four and
// so on: a hierarchy of many levels for any column.
func halvings(values int) Hierarchy {
	levels := 1
	for n := values; n > 2; n = (n + 1) / 2 {
		levels++
	}
	return HierarchyFunc(levels, func(domain arrow.Array, level int) (arrow.Array, error) {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		defer b.Release()
		for i := range domain.Len() {
			if level == levels {
				b.Append("*")
			} else {
				b.Append(fmt.Sprint("group ", i>>level))
			}
		}
		return b.NewArray(), nil
	})
}

// national is the first columns of the table national2019, as text, and a
// hierarchy for each.
func national(tb testing.TB, columns int) (arrow.Record, []Quasi) {
	tb.Helper()
	rows := readCSV(tb, filepath.Join(shared.Dir(tb), "data", "national2019.csv"), ',')
	names := []string{"PUMA", "AGEP", "SEX", "MSP", "HISP", "RAC1P", "NOC", "NPF", "HOUSING_TYPE",
		"OWN_RENT", "DENSITY", "INDP_CAT", "EDU", "PINCP_DECILE", "DVET"}[:columns]
	var fields []arrow.Field
	var arrays []arrow.Array
	var quasi []Quasi
	for _, name := range names {
		at := 0
		for rows[0][at] != name {
			at++
		}
		b := array.NewStringBuilder(memory.DefaultAllocator)
		values := map[string]bool{}
		for _, row := range rows[1:] {
			b.Append(row[at])
			values[row[at]] = true
		}
		arrays = append(arrays, b.NewArray())
		b.Release()
		fields = append(fields, arrow.Field{Name: name, Type: arrow.BinaryTypes.String})
		quasi = append(quasi, Quasi{Column: name, Hierarchy: halvings(len(values))})
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), arrays, int64(len(rows)-1)), quasi
}

// TestBestEffortNational searches a lattice of 15 columns and 10^8 vectors.
func TestBestEffortNational(t *testing.T) {
	rec, quasi := national(t, 15)
	defer rec.Release()
	a, err := New(Config{
		Quasi: quasi, Models: []Model{KAnonymity{K: 10}}, MaxSuppression: 0.05,
		Recoding: Global, Suppressed: Drop, Effort: 64,
	})
	if err != nil {
		t.Fatal(err)
	}
	counts, err := a.NewCounts(rec.Schema())
	if err != nil {
		t.Fatal(err)
	}
	if err := counts.Add(rec); err != nil {
		t.Fatal(err)
	}
	plan, err := a.Solve(context.Background(), counts)
	if err != nil {
		t.Fatal(err)
	}
	s := plan.Summary()
	if s.Search != "best_effort" || s.Bound == nil || *s.Bound <= 0 || *s.Bound >= s.Loss {
		t.Fatalf("search %q, bound %v, loss %v", s.Search, s.Bound, s.Loss)
	}
	if s.Suppressed > s.Rows/20 || s.Before == nil {
		t.Fatalf("%d of %d rows suppressed", s.Suppressed, s.Rows)
	}
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	if err := new(Plan).UnmarshalJSON(text); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkBestEffortNational(b *testing.B) {
	rec, quasi := national(b, 15)
	defer rec.Release()
	for _, effort := range []int{256, 4096} {
		b.Run(fmt.Sprint("effort=", effort), func(b *testing.B) {
			a, err := New(Config{
				Quasi: quasi, Models: []Model{KAnonymity{K: 10}}, MaxSuppression: 0.05,
				Recoding: Global, Suppressed: Drop, Effort: effort,
			})
			if err != nil {
				b.Fatal(err)
			}
			counts, err := a.NewCounts(rec.Schema())
			if err != nil {
				b.Fatal(err)
			}
			if err := counts.Add(rec); err != nil {
				b.Fatal(err)
			}
			start := cpu()
			for b.Loop() {
				plan, err := a.Solve(context.Background(), counts)
				if err != nil {
					b.Fatal(err)
				}
				s := plan.Summary()
				b.ReportMetric(s.Loss, "loss")
				b.ReportMetric(*s.Bound, "bound")
			}
			b.ReportMetric((cpu()-start)/float64(b.N), "cpu-ms/op")
		})
	}
}
