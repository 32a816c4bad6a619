package kanon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// drawnLocal is a configuration of local recoding.
func drawnLocal(r *rand.Rand) Config {
	cfg := drawnConfig(r)
	cfg.Recoding = Local
	cfg.Numeric = []Numeric{"", NumericMidpoint, NumericBounds}[r.IntN(3)]
	if r.IntN(2) == 0 {
		cfg.Quasi[1].Hierarchy = Intervals{Widths: []float64{5, 10, 50}, Min: -10, Max: 99, Free: true}
	}
	if r.IntN(3) == 0 {
		cfg.Quasi[r.IntN(2)].MinLevel = 1
	}
	if r.IntN(3) == 0 {
		cfg.Local = LocalSearch{Iterations: 500, Seed: 7}
	}
	return cfg
}

// Local recoding of counts that were spilled gives a plan that is acceptable and
// the same however rows came, and that of counts that were not where these fit.
func TestLocalOfSpilledCounts(t *testing.T) {
	seeds := uint64(24)
	switch {
	case os.Getenv("LETHE_LONG") != "":
		seeds = 400
	case testing.Short():
		seeds = 5
	}
	byParts, coarser, whole, no := 0, 0, 0, 0
	for seed := range seeds {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		r := rand.New(rand.NewPCG(seed, 21))
		cfg := drawnLocal(r)
		a := mustNew(t, cfg)
		people := drawnPeople(r, 100+r.IntN(300))
		held := spilledCounts(t, mem, a, people, len(people), 0)
		want, wantErr := a.Solve(t.Context(), held)
		bound := boundOf(held, held.recoding()*[]int64{1, 2, 3, 5, 12}[r.IntN(5)]/12)
		shuffled := slices.Clone(people)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		var first []byte
		for i, c := range []*Counts{
			spilledCounts(t, mem, a, people, 7, bound/9), spilledCounts(t, mem, a, shuffled, 13, bound/5),
			spilledCounts(t, mem, a, people, 50, 1<<30),
		} {
			c.bound = bound
			plan, err := a.Solve(t.Context(), c)
			if err != nil {
				if first != nil || !errors.Is(err, ErrInfeasible) &&
					!strings.Contains(err.Error(), "outgrow") {
					t.Fatalf("seed %d: %v, want %v", seed, err, wantErr)
				}
				no++
				continue
			}
			got := []byte(planBytes(t, plan))
			if first == nil {
				first = got
			}
			if !bytes.Equal(got, first) {
				t.Fatalf("seed %d, counts %d: another plan:\n%s\n%s", seed, i, got, first)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			if i > 0 {
				continue
			}
			acceptable(t, mem, cfg, plan, people)
			switch s := plan.Summary(); {
			case s.Parts == 0 && string(got) != planBytes(t, want):
				t.Fatalf("seed %d: what fits in memory has another plan", seed)
			case s.Parts == 0:
				whole++
			case s.Coarsened > 0:
				coarser++
			default:
				byParts++
			}
		}
		mem.AssertSize(t, 0)
	}
	t.Logf("%d by parts, %d coarser, %d whole, %d refused", byParts, coarser, whole, no)
	if !testing.Short() && (byParts < 3 || coarser < 3 || whole < 3) {
		t.Fatal("the test needs more of each")
	}
}

// Recoding Adult in a hundredth of the memory loses little more, and in parts
// that are made coarser more than that.
func TestLocalOfSpilledAdult(t *testing.T) {
	if testing.Short() {
		t.Skip("the whole of Adult")
	}
	rec := adultRecord(t, memory.NewGoAllocator())
	defer rec.Release()
	table := array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
	defer table.Release()
	for _, c := range []struct {
		bound     int64
		free      bool
		most      float64
		coarsened bool
	}{{bound: 1370 << 10, most: 0.053}, {bound: 1370 << 10, free: true, most: 0.045},
		{bound: 300 << 10, most: 0.13, coarsened: true}} {
		cfg := localCase{columns: 8, models: []Model{KAnonymity{5}}, free: c.free}.config(t)
		a := mustNew(t, cfg)
		counts := mustCount(t, a, rec)
		counts.bound, counts.dir = boundOf(counts, c.bound), t.TempDir()
		plan := mustSolve(t, a, counts)
		if err := counts.Close(); err != nil {
			t.Fatal(err)
		}
		out, err := plan.table(context.Background(), table)
		if err != nil {
			t.Fatal(err)
		}
		found, err := audit(context.Background(), cfg, plan.Quasi(), out, table, nil)
		if err != nil || !found.Holds || found.Rows != rec.NumRows() {
			t.Fatalf("error %v, audit:\n%s", err, found)
		}
		s, lost := plan.Summary(), granularity(t, out, adultColumns)
		out.Release()
		t.Logf("%d KB: %d parts, %d coarser, loss %.5f (%.5f)", c.bound>>10, s.Parts, s.Coarsened,
			s.Loss, lost)
		if lost > c.most || s.Loss < lost-1e-5 || s.Loss > lost+1e-3 || s.Parts < 10 ||
			s.Coarsened > 0 != c.coarsened {
			t.Errorf("loss %.5f, want at most %v", lost, c.most)
		}
	}
}

// A population that is only estimated asks for more rows of a class than k of
// other models; parts of the combinations keep to that, too.
func TestPartsOfAnEstimatedPopulation(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	cfg := peopleConfig()
	cfg.Recoding = Local
	m := KMap{K: 20, Occurrence: Poisson, Population: 1000, Significance: 0.1}
	cfg.Models = append(cfg.Models, m)
	people := drawnPeople(rand.New(rand.NewPCG(1, 17)), 300)
	k, err := m.rows(int64(len(people)))
	if err != nil || k <= 2 {
		t.Fatalf("%d rows, %v; the test needs more than 2", k, err)
	}
	a := mustNew(t, cfg)
	for _, batch := range []int{9, len(people)} { // spilled, and not
		c := spilledCounts(t, mem, a, people, batch, 1<<30)
		c.bound = boundOf(c, c.recoding()/8)
		plan := mustSolve(t, a, c)
		if plan.Summary().Parts < 2 {
			t.Fatalf("%d parts; the test needs several", plan.Summary().Parts)
		}
		asked := cfg
		asked.Models = []Model{KAnonymity{int(k)}}
		acceptable(t, mem, asked, plan, people)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What cannot be done within the bound is refused, and says what can be.
func TestLocalOfSpilledCountsIsRefused(t *testing.T) {
	mem := memory.NewGoAllocator()
	people := drawnPeople(rand.New(rand.NewPCG(1, 13)), 300)
	for _, c := range []struct {
		name, want string
		change     func(*Config)
		spoil      func(*Counts)
	}{
		{name: "mondrian", change: func(cfg *Config) { cfg.Recoding = Mondrian },
			want: `choose "global" or "local"`},
		{name: "mean", change: func(cfg *Config) { cfg.Numeric = NumericMean },
			want: `choose "midpoint"`},
		{name: "cut", spoil: func(c *Counts) { _ = c.runs[0].Truncate(40) }, want: "malformed counts"},
		{name: "closed", spoil: func(c *Counts) { _ = c.runs[0].Close() }, want: "closed"},
		{name: "no folder", spoil: func(c *Counts) { c.dir += "/none" }, want: "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := peopleConfig()
			cfg.Recoding = Local
			if c.change != nil {
				c.change(&cfg)
			}
			a := mustNew(t, cfg)
			counts := spilledCounts(t, mem, a, people, 9, 2000)
			defer counts.Close()
			if c.spoil != nil {
				c.spoil(counts)
			}
			_, err := a.Solve(t.Context(), counts)
			if err == nil || !strings.Contains(err.Error(), c.want) ||
				strings.Count(err.Error(), "kanon:") != 1 {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// Nothing is left of the files of parts, whether there is a plan or not.
func TestPartsLeaveNoFiles(t *testing.T) {
	open := func() string {
		var files []string
		if runtime.GOOS != "linux" { // where there is no such folder
			return "[]"
		}
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			to, err := os.Readlink("/proc/self/fd/" + e.Name())
			if err == nil && strings.Contains(to, "lethe-counts") {
				files = append(files, to)
			}
		}
		return fmt.Sprint(files)
	}
	cfg := peopleConfig()
	cfg.Recoding = Local
	people := drawnPeople(rand.New(rand.NewPCG(1, 14)), 300)
	for _, k := range []int{2, 200, 400} { // in parts, in one, infeasible
		cfg.Models, cfg.MaxSuppression = []Model{KAnonymity{k}}, 0
		a := mustNew(t, cfg)
		c := spilledCounts(t, memory.NewGoAllocator(), a, people, 9, 4000)
		plan, err := a.Solve(t.Context(), c)
		if k == 400 != errors.Is(err, ErrInfeasible) || k == 2 && plan.Summary().Parts < 2 {
			t.Fatalf("k of %d: %v", k, err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if left := open(); left != "[]" {
			t.Fatalf("k of %d: files %s are open", k, left)
		}
	}
}
