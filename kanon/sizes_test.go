package kanon

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func TestNewRefusesSizeModels(t *testing.T) {
	cfg := smallConfig()
	cfg.Unit, cfg.Recoding = "id", Local
	cfg.Models = []Model{
		KMap{K: 1, Population: 10}, KMap{K: 2, Occurrence: "often"}, DeltaPresence{Min: 0.5, Max: 0.2},
		AverageRisk{Risk: 1, AtRisk: 0.1}, SampleUniqueness{Share: -1},
		PopulationUniqueness{Share: math.NaN()},
	}
	_, err := New(cfg)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"k is 1", "a population or a significance is given and no occurrence",
		"this model is asked for twice", `occurrence is "often"`, "population is 0",
		"significance is 0", "presence is from 0.5 to 0.2", "average risk is 1",
		"a share at risk is given and no highest risk", "share of uniques is -1",
		"share of uniques is NaN", `estimator is ""`, `and the unit "id" people of the table`,
		"knows neither limits of all classes nor a population",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

// Six rows in two zips of three, all of different ages, worked by hand: at the
// lowest levels all are alone.
func TestSizesByHand(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), sick)
	defer rec.Release()
	table := array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
	defer table.Release()
	for _, c := range []struct {
		model               Model
		unit                string
		classes, suppressed int64
		reached             float64
	}{
		{AverageRisk{Risk: 0.34}, "", 2, 0, 1. / 3},
		{AverageRisk{Risk: 0.4}, "id", 2, 0, 2. / 5}, // five people
		{AverageRisk{Risk: 0.3}, "", 1, 0, 1. / 6},
		{AverageRisk{Risk: 0.9, Highest: 0.4}, "", 2, 0, 1. / 3},
		{SampleUniqueness{}, "", 2, 0, 0},
		{PopulationUniqueness{Share: 0.001, Population: 1000, Estimator: Dankar}, "", 2, 0, 0},
		// λ = 4 * 6/24 = 1: X > 0 has P[X > 2 | X > 0] = 0.127, P[X > 3 | ..] = 0.03.
		{KMap{K: 4, Occurrence: TruncatedPoisson, Population: 24, Significance: 0.13}, "", 2, 0, 3},
		{KMap{K: 4, Occurrence: TruncatedPoisson, Population: 24, Significance: 0.1}, "", 1, 0, 6},
		// P[X > 1] = 0.264, P[X > 2] = 0.08.
		{KMap{K: 5, Occurrence: Poisson, Population: 30, Significance: 0.27}, "", 2, 0, 3},
		{KMap{K: 5, Occurrence: Poisson, Population: 30, Significance: 0.26}, "", 1, 0, 6},
	} {
		cfg := smallConfig()
		cfg.MaxSuppression, cfg.Unit, cfg.Models = 0, c.unit, []Model{c.model}
		cfg.Quasi[0].MinLevel = cfg.Quasi[0].Hierarchy.Levels() - 1
		plan, err := fit(context.Background(), cfg, table)
		if err != nil {
			t.Fatalf("%s: %v", c.model, err)
		}
		out, found, err := Apply(context.Background(), cfg, table)
		if err != nil {
			t.Fatalf("%s: %v", c.model, err)
		}
		out.Release()
		if s := plan.Summary(); s.Classes != c.classes || s.Suppressed != c.suppressed ||
			math.Abs(found.Models[0].Reached-c.reached) > 1e-12 {
			t.Errorf("%s: levels %v, %d classes, %d suppressed, reached %v; want %d, %d, %v", c.model,
				s.Levels, s.Classes, s.Suppressed, found.Models[0].Reached, c.classes, c.suppressed, c.reached)
		}
	}
}

// A sample of a population: the class of zip 100 has three of nine people in
// the table, that of 200 three of four; a fifth zip is nobody's in the table.
func TestPopulationByHand(t *testing.T) {
	mem := memory.NewGoAllocator()
	rec := encoding{}.record(t, mem, sick)
	defer rec.Release()
	table := array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
	defer table.Release()
	people := append([]person{}, sick...)
	for range 6 {
		people = append(people, person{id: "x", age: 22, zip: "100"})
	}
	people = append(people, person{id: "y", age: 42, zip: "200"}, person{id: "z", age: 90, zip: "900"})
	all := encoding{dict: true}.record(t, mem, people)
	defer all.Release()
	population := array.NewTableFromRecords(all.Schema(), []arrow.Record{all})
	defer population.Release()
	apply := func(limit float64, models ...Model) (*Audit, error) {
		cfg := smallConfig()
		cfg.MaxSuppression, cfg.Models = limit, models
		out, found, err := ApplySample(context.Background(), cfg, table, population)
		if err == nil {
			out.Release()
		}
		return found, err
	}
	for _, c := range []struct {
		limit         float64
		model         Model
		classes, rows int64
		reached       float64
	}{
		{0, KMap{K: 4}, 2, 6, 4}, {0.5, KMap{K: 9}, 1, 3, 9}, {0, KMap{K: 10}, 1, 6, 14},
		{0, DeltaPresence{Max: 0.75}, 2, 6, 0.75}, {0, DeltaPresence{Max: 0.7}, 1, 6, 6. / 14},
		// Nobody of zip 900 is in the table, so all have to be one class.
		{0, DeltaPresence{Min: 0.3, Max: 0.8}, 1, 6, 6. / 14},
	} {
		a, err := apply(c.limit, KAnonymity{3}, c.model)
		if err != nil {
			t.Errorf("%s: %v", c.model, err)
			continue
		}
		if a.Classes != c.classes || a.Rows != c.rows || a.Models[1].Reached != c.reached {
			t.Errorf("%s: %d classes of %d rows, reached %v; want %d, %d, %v", c.model,
				a.Classes, a.Rows, a.Models[1].Reached, c.classes, c.rows, c.reached)
		}
	}
	if _, err := apply(0, KAnonymity{2}); err == nil || !strings.Contains(err.Error(), "use Solve") {
		t.Errorf("error %v", err)
	}
	if _, err := apply(0, KMap{K: 15}); !errors.Is(err, ErrInfeasible) {
		t.Errorf("error %v", err)
	}
	a := mustNew(t, func() Config { c := smallConfig(); c.Models = []Model{KMap{K: 2}}; return c }())
	if _, err := a.Solve(context.Background(), mustCount(t, a, rec)); err == nil ||
		!strings.Contains(err.Error(), "use SolveSample") {
		t.Errorf("error %v", err)
	}
	// The table is not a part of itself without two rows.
	few := rec.NewSlice(0, 4)
	defer few.Release()
	lacking := array.NewTableFromRecords(few.Schema(), []arrow.Record{few})
	defer lacking.Release()
	cfg := smallConfig()
	cfg.Models = []Model{KAnonymity{2}, DeltaPresence{Max: 1}}
	if _, _, err := ApplySample(context.Background(), cfg, table, lacking); err == nil ||
		!strings.Contains(err.Error(), "lacks rows of the table") {
		t.Errorf("error %v", err)
	}
}

// The search and the check find the same threshold, each in its own way.
func TestMapThreshold(t *testing.T) {
	for _, o := range []Occurrence{Poisson, TruncatedPoisson} {
		for k := 2; k < 40; k += 3 {
			for _, n := range []int64{1, 5, 100, 3000} {
				for _, alpha := range []float64{0.01, 0.05, 0.3} {
					for _, of := range []int64{1, 2, 10, 1000} {
						m := KMap{K: k, Occurrence: o, Population: n * of, Significance: alpha}
						got, err := m.rows(n)
						if err != nil || float64(got) != mapThreshold(m, n) {
							t.Fatalf("%s of %d rows: %d and %v, %v", m, n, got, mapThreshold(m, n), err)
						}
					}
				}
			}
		}
	}
}
