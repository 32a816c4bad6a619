package kanon

import (
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// TestManyCombinations counts and solves far more combinations than its memory
// holds: 20 million with LETHE_LONG=1, all distinct, in 400 MB.
func TestManyCombinations(t *testing.T) {
	for _, recoding := range []Recoding{Global, Local} {
		t.Run(string(recoding), func(t *testing.T) { manyCombinations(t, recoding) })
	}
}

func manyCombinations(t *testing.T, recoding Recoding) {
	side, bound := 4, int64(6<<20) // 160,000
	if testing.Short() || recoding == Local {
		side = 2
		bound = 3 << 20
	}
	if os.Getenv("LETHE_LONG") != "" {
		side, bound = 500, 400<<20
	}
	cfg := Config{
		Quasi: []Quasi{
			{Column: "a", Hierarchy: Intervals{Widths: []float64{5, 20, 100}, Min: 0, Max: 199}},
			{Column: "b", Hierarchy: Intervals{Widths: []float64{2, 10, 100}, Min: 0, Max: 199}},
			{Column: "c", Hierarchy: Intervals{Widths: []float64{5, 25, 125}, Min: 0, Max: 499}},
		},
		Models: []Model{KAnonymity{10}}, MaxSuppression: 0.01, Recoding: recoding, Suppressed: Drop,
	}
	a := mustNew(t, cfg)
	field := func(name string) arrow.Field {
		return arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int32}
	}
	schema := arrow.NewSchema([]arrow.Field{field("a"), field("b"), field("c")}, nil)
	c, err := a.NewCounts(schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SpillBeyond(bound, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// Every combination once, scattered over the batches.
	total := 200 * 200 * side
	step := 1_000_003
	peak := uint64(0)
	at := rand.New(rand.NewPCG(1, 2)).IntN(total)
	for left := total; left > 0; {
		n := min(left, 1<<16)
		left -= n
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for range n {
			for i, v := range []int{at % 200, at / 200 % 200, at / 40_000} {
				b.Field(i).(*array.Int32Builder).Append(int32(v))
			}
			at = (at + step) % total
		}
		rec := b.NewRecord()
		b.Release()
		if err := c.Add(rec); err != nil {
			t.Fatal(err)
		}
		rec.Release()
		if c.bytes() > bound {
			t.Fatalf("%d bytes of combinations, want at most %d", c.bytes(), bound)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse)
	}
	if !c.spilled() {
		t.Fatal("nothing was spilled")
	}
	plan := mustSolve(t, a, c)
	s := plan.Summary()
	if s.Rows != int64(total) || s.BeforeRows[0] != (SizeCount{Size: 1, Classes: int64(total)}) {
		t.Fatalf("summary of %d rows, %v classes before", s.Rows, s.BeforeRows)
	}
	t.Logf("%d combinations in %d MB: %s search, levels %v, loss %.4f, %d classes, %d parts of which %d "+
		"are coarser; at most %d MB in use while counting, %s MB resident in all", total, bound>>20,
		s.Search, s.Levels, s.Loss, s.Classes, s.Parts, s.Coarsened, peak>>20, resident())
	if os.Getenv("LETHE_LONG") != "" && recoding == Global && s.Search != searchOptimal {
		t.Errorf("the search is %s", s.Search)
	}
}

// resident is the largest resident size so far, where the system says it.
func resident() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "?"
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, _ := strconv.Atoi(strings.Fields(rest + " 0")[0])
	return strconv.Itoa(kilobytes >> 10)
}
