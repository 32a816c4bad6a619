package dp

import (
	"fmt"
	"math"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Levels and parts for so many whole numbers: by hand, l³·fan is least.
func TestShapes(t *testing.T) {
	for _, c := range []struct{ numbers, levels, fan int }{
		{2, 1, 2}, {10, 1, 10}, {61, 1, 61}, {65, 1, 65}, // on two levels 8·9 = 72
		{101, 2, 11}, {126, 2, 12}, {4096, 3, 16}, {65536, 4, 16},
	} {
		s := newShape(c.numbers)
		if s.levels != c.levels || s.fan != c.fan || s.leaves != c.numbers ||
			power(s.fan, s.levels) < c.numbers {
			t.Errorf("%d numbers: %+v, want %d levels of %d", c.numbers, s, c.levels, c.fan)
		}
	}
}

// In a column of whole numbers each number has a leaf, whatever the bounds; in others,
// and where there are too many, the bounds are divided evenly.
func TestLeavesOfWholeNumbers(t *testing.T) {
	for _, c := range []struct{ lower, upper, x, want float64 }{
		{0, 60, 7, 7}, {0, 60, 60, 60}, {0, 60, 61, 60}, {0, 60, -1, 0},
		{-3.5, 3.5, -9, -3}, {-3.5, 3.5, 9, 3}, {-3.5, 3.5, 0, 0}, {0.5, 2.2, 0, 1},
		{1 << 40, 1<<40 + 9, 1<<40 + 4, 1<<40 + 4}, {-5e4, 1e4, 1234, 1234},
	} {
		g, err := centered(c.lower, c.upper)
		if err != nil {
			t.Fatal(err)
		}
		g.whole = true
		s := g.shape()
		if got := s.value(&g, float64(s.leaf(&g, g.steps(c.x)))); !s.whole || got != c.want {
			t.Errorf("%v in [%v, %v] is %v, want %v", c.x, c.lower, c.upper, got, c.want)
		}
	}
	for _, bounds := range [][2]float64{{0.2, 0.8}, {0.2, 1.2}, {0, 1e5}, {1e17, 1e17 + 64}} {
		g, err := centered(bounds[0], bounds[1])
		if err != nil {
			t.Fatal(err)
		}
		g.whole = true
		if s := g.shape(); s != dense {
			t.Errorf("%v: %+v", bounds, s)
		}
	}
}

// Quantiles of columns of every integer type, plain and dictionaries, are whole
// numbers in whole intervals that hold the right ones as often as promised, within
// bounds given or found; those of other columns are not touched by it.
func TestQuantilesOfWholeNumbers(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 91)
	types := []arrow.DataType{arrow.PrimitiveTypes.Int8,
		arrow.PrimitiveTypes.Uint16, &arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int64}}
	ranks := []float64{0.1, 0.5, 0.9}
	for _, dt := range types {
		for _, share := range []float64{0, 0.5} {
			t.Run(fmt.Sprint(dt, share), func(t *testing.T) {
				mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
				defer mem.AssertSize(t, 0)
				rec := wholes(t, mem, dt)
				defer rec.Release()
				q := Quantiles{Column: "x", Upper: 100, Ranks: ranks, Epsilon: 1}
				if share > 0 {
					q.Upper, q.BoundsShare, q.Epsilon = 0, share, 2
				}
				hits, n := 0, 0
				scan, v, answers := stateOf(t, Unit{Column: "who", MaxRows: 1}, rec, q)
				for range 40 / slower {
					r := again(v, 0, &answers[0], answers[0].noise, scan.source)
					for i, want := range []float64{9, 49, 89} {
						x, lower, upper := r["quantile"][i], r["lower"][i], r["upper"][i]
						if x != math.Trunc(x) || lower != math.Trunc(lower) || upper != math.Trunc(upper) ||
							x < lower || x > upper {
							t.Fatalf("%v in [%v, %v]", x, lower, upper)
						}
						if math.Abs(x-want) > 5 {
							t.Errorf("rank %v is %v, want about %v", ranks[i], x, want)
						}
						if n++; lower <= want && want <= upper {
							hits++
						}
					}
				}
				// Fewer than these have a probability below 1e-7 at 0.95 of 120.
				if slower == 1 && hits < 98 {
					t.Errorf("%d of %d intervals hold the quantile", hits, n)
				}
			})
		}
	}
}

// wholes has the numbers from 0 to 99, forty times each.
func wholes(t *testing.T, mem memory.Allocator, dt arrow.DataType) arrow.Record {
	t.Helper()
	b := array.NewRecordBuilder(mem, arrow.NewSchema([]arrow.Field{
		{Name: "who", Type: arrow.PrimitiveTypes.Int64}, {Name: "x", Type: dt}}, nil))
	defer b.Release()
	for who := range 4000 {
		b.Field(0).(*array.Int64Builder).Append(int64(who))
		if err := b.Field(1).AppendValueFromString(fmt.Sprint(who % 100)); err != nil {
			t.Fatal(err)
		}
	}
	return b.NewRecord()
}
