package kanon

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/shared"
)

// Every row of reference/arx/results.csv with k-anonymity alone: all measures,
// aggregates and factors, and the searches of other algorithms. Rows of local recoding
// tell levels and score of the global search that comes first.
func TestAdultLosses(t *testing.T) {
	rec := adultRecord(t, memory.NewGoAllocator())
	defer rec.Release()
	quasi := adultQuasi(t)
	rows := readCSV(t, filepath.Join(shared.Dir(t), "reference", "arx", "results.csv"), ',')
	seen := 0
	for _, row := range rows[1:] {
		cell := func(name string) string { return row[slices.Index(rows[0], name)] }
		number := func(name string) float64 {
			x, err := strconv.ParseFloat(cell(name), 64)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		k, ok := strings.CutSuffix(cell("models"), "-anon")
		if !ok {
			continue // see TestAdultSensitiveOptimum
		}
		seen++
		if testing.Short() && row[0] != "adult_k5_s0.05" {
			continue
		}
		t.Run(row[0], func(t *testing.T) {
			cfg := Config{
				MaxSuppression: number("supp_limit"), Recoding: Global, Suppressed: Drop,
				Loss: Loss{Measure: map[string]Measure{"loss": "", "dm": MeasureDiscernibility,
					"ebil": MeasureInformation, "entropy": MeasureEntropy, "kl": MeasureDivergence,
					"normentropy": MeasureNormalizedEntropy}[cell("metric")],
					Balance: 2*number("gs") - 1},
			}
			if cfg.Loss.Measure == "" {
				cfg.Loss.Measure = Measure(cell("metric"))
			}
			cfg.Loss.Aggregate = map[string]Aggregate{"default": "", "arith": AggregateArithmetic,
				"max": AggregateMaximum, "rank": AggregateRank, "sum": AggregateSum}[cell("agg")]
			n, err := strconv.Atoi(k)
			if err != nil {
				t.Fatal(err)
			}
			cfg.Models = []Model{KAnonymity{n}}
			for _, name := range strings.Split(cell("qis"), ",") {
				cfg.Quasi = append(cfg.Quasi, quasi[slices.Index(adultColumns, name)])
			}
			a := mustNew(t, cfg)
			plan, err := a.Solve(context.Background(), mustCount(t, a, rec))
			if err != nil {
				t.Fatal(err)
			}
			s := plan.Summary()
			got := strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Levels), " ", ","), "[]")
			text := strings.Split(strings.Trim(cell("score"), "[]"), ",")[0] // of ranks the first
			want, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(row[0], "topdown") { // a heuristic that ends with another
				if s.Loss >= want {
					t.Fatalf("loss %v is not below %v", s.Loss, want)
				}
				return
			}
			if got != cell("levels") || math.Abs(s.Loss-want) > 1e-9*max(1, want) {
				t.Fatalf("%s: levels %s, loss %.12f; want %s, %s", s.Measure, got, s.Loss,
					cell("levels"), cell("score"))
			}
			if cell("local_records") == "" && (float64(s.Suppressed) != number("suppressed") ||
				float64(s.Classes) != number("classes")) {
				t.Fatalf("%d suppressed, %d classes; want %s, %s", s.Suppressed, s.Classes,
					cell("suppressed"), cell("classes"))
			}
		})
	}
	if seen != 40 {
		t.Fatalf("%d reference cases, want 40", seen)
	}
}
