package dp

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

// shardQueries make every part of the binary form: keys, groups that are found by
// one and by two columns, grids, bins, and numbers whose bounds are found.
func shardQueries() []Query {
	both := []string{"ward", "year"}
	return append(everyQuery(free),
		Groups{By: byWard, Rule: TruncatedGeometric, Epsilon: 40, Delta: 0.1},
		Groups{By: both, Rule: TruncatedGeometric, Epsilon: 40, Delta: 0.1},
		Count{By: byWard, Epsilon: free}, Count{By: both, Epsilon: free},
		Mean{Column: "x", BoundsShare: 0.5, By: both, Epsilon: free})
}

// filled is a shard with rows, made as another process would.
func filled(t testing.TB, unit Unit, rows []point) *Scan {
	t.Helper()
	shard, err := NewShard(unit, pointSchema, shardQueries()...)
	if err != nil {
		t.Fatal(err)
	}
	rec := points(memory.NewGoAllocator(), rows)
	defer rec.Release()
	if err := shard.Add(rec); err != nil {
		t.Fatal(err)
	}
	return shard
}

func root(t testing.TB, unit Unit) *Scan {
	t.Helper()
	p, err := newPlan(unit, pointSchema, shardQueries())
	if err != nil {
		t.Fatal(err)
	}
	return p.newScan(true)
}

func TestShardsOfOtherProcesses(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	rows := randomPoints(rng, 500)
	unit := Unit{Column: "who", MaxRows: 4}
	want := answersOf(t, unit, rows, len(rows), 1, shardQueries()...)
	scan := root(t, unit)
	for chunk := range slices.Chunk(rows, len(rows)/3) {
		data, err := filled(t, unit, chunk).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := scan.MergeBinary(data); err != nil {
			t.Fatal(err)
		}
	}
	for i, rec := range results(t, scan) {
		for _, name := range []string{"count", "people", "sum", "mean", "variance", "quantile"} {
			if len(rec.Schema().FieldIndices(name)) == 0 {
				continue
			}
			got, want := valuesOf(rec, name), valuesOf(want[i], name)
			if len(got) != len(want) {
				t.Fatalf("query %d: %d rows, want %d", i, len(got), len(want))
			}
			for at := range got {
				if off := got[at] - want[at]; off > 1e-3 || off < -1e-3 {
					t.Errorf("query %d: %s is %v, want %v", i, name, got[at], want[at])
				}
			}
		}
	}
}

// The bytes of a shard cannot raise the bound on a person's rows.
func TestMergeBinaryBoundsPeople(t *testing.T) {
	unit := Unit{Column: "who", MaxRows: 2}
	scan := root(t, unit)
	for range 5 {
		data, err := filled(t, unit, slices.Repeat([]point{{who: victim, ward: "a"}}, 9)).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := scan.MergeBinary(data); err != nil {
			t.Fatal(err)
		}
	}
	if got := valuesOf(results(t, scan)[0], "count")[1]; got != 2 {
		t.Errorf("%v rows of one person", got)
	}
}

func TestMergeBinaryRefuses(t *testing.T) {
	unit := Unit{Column: "who", MaxRows: 4}
	rows := []point{{who: 1, ward: "a", year: "2020", x: 3, y: 4}}
	data, err := filled(t, unit, rows).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	other, err := filled(t, Unit{Column: "who", MaxRows: 5}, rows).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	scan := root(t, unit)
	if err := scan.MergeBinary(other); err == nil || !contains(err, "different queries") {
		t.Errorf("rows of another bound: %v", err)
	}
	for n := range data {
		if err := scan.MergeBinary(data[:n]); err == nil {
			t.Fatalf("%d bytes of %d are accepted", n, len(data))
		}
	}
	if err := scan.MergeBinary(append(bytes.Clone(data), 0)); err == nil {
		t.Error("a byte more is accepted")
	}
	if scan.sample.n != 0 || scan.people.Len() != 0 {
		t.Error("what is refused changes the scan")
	}
	if _, err := NewShard(Unit{}, pointSchema, Count{Epsilon: 1}); err == nil {
		t.Error("a shard without a unit")
	}
}

// Any bytes give an error or a scan within all bounds.
func FuzzMergeBinary(f *testing.F) {
	unit := Unit{Column: "who", MaxRows: 2}
	rng := rand.New(rand.NewPCG(43, 44))
	data, err := filled(f, unit, randomPoints(rng, 3)).MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[len(scanMagic)+32:])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		scan := root(t, unit)
		if err := scan.MergeBinary(append(bytes.Clone(data[:len(scanMagic)+32]), body...)); err != nil {
			return
		}
		for _, who := range scan.sample.persons {
			if len(scan.sample.entries(who, nil)) > 2 {
				t.Fatal("more rows of a person than the bound")
			}
		}
		scan.sample.eachPage(func(p *page, n int) {
			for j, m := range scan.plan.measures {
				for _, v := range p.values[j] {
					if m.find == nil && m.edges == nil && v != skip && v != 0 &&
						(v < m.grid.low || v > m.grid.high) {
						t.Fatal("a number beyond its grid")
					}
				}
			}
		})
		if _, _, err := scan.sum().answer(scan.source); err != nil {
			t.Fatal(err)
		}
	})
}
