package linkage

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Pair is a row of one table and a row of another that are alike.
type Pair struct {
	Left, Right int
	// Dice is the Dice coefficient of the two filters, in [0, 1].
	Dice float64
}

// Dice returns the Dice coefficient of two filters, 2·|a∧b| / (|a|+|b|), which
// is 1 for equal filters. It is an error if one is not 128 bytes long or has no
// bit set.
func Dice(a, b []byte) (float64, error) {
	if len(a) != FilterBytes || len(b) != FilterBytes {
		return 0, fmt.Errorf("linkage: filters of %d and %d bytes, want %d",
			len(a), len(b), FilterBytes)
	}
	x, y := load(a), load(b)
	both := x.ones() + y.ones()
	if both == 0 {
		return 0, errors.New("linkage: both filters are empty")
	}
	return 2 * float64(x.common(&y)) / float64(both), nil
}

func load(text []byte) (f filter) {
	for i := range f {
		f[i] = binary.LittleEndian.Uint64(text[8*i:])
	}
	return f
}

func (f *filter) ones() int {
	n := 0
	for _, w := range f {
		n += bits.OnesCount64(w)
	}
	return n
}

// common counts the ones that both filters have.
func (f *filter) common(g *filter) int {
	n := 0
	for i := range f {
		n += bits.OnesCount64(f[i] & g[i])
	}
	return n
}

// Pairs compares each filter of left with each of right and returns the pairs
// whose Dice coefficient is at least threshold, 0 < threshold <= 1, in the order
// of left and then of right. The arrays hold filters as Encode returns them;
// null is like nobody. The cost is the product of the lengths, some tens of
// nanoseconds a comparison, less what the numbers of ones rule out: 2·min/(sum) is the most
// that the coefficient can be. To link large tables, divide them first by
// something that both know exactly, such as tokens of the year of birth.
func Pairs(ctx context.Context, left, right arrow.Array, threshold float64) ([]Pair, error) {
	if !(threshold > 0 && threshold <= 1) { // so written for NaN
		return nil, fmt.Errorf("linkage: threshold is %g, want above 0 and at most 1", threshold)
	}
	l, err := filtersOf(left)
	if err != nil {
		return nil, fmt.Errorf("linkage: left: %w", err)
	}
	r, err := filtersOf(right)
	if err != nil {
		return nil, fmt.Errorf("linkage: right: %w", err)
	}
	byOnes := func(a, b counted) int {
		return cmp.Or(cmp.Compare(a.ones, b.ones), cmp.Compare(a.row, b.row))
	}
	slices.SortFunc(r, byOnes)
	var pairs []Pair
	for i := range l {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("linkage: %w", ctx.Err())
		}
		x := &l[i]
		// 2·min(x, y) / (x+y) >= t bounds y on both sides; a little slack
		// leaves the decision to the comparison itself.
		least := float64(x.ones) * threshold / (2 - threshold) * (1 - 1e-9)
		most := float64(x.ones) * (2 - threshold) / threshold * (1 + 1e-9)
		from, _ := slices.BinarySearchFunc(r, least, func(c counted, least float64) int {
			return cmp.Compare(float64(c.ones), least)
		})
		for j := from; j < len(r) && float64(r[j].ones) <= most; j++ {
			y := &r[j]
			d := 2 * float64(x.bits.common(&y.bits)) / float64(x.ones+y.ones)
			if d >= threshold {
				pairs = append(pairs, Pair{Left: x.row, Right: y.row, Dice: d})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.Left, b.Left), cmp.Compare(a.Right, b.Right))
	})
	return pairs, nil
}

// Best returns those of the pairs in which each row occurs at most once: the
// most similar pair is taken first, of equal ones that of the lowest rows. It
// is for tables in which a person has one row. The order of the result is that
// of Pairs.
func Best(pairs []Pair) []Pair {
	sorted := slices.Clone(pairs)
	slices.SortFunc(sorted, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(b.Dice, a.Dice), cmp.Compare(a.Left, b.Left),
			cmp.Compare(a.Right, b.Right))
	})
	left, right := map[int]bool{}, map[int]bool{}
	var best []Pair
	for _, p := range sorted {
		if left[p.Left] || right[p.Right] {
			continue
		}
		left[p.Left], right[p.Right] = true, true
		best = append(best, p)
	}
	slices.SortFunc(best, func(a, b Pair) int { return cmp.Compare(a.Left, b.Left) })
	return best
}

// counted is a filter with the number of its ones and its row.
type counted struct {
	bits filter
	ones int
	row  int
}

// filtersOf reads an array of filters, without those that are null or empty.
func filtersOf(a arrow.Array) ([]counted, error) {
	var list []counted
	f, ok := a.(*array.FixedSizeBinary)
	if !ok || f.DataType().(*arrow.FixedSizeBinaryType).ByteWidth != FilterBytes {
		return nil, fmt.Errorf("the column is %s, want filters as fixed_size_binary[%d]",
			a.DataType(), FilterBytes)
	}
	for row := range f.Len() {
		if f.IsNull(row) {
			continue
		}
		c := counted{bits: load(f.Value(row)), row: row}
		if c.ones = c.bits.ones(); c.ones > 0 {
			list = append(list, c)
		}
	}
	return list, nil
}
