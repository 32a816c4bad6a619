package kanon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// drawnPeople makes a table with nulls and repeated visits.
func drawnPeople(r *rand.Rand, n int) []person {
	people := make([]person, n)
	for i := range people {
		people[i] = person{
			id: fmt.Sprint("id ", r.IntN(n/2+1)), age: r.IntN(90) - 3, zip: fmt.Sprint(100 + r.IntN(12)),
			member: r.IntN(3) == 0, weight: float64(r.IntN(4)) / 2, note: fmt.Sprint("note ", min(r.IntN(5), r.IntN(5))),
		}
		if r.IntN(20) == 0 {
			people[i].zip = ""
		}
	}
	return people
}

func drawnConfig(r *rand.Rand) Config {
	cfg := peopleConfig()
	cfg.Models = []Model{KAnonymity{2 + r.IntN(5)}}
	cfg.MaxSuppression = []float64{0, 0.05, 0.3, 1}[r.IntN(4)]
	if r.IntN(2) == 0 {
		cfg.Suppressed = Star
	}
	if r.IntN(2) == 0 {
		cfg.Unit = "id"
	}
	if r.IntN(3) > 0 {
		drawnModels(r, &cfg)
	}
	return cfg
}

// drawnModels adds models of two sensitive columns, each half of the time.
func drawnModels(r *rand.Rand, cfg *Config) {
	cfg.Quasi = cfg.Quasi[:3] // without the weight
	tree, err := NewTree([][]string{{"note 0", "a", "*"}, {"note 1", "a", "*"},
		{"note 2", "b", "*"}, {"note 3", "b", "*"}, {"note 4", "c", "*"}})
	if err != nil {
		panic(err)
	}
	weights, err := NewTree([][]string{{"0", "a", "*"}, {"0.5", "a", "*"}, {"1", "b", "*"},
		{"1.5", "b", "*"}})
	if err != nil {
		panic(err)
	}
	t := []float64{0.2, 0.4, 0.6}[r.IntN(3)]
	for _, m := range []Model{
		LDiversity{Column: "note", L: 2 + float64(r.IntN(2)), Kind: Distinct},
		LDiversity{Column: "weight", L: 1.5 + r.Float64(), Kind: Entropy},
		LDiversity{Column: "note", L: 2, Kind: Recursive, C: 1 + 2*r.Float64()},
		TCloseness{Column: "note", T: t, Distance: Equal},
		TCloseness{Column: "weight", T: t, Distance: Ordered},
		TCloseness{Column: "note", T: t, Distance: Hierarchical, Tree: tree},
		TCloseness{Column: "weight", T: t, Distance: Hierarchical, Tree: weights},
	} {
		if r.IntN(4) == 0 {
			cfg.Models = append(cfg.Models, m)
		}
	}
}

// variants counts the same rows in many ways, by name.
func variants(
	t *testing.T, mem memory.Allocator, r *rand.Rand, a *Anonymizer, people []person,
) map[string]*Counts {
	t.Helper()
	shuffled := append([]person(nil), people...)
	r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	batched := func(people []person, size int, encodings ...encoding) *Counts {
		c, err := a.NewCounts(encodings[0].schema())
		if err != nil {
			t.Fatal(err)
		}
		for lo := 0; lo < len(people); lo += size {
			e := encodings[lo/size%len(encodings)]
			rec := e.record(t, mem, people[lo:min(len(people), lo+size)])
			if err := c.Add(rec); err != nil {
				t.Fatal(err)
			}
			rec.Release()
		}
		return c
	}
	out := map[string]*Counts{
		"whole":      batched(people, len(people)+1, encoding{}),
		"rows":       batched(people, 1, encoding{}),
		"sevens":     batched(people, 7, encoding{from: 3}),
		"shuffled":   batched(shuffled, 20, encoding{}),
		"dictionary": batched(people, 50, encoding{dict: true}),
		"wide":       batched(people, 50, encoding{wide: true, dict: true, from: 2}),
		"mixed":      batched(shuffled, 9, encoding{}, encoding{wide: true}, encoding{dict: true}),
	}
	shard := func(i int) *Counts {
		n := len(people)
		return batched(people[i*n/3:(i+1)*n/3], 11, encoding{dict: i == 1, wide: i == 2})
	}
	merged := shard(2)
	for _, i := range []int{0, 1} {
		b, err := shard(i).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		read := new(Counts)
		if err := read.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if err := merged.Merge(read); err != nil {
			t.Fatal(err)
		}
	}
	out["shards"] = merged
	return out
}

// The plan is the same, byte for byte, however the rows come and on any number
// of processors; and what it makes is accepted by the checker.
func TestPlanDependsOnRowsOnly(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	solved, infeasible := 0, 0
	seeds := 120
	if testing.Short() {
		seeds = 20
	}
	for seed := range uint64(seeds) {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		r := rand.New(rand.NewPCG(seed, 7))
		cfg := drawnConfig(r)
		if cfg.Recoding = []Recoding{Global, Local, Local, Mondrian}[seed%4]; cfg.Recoding == Local && seed%5 == 0 {
			cfg.Local = LocalSearch{Iterations: 50, Seed: seed}
		}
		cfg.Numeric = []Numeric{"", NumericMidpoint, NumericBounds, NumericMean}[r.IntN(4)]
		if cfg.Recoding != Global && r.IntN(2) == 0 {
			cfg.Quasi[1].Hierarchy = Intervals{Widths: []float64{5, 20}, Max: 99, Free: true}
			cfg.Quasi[1].MinLevel = r.IntN(3)
		}
		a := mustNew(t, cfg)
		people := drawnPeople(r, 5+r.IntN(150))
		want, plan := "", (*Plan)(nil)
		for name, c := range variants(t, mem, r, a, people) {
			runtime.GOMAXPROCS(1 + r.IntN(2))
			got := ""
			p, err := a.Solve(context.Background(), c)
			switch {
			case errors.Is(err, ErrInfeasible):
				got = err.Error()
			case err != nil:
				t.Fatal(err)
			default:
				got, plan = planBytes(t, p), p
			}
			if want == "" {
				want = got
			}
			if got != want {
				t.Fatalf("seed %d, %s: the plan differs:\n%s\n%s", seed, name, got, want)
			}
		}
		if plan == nil {
			infeasible++
			mem.AssertSize(t, 0)
			continue
		}
		solved++
		acceptable(t, mem, cfg, plan, people)
		mem.AssertSize(t, 0)
	}
	if solved < seeds/2 {
		t.Fatalf("%d plans and %d infeasible; the test needs more plans", solved, infeasible)
	}
}

// acceptable transforms people in batches and has the result checked, by a
// plan that was written and read.
func acceptable(t *testing.T, mem memory.Allocator, cfg Config, plan *Plan, people []person) {
	t.Helper()
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	read := new(Plan)
	if err := json.Unmarshal(text, read); err != nil {
		t.Fatal(err)
	}
	check := CheckConfig{Quasi: plan.Quasi(), Unit: cfg.Unit, Models: cfg.Models}
	checker, err := NewChecker(check)
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	for lo := 0; lo < len(people); lo += 13 {
		e := encoding{dict: lo%2 == 0, from: lo % 3}
		rec := e.record(t, mem, people[lo:min(len(people), lo+13)])
		one := transform(t, plan, rec)
		two := transform(t, read, rec)
		if !array.RecordEqual(one, two) {
			t.Fatal("a plan that was read transforms otherwise")
		}
		if err := checker.Add(one); err != nil {
			t.Fatal(err)
		}
		if err := checker.Reference(rec); err != nil {
			t.Fatal(err)
		}
		rows += one.NumRows()
		one.Release()
		two.Release()
		rec.Release()
	}
	audit, err := checker.Audit()
	if err != nil {
		t.Fatal(err)
	}
	s := plan.Summary()
	want := s.Rows
	if cfg.Suppressed == Drop {
		want -= s.Suppressed
	}
	if !audit.Holds || rows != want || s.Rows != int64(len(people)) {
		t.Fatalf("%d rows of %d expected, %d suppressed, audit:\n%s", rows, want, s.Suppressed, audit)
	}
	merged := cfg.Numeric.typed() // classes may be written alike
	if cfg.Suppressed == Drop && (audit.Classes > s.Classes || audit.Classes < s.Classes && !merged) {
		t.Fatalf("%d classes, want %d", audit.Classes, s.Classes)
	}
}

func transform(t *testing.T, p *Plan, rec arrow.Record) arrow.Record {
	t.Helper()
	out, err := p.Transform(context.Background(), rec)
	if err != nil {
		t.Fatal(err)
	}
	want, err := p.Schema(rec.Schema())
	if err != nil {
		t.Fatal(err)
	}
	if !out.Schema().Equal(want) {
		t.Fatalf("schema %s, want %s", out.Schema(), want)
	}
	return out
}
