package kanon

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

// spilledCounts counts people in batches within a bound.
func spilledCounts(
	t *testing.T, mem memory.Allocator, a *Anonymizer, people []person, batch int, bound int64,
) *Counts {
	t.Helper()
	c, err := a.NewCounts(encoding{}.schema())
	if err != nil {
		t.Fatal(err)
	}
	c.bound, c.dir = bound, t.TempDir() // below what SpillBeyond takes
	for lo := 0; lo < len(people); lo += batch {
		rec := encoding{}.record(t, mem, people[lo:min(len(people), lo+batch)])
		if err := c.Add(rec); err != nil {
			t.Fatal(err)
		}
		rec.Release()
	}
	if entries, err := os.ReadDir(c.dir); err != nil || len(entries) > 0 && runtime.GOOS != "windows" {
		t.Fatalf("%d files have a name, %v", len(entries), err)
	}
	return c
}

// boundOf is a bound of which so many bytes are for combinations.
func boundOf(c *Counts, bytes int64) int64 {
	bound := int64(float64(bytes) * collectorSlack)
	c = &Counts{coders: c.coders, people: c.people, values: c.values, bound: 1 << 40}
	all := int64(float64(c.bound) / collectorSlack)
	return bound + int64(float64(all-c.room())*collectorSlack) + 4 // which rounding may cost
}

// Counts that were spilled are the counts: the plan is the same, byte for byte,
// or says that it is not, in which case it is acceptable all the same and does
// not depend on how the rows came.
func TestSpilledCountsAreTheCounts(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 8
	}
	optimal, partial := 0, 0
	for seed := range seeds {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		r := rand.New(rand.NewPCG(seed, 11))
		cfg := drawnConfig(r)
		a := mustNew(t, cfg)
		people := drawnPeople(r, 100+r.IntN(200))
		whole := spilledCounts(t, mem, a, people, len(people), 0)
		want, wantErr := a.Solve(t.Context(), whole)
		need := whole.solved()
		bound := boundOf(whole, need*int64(r.IntN(8)+1)/6)
		shuffled := slices.Clone(people)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		var first []byte
		for i, c := range []*Counts{
			spilledCounts(t, mem, a, people, 7, bound/9),
			spilledCounts(t, mem, a, shuffled, 13, bound/5),
		} {
			if !c.spilled() {
				t.Fatal("nothing was spilled; the test needs it")
			}
			if i == 1 { // read by another process, into less memory
				var b bytes.Buffer
				if n, err := c.WriteTo(&b); err != nil || n != int64(b.Len()) {
					t.Fatalf("%d bytes of %d, %v", n, b.Len(), err)
				}
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
				if c.Add(nil) == nil {
					t.Fatal("closed counts go on")
				}
				c = new(Counts)
				c.bound, c.dir = bound/7, t.TempDir()
				if _, err := c.ReadFrom(&b); err != nil {
					t.Fatal(err)
				}
			}
			if c.Rows() != int64(len(people)) {
				t.Fatalf("%d rows, want %d", c.Rows(), len(people))
			}
			c.bound = bound
			plan, err := a.Solve(t.Context(), c)
			if (err == nil) != (wantErr == nil) && !strings.Contains(err.Error(), "outgrow") {
				t.Fatalf("seed %d: %v, want %v", seed, err, wantErr)
			}
			if err != nil {
				continue
			}
			got := []byte(planBytes(t, plan))
			if first == nil {
				first = got
			}
			if !bytes.Equal(got, first) {
				t.Fatalf("seed %d: the plan depends on the order of rows", seed)
			}
			if plan.Summary().Search == searchOptimal {
				optimal++
				if string(got) != planBytes(t, want) {
					t.Fatalf("seed %d: another plan:\n%s\n%s", seed, got, planBytes(t, want))
				}
			} else {
				partial++
				if plan.Summary().Loss < want.Summary().Loss {
					t.Fatalf("seed %d: less loss than the optimum", seed)
				}
				acceptable(t, mem, cfg, plan, people)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		mem.AssertSize(t, 0)
	}
	t.Logf("%d optimal, %d partial", optimal, partial)
	if optimal == 0 || !testing.Short() && partial == 0 {
		t.Fatalf("%d optimal plans and %d others; the test needs both", optimal, partial)
	}
}

// Merging counts that were spilled leaves them as they are.
func TestMergeOfSpilledCounts(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	r := rand.New(rand.NewPCG(1, 12))
	cfg := peopleConfig()
	cfg.Unit = "id"
	cfg.Quasi = cfg.Quasi[:3]
	cfg.Models = append(cfg.Models, LDiversity{Column: "note", L: 1.1, Kind: Entropy})
	a := mustNew(t, cfg)
	people := drawnPeople(r, 300)
	want := planBytes(t, mustSolve(t, a, spilledCounts(t, mem, a, slices.Concat(people, people), 50, 0)))
	for _, bounds := range [][2]int64{{0, 5000}, {5000, 0}, {5000, 4000}} {
		c := spilledCounts(t, mem, a, people, 20, bounds[0])
		d := spilledCounts(t, mem, a, people, 9, bounds[1])
		before, err := d.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Merge(d); err != nil {
			t.Fatal(err)
		}
		if after, err := d.MarshalBinary(); err != nil || !bytes.Equal(before, after) {
			t.Fatalf("the other counts changed, %v", err)
		}
		c.bound = 1 << 20
		if got := planBytes(t, mustSolve(t, a, c)); got != want {
			t.Fatalf("bounds %v: another plan", bounds)
		}
		c.Close()
		d.Close()
	}
}

// Files that cannot be made, written or read end the counting with an error
// that says why.
func TestSpillingFails(t *testing.T) {
	mem := memory.NewGoAllocator()
	a := mustNew(t, peopleConfig())
	people := drawnPeople(rand.New(rand.NewPCG(1, 13)), 300)
	rec := encoding{}.record(t, mem, people)
	c, err := a.NewCounts(rec.Schema())
	if err != nil {
		t.Fatal(err)
	}
	if c.SpillBeyond(10, "") == nil {
		t.Error("a bound of ten bytes was taken")
	}
	c.bound, c.dir = 1000, t.TempDir()+"/none"
	if err := c.Add(rec); err == nil || !strings.Contains(err.Error(), "outgrew their memory") {
		t.Errorf("no folder: %v", err)
	}
	if c.Add(rec) == nil {
		t.Error("counts that failed go on")
	}
	d := spilledCounts(t, mem, a, people, 9, 2000)
	if _, err := d.WriteTo(fullDisk{}); !errors.Is(err, errFull) {
		t.Errorf("a full disk: %v", err)
	}
	if err := d.runs[0].Truncate(10); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Solve(t.Context(), d); err == nil {
		t.Error("a file that was cut was read")
	}
	cfg := peopleConfig()
	cfg.Numeric = NumericMean
	means := mustNew(t, cfg)
	_, err = means.Solve(t.Context(), spilledCounts(t, mem, means, people, 9, 2000))
	if err == nil || !strings.Contains(err.Error(), "means of column") {
		t.Errorf("means of spilled counts: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := spilledCounts(t, mem, a, people, 9, 2000)
	if _, err := a.Solve(ctx, e); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

var errFull = errors.New("no space left")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

var _ io.Writer = fullDisk{}
