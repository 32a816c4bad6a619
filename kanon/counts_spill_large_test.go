package kanon

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// manyCase is a table of 200·200·side combinations, each once, of which as much
// is held as the bound allows.
type manyCase struct {
	name     string
	recoding Recoding
	side     int
	bound    int64
}

// manyCases are 20 million combinations with LETHE_LONG=1, and otherwise two
// million, of local recoding fewer.
func manyCases() []manyCase {
	switch {
	case os.Getenv("LETHE_LONG") != "":
		return []manyCase{
			{"global in 400 MB", Global, 500, 400 << 20}, {"local in 400 MB", Local, 500, 400 << 20},
			{"global in 256 MB", Global, 500, 256 << 20}, {"local in 256 MB", Local, 500, 256 << 20},
		}
	case testing.Short():
		return []manyCase{{"global", Global, 2, 3 << 20}, {"local", Local, 2, 3 << 20}}
	}
	return []manyCase{{"global", Global, 50, 96 << 20}, {"local", Local, 2, 3 << 20}}
}

// manyChild is the variable of the process that does one case, and nothing else:
// how much it had resident is to be known.
const manyChild = "LETHE_TEST_MANY"

// TestManyCombinations counts, solves and transforms far more combinations than
// its memory holds, and asserts that a process that does nothing else takes at
// most nine tenths of the bound, and of 20 million with all that it had before. It
// sets a limit to the collector as a program does that promises one.
func TestManyCombinations(t *testing.T) {
	for _, c := range manyCases() {
		t.Run(c.name, func(t *testing.T) {
			if os.Getenv(manyChild) != "" {
				debug.SetMemoryLimit(c.bound / 10 * 8)
			}
			if os.Getenv(manyChild) != "" || c.bound < 64<<20 {
				manyCombinations(t, c)
				return
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v",
				"-test.run=^TestManyCombinations$/^"+strings.ReplaceAll(c.name, " ", "_")+"$")
			cmd.Env = append(os.Environ(), manyChild+"=1")
			out, err := cmd.CombinedOutput()
			for line := range strings.Lines(string(out)) {
				if err != nil || strings.Contains(line, "combinations in") {
					t.Log(strings.TrimSpace(line))
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func manyCombinations(t *testing.T, m manyCase) {
	cfg := Config{
		Quasi: []Quasi{
			{Column: "a", Hierarchy: Intervals{Widths: []float64{5, 20, 100}, Min: 0, Max: 199}},
			{Column: "b", Hierarchy: Intervals{Widths: []float64{2, 10, 100}, Min: 0, Max: 199}},
			{Column: "c", Hierarchy: Intervals{Widths: []float64{5, 25, 125}, Min: 0, Max: 499}},
		},
		Models: []Model{KAnonymity{10}}, MaxSuppression: 0.01, Recoding: m.recoding, Suppressed: Drop,
	}
	a := mustNew(t, cfg)
	table, base := newManyTable(m), resident()
	c, err := a.NewCounts(table.schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SpillBeyond(m.bound, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for left := table.total; left > 0; {
		rec := table.record(min(left, 1<<16))
		left -= int(rec.NumRows())
		if err := c.Add(rec); err != nil {
			t.Fatal(err)
		}
		rec.Release()
		if c.bytes() > c.room() {
			t.Fatalf("%d bytes of combinations, want at most %d", c.bytes(), c.room())
		}
	}
	counted := resident()
	if !c.spilled() {
		t.Fatal("nothing was spilled")
	}
	plan := mustSolve(t, a, c)
	s, solved := plan.Summary(), resident()
	if s.Rows != int64(table.total) ||
		s.BeforeRows[0] != (SizeCount{Size: 1, Classes: int64(table.total)}) {
		t.Fatalf("summary of %d rows, %v classes before", s.Rows, s.BeforeRows)
	}
	rows, kept := int64(0), int64(0)
	for range min(20, table.total>>16) {
		rec := table.record(1 << 16)
		out, err := plan.Transform(t.Context(), rec)
		if err != nil {
			t.Fatal(err)
		}
		rows, kept = rows+rec.NumRows(), kept+out.NumRows()
		out.Release()
		rec.Release()
	}
	if kept > rows || float64(kept) < 0.9*float64(rows) {
		t.Errorf("%d rows of %d are kept", kept, rows)
	}
	t.Logf("%d combinations in %d MB: %s search, levels %v, loss %.4f, %d classes, %d parts of which %d "+
		"are coarser; at most %d MB resident, %d once counted, %d once solved", table.total, m.bound>>20,
		s.Search, s.Levels, s.Loss, s.Classes, s.Parts, s.Coarsened, resident()>>20, counted>>20, solved>>20)
	if os.Getenv("LETHE_LONG") != "" {
		base = 0
	}
	if got := resident() - base; m.bound >= 64<<20 && got > m.bound/10*9 {
		t.Errorf("%d MB taken, want at most nine tenths of %d", got>>20, m.bound>>20)
	}
	if m.bound == 400<<20 && m.recoding == Global && s.Search != searchOptimal {
		t.Errorf("the search is %s", s.Search)
	}
}

// manyTable gives the combinations one after another, scattered, and then again.
type manyTable struct {
	schema    *arrow.Schema
	total, at int
}

func newManyTable(m manyCase) *manyTable {
	field := func(name string) arrow.Field {
		return arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int32}
	}
	total := 200 * 200 * m.side
	return &manyTable{
		schema: arrow.NewSchema([]arrow.Field{field("a"), field("b"), field("c")}, nil),
		total:  total, at: rand.New(rand.NewPCG(1, 2)).IntN(total),
	}
}

func (m *manyTable) record(n int) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, m.schema)
	defer b.Release()
	for range n {
		for i, v := range []int{m.at % 200, m.at / 200 % 200, m.at / 40_000} {
			b.Field(i).(*array.Int32Builder).Append(int32(v))
		}
		m.at = (m.at + 1_000_003) % m.total
	}
	return b.NewRecord()
}

// resident is the largest resident size so far, in bytes, and 0 where the system
// does not say it.
func resident() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, _ := strconv.ParseInt(strings.Fields(rest + " 0")[0], 10, 64)
	return kilobytes << 10
}
