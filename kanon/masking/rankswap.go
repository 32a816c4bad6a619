package masking

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/take"
)

// RankSwap exchanges the values of a column between rows whose ranks are near
// [1]. Every value stays in the column as often as it was; what is lost is
// which row it belongs to. Its zero value is refused.
//
// [1] Moore (1996). Controlled data-swapping techniques for masking public use
// microdata sets. U.S. Bureau of the Census, Statistical Research Division.
type RankSwap struct {
	// Columns are swapped each for itself: integers, floats, decimals, dates
	// and times. Nulls stay where they are.
	Columns []string `yaml:"columns"`
	// Window is how far apart in rank two swapped values are at most, as a
	// share of the values, above 0 and at most 1. At least one rank is taken.
	Window float64 `yaml:"window"`
}

// Swaps says what RankSwap did to a column.
type Swaps struct {
	Column string
	// Values are those that are not null; Kept are those that found no partner
	// left and stay where they were.
	Values, Kept int64
	// Window is the largest difference in rank that was allowed. Equal values
	// are ranked in random order.
	Window int64
}

func (s RankSwap) validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("masking: rank swap: "+format, args...))
	}
	if len(s.Columns) == 0 {
		bad("no column")
	}
	for i, name := range s.Columns {
		if slices.Contains(s.Columns[:i], name) {
			bad("column %q is there twice", name)
		}
	}
	if !(s.Window > 0 && s.Window <= 1) {
		bad("window is %v, want it above 0 and at most 1", s.Window)
	}
	return errors.Join(errs...)
}

// Apply returns the table with the columns swapped, and what was done to each.
// In the order of ranks, each value that is still in its place changes places
// with one of the next ranks within the window that is, chosen at random by
// crypto/rand. The caller releases the table.
func (s RankSwap) Apply(ctx context.Context, t arrow.Table) (arrow.Table, []Swaps, error) {
	if err := s.validate(); err != nil {
		return nil, nil, err
	}
	out := newColumns(t)
	defer out.release()
	var done []Swaps
	var errs []error
	for _, name := range s.Columns {
		if err := ctx.Err(); err != nil {
			return nil, nil, fmt.Errorf("masking: rank swap: %w", err)
		}
		a, swaps, err := s.swap(t, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("masking: rank swap: %w", err))
			continue
		}
		out.replace(name, a)
		done = append(done, swaps)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	return out.table(), done, nil
}

func (s RankSwap) swap(t arrow.Table, name string) (arrow.Array, Swaps, error) {
	swaps := Swaps{Column: name}
	a, err := whole(t, name)
	if err != nil {
		return nil, swaps, err
	}
	defer a.Release()
	rng := entropy.New()
	byRank, err := ranked(rng, a)
	if err != nil {
		return nil, swaps, fmt.Errorf("column %q %w", name, err)
	}
	n := len(byRank)
	window := max(1, int(s.Window*float64(n)))
	from := make([]int32, a.Len())
	for i := range from {
		from[i] = int32(i)
	}
	for rank, with := range pairs(rng, n, window) {
		from[byRank[rank]] = byRank[with]
		if rank == int(with) {
			swaps.Kept++
		}
	}
	swaps.Values, swaps.Window = int64(n), int64(window)
	swapped, err := take.Rows(memory.DefaultAllocator, a, from)
	return swapped, swaps, err
}

// ranked lists the rows that are not null by ascending value, those of equal
// value in random order.
func ranked(rng *entropy.Source, a arrow.Array) ([]int32, error) {
	typ, err := column.TypeOf(a.DataType())
	if err != nil {
		return nil, err
	}
	switch a.DataType().ID() {
	case arrow.DICTIONARY, arrow.STRING, arrow.LARGE_STRING, arrow.BINARY, arrow.LARGE_BINARY,
		arrow.FIXED_SIZE_BINARY, arrow.BOOL, arrow.NULL:
		return nil, fmt.Errorf("is %s, want numbers, dates or times", a.DataType())
	}
	coder := column.NewCoder(typ)
	codes := make([]uint32, a.Len())
	if err := coder.Encode(a, codes); err != nil {
		return nil, err
	}
	order := coder.Order()
	start := make([]int32, coder.Len()) // of each code among the rows by rank
	count := make([]int32, coder.Len())
	for _, c := range codes {
		count[c]++
	}
	n := int32(0)
	for _, c := range order {
		start[c] = n
		n += count[c]
	}
	null, seen := coder.Null()
	rows := make([]int32, n)
	for i, c := range codes {
		if !seen || c != null {
			rows[start[c]] = int32(i)
			start[c]++
		}
	}
	for _, c := range order {
		shuffle(rng, rows[start[c]-count[c]:start[c]])
	}
	return rows, nil
}

// shuffle puts rows into random order, each with equal probability.
func shuffle(rng *entropy.Source, rows []int32) {
	for i := len(rows) - 1; i > 0; i-- {
		j := rng.Uint64n(uint64(i) + 1)
		rows[i], rows[j] = rows[j], rows[i]
	}
}

// pairs gives each of n ranks the one that it changes places with, itself where
// none is left: in ascending order, one of the next window ranks that are free,
// with equal probability.
func pairs(rng *entropy.Source, n, window int) []int32 {
	with := make([]int32, n)
	free := newFreeRanks(n)
	for i := range with {
		if !free.has(i) {
			continue
		}
		free.drop(i)
		with[i] = int32(i)
		below := free.below(i + 1)
		among := free.below(min(i+window, n-1)+1) - below
		if among == 0 {
			continue
		}
		j := free.nth(below + int(rng.Uint64n(uint64(among))))
		free.drop(j)
		with[i], with[j] = int32(j), int32(i)
	}
	return with
}

// freeRanks counts the free ranks before each, as a Fenwick tree.
type freeRanks struct{ sum []int32 }

func newFreeRanks(n int) freeRanks {
	f := freeRanks{sum: make([]int32, n+1)}
	for i := 1; i <= n; i++ {
		f.sum[i] = int32(i & -i)
	}
	return f
}

func (f freeRanks) has(i int) bool { return f.below(i+1) > f.below(i) }

func (f freeRanks) drop(i int) {
	for i++; i < len(f.sum); i += i & -i {
		f.sum[i]--
	}
}

// below is how many ranks under i are free.
func (f freeRanks) below(i int) int {
	n := int32(0)
	for ; i > 0; i &= i - 1 {
		n += f.sum[i]
	}
	return int(n)
}

// nth is the free rank that has n others below it.
func (f freeRanks) nth(n int) int {
	at, step := 0, 1
	for step*2 < len(f.sum) {
		step *= 2
	}
	for ; step > 0; step /= 2 {
		if next := at + step; next < len(f.sum) && int(f.sum[next]) <= n {
			at, n = next, n-int(f.sum[next])
		}
	}
	return at
}
