package microdata

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/tuple"
)

// RankSwap exchanges values of a column between rows of near rank, each column
// by itself. The values stay what they are, each as often as before, so that
// statistics of a column alone do not change. The zero value is refused.
//
// It gives no guarantee: the value of a row is within Share of the ranks of the
// true one, which anybody may know, and rows that are extreme in several
// columns stay extreme in them.
//
// Moore (1996). Controlled data-swapping techniques for masking public use
// microdata sets. US Bureau of the Census, Statistical Research Division
// Report RR 96-04.
type RankSwap struct {
	// Columns whose values have an order. Null is not exchanged.
	Columns []string `yaml:"columns"`
	// Share of the rows, above 0 and at most 1, that two exchanged values are
	// apart at most, by rank. Rounded down to whole rows it is 1 at least.
	Share float64 `yaml:"share"`
}

// RankSwapAudit says what an exchange did.
type RankSwapAudit struct {
	Columns []RankSwapColumn `json:"columns"`
}

// RankSwapColumn is what was done to a column.
type RankSwapColumn struct {
	Column string `json:"column"`
	Rows   int64  `json:"rows"`  // that have a value
	Moved  int64  `json:"moved"` // that have another value than before
	Within int64  `json:"within"`
	// Furthest is by how many ranks a value moved at most; Within bounds it.
	// Rows of equal values have ranks in the order of the table.
	Furthest int64 `json:"furthest"`
}

func (s RankSwap) validate() error {
	errs := []error{named("rank swapping", s.Columns)}
	if !(s.Share > 0 && s.Share <= 1) {
		errs = append(errs, fmt.Errorf(
			"kanon/microdata: rank swapping: share is %v, want above 0 and at most 1", s.Share))
	}
	return errors.Join(errs...)
}

// Apply exchanges values by fresh randomness of the operating system, another
// time differently. The table stays as it is, and the caller releases the one
// returned. Refused are columns that are missing or of a nested type.
func (s RankSwap) Apply(ctx context.Context, t arrow.Table) (arrow.Table, *RankSwapAudit, error) {
	if err := s.validate(); err != nil {
		return nil, nil, err
	}
	read, err := read(ctx, t, s.Columns, nil)
	if err == nil && read.Rows > maxRows {
		err = fmt.Errorf("%d rows, want at most %d", read.Rows, maxRows)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("kanon/microdata: rank swapping: %w", err)
	}
	random := entropy.New()
	audit := &RankSwapAudit{}
	rows := map[string][]int32{}
	for _, c := range read.Columns {
		if err := ctx.Err(); err != nil {
			return nil, nil, fmt.Errorf("kanon/microdata: rank swapping: %w", err)
		}
		from, done := s.swap(c, random)
		rows[c.Name] = from
		audit.Columns = append(audit.Columns, done)
	}
	columns, err := pick(t, rows)
	if err != nil {
		return nil, nil, fmt.Errorf("kanon/microdata: rank swapping: %w", err)
	}
	return replace(t, columns), audit, nil
}

// swap says for each row from which row its value comes.
func (s RankSwap) swap(c tuple.Column, random *entropy.Source) ([]int32, RankSwapColumn) {
	ranked := byRank(c)
	n := len(ranked)
	within := max(1, int(s.Share*float64(n)))
	from := make([]int32, len(c.Codes))
	for i := range from {
		from[i] = int32(i)
	}
	done := RankSwapColumn{Column: c.Name, Rows: int64(n), Within: int64(within)}
	swapped := make([]bool, n)
	for i := range ranked {
		if swapped[i] {
			continue
		}
		j := partner(swapped, i+1, min(n, i+1+within), random)
		if j < 0 {
			continue
		}
		a, b := ranked[i], ranked[j]
		swapped[i], swapped[j] = true, true
		from[a], from[b] = b, a
		if c.Codes[a] != c.Codes[b] {
			done.Moved += 2
		}
		done.Furthest = max(done.Furthest, int64(j-i))
	}
	return from, done
}

// byRank lists the rows that have a value in the order of the values.
func byRank(c tuple.Column) []int32 {
	rank := make([]uint32, c.Coder.Len())
	for i, code := range c.Coder.Order() {
		rank[code] = uint32(i) + 1
	}
	start := make([]int32, c.Coder.Len()+2) // counting sort; null has no rank
	for _, code := range c.Codes {
		start[rank[code]+1]++
	}
	for i := 1; i < len(start); i++ {
		start[i] += start[i-1]
	}
	sorted := make([]int32, len(c.Codes))
	nulls := start[1]
	for row, code := range c.Codes {
		r := rank[code]
		sorted[start[r]] = int32(row)
		start[r]++
	}
	return sorted[nulls:]
}

// partner is a uniform place in [lo, hi) that is not swapped, or -1.
func partner(swapped []bool, lo, hi int, random *entropy.Source) int {
	if lo >= hi {
		return -1
	}
	for range 32 { // rejection is uniform over those that are left
		if j := lo + int(random.Uint64n(uint64(hi-lo))); !swapped[j] {
			return j
		}
	}
	var left []int
	for j := lo; j < hi; j++ {
		if !swapped[j] {
			left = append(left, j)
		}
	}
	if len(left) == 0 {
		return -1
	}
	return left[random.Uint64n(uint64(len(left)))]
}
