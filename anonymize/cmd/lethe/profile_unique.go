package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/kanon/risk"
)

// Sets of columns whose rows are compared for a proposal: of that many columns
// at most, of that many candidates, and that many rows of all sets together. Of
// each size those are said that single out most, unless fewer columns do so.
const (
	mostTogether  = 3
	mostColumns   = 30
	mostCompared  = 2_000_000_000
	mostOfSize    = 3
	worthSaying   = 0.001 // of the rows
	worthAdding   = 0.05  // to what fewer columns tell
	uniqueComment = "# Rows that no other row equals in these columns, for choosing quasi-identifiers:\n"
)

// singledOut says by which columns, alone and together, most rows are unique.
func singledOut(
	ctx context.Context, table anonymize.Source, columns []string, rows int64, bar *progress,
) (string, error) {
	size := min(mostTogether, len(columns))
	for size > 0 && sets(len(columns), size)*rows > mostCompared {
		size--
	}
	if size == 0 || len(columns) > mostColumns || rows == 0 {
		return "", nil
	}
	r, err := table.Open(ctx, columns...)
	if err != nil {
		return "", err
	}
	defer r.Release()
	found, err := risk.Separate(ctx, bar.watch(r, "comparing"), risk.SeparationConfig{Columns: columns, MaxSize: size})
	if err != nil {
		return "", err
	}
	slices.SortStableFunc(found.Sets, func(a, b risk.ColumnSet) int {
		return cmp.Or(len(a.Columns)-len(b.Columns), cmp.Compare(b.Unique, a.Unique))
	})
	var said []risk.ColumnSet
	of := make([]int, size+1)
	for _, s := range found.Sets {
		n := len(s.Columns)
		tells := s.Unique >= worthSaying && of[n] < mostOfSize
		for _, before := range said {
			tells = tells && (s.Unique >= before.Unique+worthAdding || !within(before, s))
		}
		if tells {
			said = append(said, s)
			of[n]++
		}
	}
	var text strings.Builder
	for i, s := range said {
		if i == 0 {
			text.WriteString(uniqueComment)
		}
		fmt.Fprintf(&text, "# %5.1f %% %s\n", 100*s.Unique, strings.Join(s.Columns, ", "))
	}
	return text.String(), nil
}

// within says whether all columns of a are columns of b.
func within(a, b risk.ColumnSet) bool {
	return !slices.ContainsFunc(a.Columns, func(c string) bool { return !slices.Contains(b.Columns, c) })
}

// sets is how many sets of 1 to size of n columns there are.
func sets(n, size int) int64 {
	all, of := int64(0), int64(1)
	for k := 1; k <= size; k++ {
		of = of * int64(n-k+1) / int64(k)
		all += of
	}
	return all
}
