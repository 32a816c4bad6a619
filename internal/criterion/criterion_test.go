package criterion

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawnCriterion is one of all kinds, for histograms of four values.
func drawnCriterion(t *rapid.T) Criterion {
	x := rapid.SampledFrom([]float64{0.1, 0.25, 1. / 3, 0.5, 0.77}).Draw(t, "x")
	up := [][]uint32{{0, 0, 1, 1}, {0, 0}}
	all := []Criterion{
		Distinct{1 + int(4*x)}, Entropy{1 + 2*x}, Grassberger{1 + 2*x}, Recursive{4 * x, 2},
		Recursive{4 * x, 3}, Close{T: x}, Close{T: x, Ordered: true}, Close{T: x, Up: up},
		Frequent{0.2 + x}, Likeness{Beta: 3 * x}, Likeness{Beta: 3 * x, Enhanced: true},
		Disclosure{5 * x}, Population{1 + int64(20*x)}, Presence{x / 4, x},
	}
	return rapid.SampledFrom(all).Draw(t, "criterion")
}

// drawnParts are the parts of a class, of a table that has some rows beside.
func drawnParts(t *rapid.T) (parts [][]int64, whole *Whole) {
	const values = 4
	count := rapid.SliceOfN(rapid.Int64Range(0, 5), values, values)
	sum := count.Draw(t, "others")
	for i := range sum {
		sum[i]++
	}
	for range rapid.IntRange(1, 5).Draw(t, "parts") {
		part := count.Draw(t, "part")
		if slices.Max(part) == 0 {
			continue
		}
		parts = append(parts, part)
		for v, n := range part {
			sum[v] += n
		}
	}
	return parts, NewWhole(sum)
}

func histogramOf(w *Whole, parts ...[]int64) *Histogram {
	h := NewHistogram(w)
	for _, part := range parts {
		for v, n := range part {
			if n > 0 {
				h.Add(uint32(v), n)
			}
		}
	}
	return h
}

// size is what lost is measured in: of presence, the rows inside.
func size(c Criterion, h *Histogram) float64 {
	if _, ok := c.(Presence); ok {
		return float64(h.count[Inside])
	}
	return float64(h.total)
}

// What each criterion promises of unions, of parts, and of what is lost.
func TestMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawnCriterion(t)
		parts, whole := drawnParts(t)
		class := histogramOf(whole, parts...)
		if class.Distinct() == 0 {
			return
		}
		holds := Hold([]Criterion{c}, class)
		var kept [][]int64
		for _, part := range parts {
			if Hold([]Criterion{c}, histogramOf(whole, part)) {
				kept = append(kept, part)
			}
		}
		union := histogramOf(whole, kept...)
		if len(kept) > 0 && c.Monotone() == Unions && !Hold([]Criterion{c}, union) {
			t.Fatalf("%#v: a union of classes that hold fails", c)
		}
		if holds {
			return
		}
		if len(kept) > 0 && c.Monotone() == Parts {
			t.Fatalf("%#v: a part of a class that fails holds", c)
		}
		if class.Distinct() < c.Distinct() {
			if len(kept) > 0 {
				t.Fatalf("%#v: a part has more distinct values than the class", c)
			}
			return
		}
		if _, lost := c.Judge(class); !math.IsInf(lost, 1) &&
			size(c, class)-size(c, union) < lost-1e-9 || len(kept) > 0 && math.IsInf(lost, 1) {
			t.Fatalf("%#v: %v of %v are kept, want at least %v to be lost",
				c, size(c, union), size(c, class), lost)
		}
	})
}

// After any changes a histogram is what it would be had it been made at once.
func TestHistogram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts, whole := drawnParts(t)
		h := NewHistogram(whole)
		in := make([]bool, len(parts))
		for range rapid.IntRange(0, 12).Draw(t, "moves") {
			if len(parts) == 0 {
				break
			}
			i := rapid.IntRange(0, len(parts)-1).Draw(t, "part")
			for v, n := range parts[i] {
				switch {
				case n == 0:
				case in[i]:
					h.Remove(uint32(v), n)
				default:
					h.Add(uint32(v), n)
				}
			}
			in[i] = !in[i]
		}
		var held [][]int64
		for i, part := range parts {
			if in[i] {
				held = append(held, part)
			}
		}
		want := histogramOf(whole, held...)
		if !slices.Equal(h.count, want.count) || h.total != want.total ||
			h.Distinct() != want.Distinct() {
			t.Fatalf("%+v, want %+v", h, want)
		}
		c := drawnCriterion(t)
		if h.total > 0 && Hold([]Criterion{c}, h) != Hold([]Criterion{c}, want) {
			t.Fatalf("%#v depends on the order of changes", c)
		}
		h.Reset()
		if h.total != 0 || h.Distinct() != 0 || slices.Max(h.count) > 0 {
			t.Fatalf("%+v after Reset", h)
		}
	})
}

// The recurrence that defines G and its series agree.
func TestGrassberger(t *testing.T) {
	g := -euler - math.Ln2
	for n := int64(2); n < 4000; n += 2 {
		g += 2 / float64(n-1)
		for _, m := range []int64{n, n + 1} {
			if got := grassberger(m); math.Abs(got-g) > 1e-13*float64(n) && math.Abs(got-g) > 1e-12 {
				t.Fatalf("G(%d) = %.17g, want %.17g", m, got, g)
			}
		}
	}
	if got := grassberger(1); got != -euler-math.Ln2 {
		t.Fatalf("G(1) = %v", got)
	}
}

// One class of six rows in a table of twelve, worked by hand: 4 and 2 of two
// values that have 6 and 6 in the table.
func TestByHand(t *testing.T) {
	h := histogramOf(NewWhole([]int64{6, 6}), []int64{4, 2})
	for _, c := range []struct {
		criterion Criterion
		holds     bool
	}{
		{Distinct{2}, true}, {Distinct{3}, false},
		{Entropy{1.88}, true}, {Entropy{1.89}, false}, // exp(H) = 3/4^(1/3)
		{Recursive{2, 2}, false}, {Recursive{2.01, 2}, true},
		{Close{T: 1. / 6}, true}, {Close{T: 0.16}, false},
		{Frequent{2. / 3}, true}, {Frequent{0.66}, false},
		{Likeness{Beta: 1. / 3}, true}, {Likeness{Beta: 0.33}, false}, // 2/3 against 1/2
		{Disclosure{0.59}, true}, {Disclosure{0.58}, false}, // 1/3 against 1/2: 2^0.585
	} {
		if got := Hold([]Criterion{c.criterion}, h); got != c.holds {
			t.Errorf("%#v holds: %v, want %v", c.criterion, got, c.holds)
		}
	}
}

// Adding and removing a tuple, and judging in between, allocates nothing.
func BenchmarkMove(b *testing.B) {
	h := histogramOf(NewWhole([]int64{60, 60, 60, 60}), []int64{4, 2, 1, 7})
	criteria := []Criterion{Distinct{3}, Close{T: 0.2}}
	b.ReportAllocs()
	for b.Loop() {
		h.Add(2, 3)
		Hold(criteria, h)
		h.Remove(2, 3)
	}
}
