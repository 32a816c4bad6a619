package kanon

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"pgregory.net/rapid"
)

// anyModels are models of any kind, one of which says how many people there
// are.
func anyModels(t *rapid.T, unit bool, rows int) (models []Model, population bool) {
	share := rapid.SampledFrom([]float64{0.15, 0.3, 0.5, 0.8})
	column := rapid.SampledFrom([]string{"note", "sort"})
	k := 2 + rapid.IntRange(0, 3).Draw(t, "k")
	size := []Model{
		KAnonymity{k}, AlphaK{Column: column.Draw(t, "column"), Alpha: share.Draw(t, "alpha"), K: k},
		AverageRisk{Risk: share.Draw(t, "risk")}, SampleUniqueness{Share: share.Draw(t, "share")},
		AverageRisk{Risk: share.Draw(t, "risk"), Highest: 0.4, AtRisk: share.Draw(t, "at risk")},
		PopulationUniqueness{Share: share.Draw(t, "share") / 20, Population: int64(rows * 8),
			Estimator: rapid.SampledFrom([]Estimator{Zayatz, Dankar}).Draw(t, "estimator")},
		KMap{K: k, Occurrence: rapid.SampledFrom([]Occurrence{Poisson, TruncatedPoisson}).Draw(t, "o"),
			Population: int64(rows * 2), Significance: share.Draw(t, "significance") / 4},
	}
	if !unit {
		size = append(size, KMap{K: k + 4})
	}
	models = append(models, rapid.SampledFrom(size).Draw(t, "size model"))
	var more []Model
	for _, c := range []string{"note", "sort"} {
		x := share.Draw(t, "x")
		more = append(more, LDiversity{Column: c, L: 2, Kind: Distinct},
			LDiversity{Column: c, L: 1 + x, Kind: Entropy}, LDiversity{Column: c, L: 1 + x, Kind: Grassberger},
			LDiversity{Column: c, L: 2, Kind: Recursive, C: 4 * x}, TCloseness{Column: c, T: x, Distance: Equal},
			TCloseness{Column: c, T: x, Distance: Ordered}, BetaLikeness{Column: c, Beta: 3 * x, Kind: Basic},
			BetaLikeness{Column: c, Beta: 4 * x, Kind: Enhanced}, DeltaDisclosure{Column: c, Delta: 4 * x})
	}
	if !unit {
		more = append(more, DeltaPresence{Min: share.Draw(t, "min") / 4, Max: 0.5 + share.Draw(t, "max")/2})
	}
	for range rapid.IntRange(0, 2).Draw(t, "more") {
		models = append(models, rapid.SampledFrom(more).Draw(t, "model"))
	}
	for _, m := range models {
		switch m := m.(type) {
		case KMap:
			population = population || m.Occurrence == ""
		case DeltaPresence:
			population = true
		}
	}
	return models, population
}

func anyLoss(t *rapid.T) Loss {
	measures := []Measure{"", MeasureLoss, MeasureNCP, MeasurePrecision, MeasureHeight, MeasureEntropy,
		MeasureNormalizedEntropy, MeasureDiscernibility, MeasureAECS, MeasureAmbiguity,
		MeasureDivergence, MeasureInformation}
	l := Loss{Measure: rapid.SampledFrom(measures).Draw(t, "measure")}
	if l.columnLoss() != nil {
		l.Aggregate = rapid.SampledFrom([]Aggregate{"", AggregateSum, AggregateMaximum,
			AggregateArithmetic, AggregateGeometric, AggregateRank}).Draw(t, "aggregate")
	}
	return l
}

// Every table that comes out passes the check, which knows nothing of the
// search, under any models and measures together; Apply fails otherwise.
func TestModelsHoldOfEveryOutput(outer *testing.T) {
	done, refused := 0, 0
	rapid.Check(outer, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "rows")
		var rows []person
		draw := rapid.IntRange(0, 1000)
		for range n {
			rows = append(rows, person{
				id: fmt.Sprint("p", draw.Draw(t, "id")%(n+1)), age: 20 + draw.Draw(t, "age")%12,
				zip:  []string{"100", "101", "110", "200", "210"}[draw.Draw(t, "zip")%5],
				note: []string{"flu", "cold", "cough", "ache"}[min(draw.Draw(t, "a")%4, draw.Draw(t, "b")%4)],
			})
		}
		unit := rapid.IntRange(0, 2).Draw(t, "unit") == 0
		cfg := smallConfig()
		var population bool
		cfg.Models, population = anyModels(t, unit, n)
		cfg.Loss = anyLoss(t)
		cfg.MaxSuppression = rapid.SampledFrom([]float64{0, 0.1, 0.5, 1}).Draw(t, "limit")
		cfg.Suppressed = rapid.SampledFrom([]Suppressed{Drop, Star}).Draw(t, "suppressed")
		if unit {
			cfg.Unit = "id"
		}
		if rapid.IntRange(0, 3).Draw(t, "recoding") == 0 {
			cfg.Recoding, cfg.Loss = Local, Loss{}
		}
		rec := withSort(outer, rows)
		defer rec.Release()
		table := array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
		defer table.Release()
		if _, err := New(cfg); err != nil {
			return // twice the same kind, or limits of all classes in local recoding
		}
		var out arrow.Table
		var found *Audit
		var err error
		if population {
			more := append([]person{}, rows...)
			for range rapid.IntRange(0, 60).Draw(t, "population") {
				more = append(more, person{id: "x", age: 20 + draw.Draw(t, "age")%14,
					zip: []string{"100", "101", "110", "200", "300"}[draw.Draw(t, "zip")%5], note: "flu"})
			}
			all := withSort(outer, more)
			defer all.Release()
			people := array.NewTableFromRecords(all.Schema(), []arrow.Record{all})
			defer people.Release()
			out, found, err = ApplySample(context.Background(), cfg, table, people)
		} else {
			out, found, err = Apply(context.Background(), cfg, table)
		}
		if errors.Is(err, ErrInfeasible) {
			refused++
			return
		}
		if err != nil {
			t.Fatalf("%v with %s, limit %v, %s: %v\n%v", cfg.Models, cfg.Loss, cfg.MaxSuppression,
				cfg.Suppressed, err, found)
		}
		out.Release()
		done++
	})
	if !testing.Short() && (done < 10 || refused < 5) {
		outer.Fatalf("%d tables and %d refusals; the test needs both", done, refused)
	}
}

// withSort is rows with a second sensitive column.
func withSort(tb testing.TB, rows []person) arrow.Record {
	rec := encoding{}.record(tb, memory.NewGoAllocator(), rows)
	defer rec.Release()
	b := array.NewInt64Builder(memory.DefaultAllocator)
	defer b.Release()
	for i, r := range rows {
		b.Append(int64((r.age + i) % 3))
	}
	sorts := b.NewArray()
	defer sorts.Release()
	fields := append(rec.Schema().Fields(), arrow.Field{Name: "sort", Type: arrow.PrimitiveTypes.Int64})
	return array.NewRecord(arrow.NewSchema(fields, nil), append(rec.Columns(), sorts), rec.NumRows())
}
