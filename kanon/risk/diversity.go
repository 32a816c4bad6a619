package risk

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/tuple"
)

// DiversityConfig says what is sensitive among which classes.
type DiversityConfig struct {
	// Quasi names the quasi-identifiers, at least one, and Sensitive the column
	// whose values are counted.
	Quasi     []string
	Sensitive string
	// C is the factor of recursive diversity, above 0.
	C float64
}

// RecordDiversity is how diverse the sensitive values in the class of each
// record are, in the order of the rows. Null is a value.
//
// Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam (2007). l-diversity:
// privacy beyond k-anonymity. ACM TKDD 1(1).
type RecordDiversity struct {
	// Distinct is the number of distinct values.
	Distinct []int64
	// Entropy is the exponential of the Shannon entropy of the values: the
	// class is entropy l-diverse for every l up to it.
	Entropy []float64
	// Recursive is the largest l for which the class is recursive (C,l')-diverse
	// for every l' up to it; 1 where it is for none. With the counts
	// r₁ ≥ r₂ ≥ … ≥ r_m of the values that means r₁ < C·(r_l + … + r_m).
	Recursive []int64
}

// Diversity measures the diversity of the class of each record. It does not
// release r. Refused are a column that is missing or named twice, and a C that
// is not above 0. Memory is some 40 bytes a row.
func Diversity(
	ctx context.Context, r array.RecordReader, cfg DiversityConfig,
) (*RecordDiversity, error) {
	var errs []error
	if len(cfg.Quasi) == 0 {
		errs = append(errs, errors.New("kanon/risk: no quasi-identifier"))
	}
	if !(cfg.C > 0) || math.IsInf(cfg.C, 0) {
		errs = append(errs, fmt.Errorf("kanon/risk: c is %v, want above 0", cfg.C))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	t, err := tuple.Read(ctx, r, append(slices.Clone(cfg.Quasi), cfg.Sensitive), nil)
	if err != nil {
		return nil, fmt.Errorf("kanon/risk: diversity: %w", err)
	}
	classes := t.Distinct(places(len(cfg.Quasi))...)
	cells := t.Distinct(places(len(cfg.Quasi) + 1)...) // of a class and a value
	counts := cellCounts(classes, cells)
	d := &RecordDiversity{
		Distinct: make([]int64, t.Rows), Entropy: make([]float64, t.Rows),
		Recursive: make([]int64, t.Rows),
	}
	entropy, recursive := make([]float64, len(counts)), make([]int64, len(counts))
	for c, n := range counts {
		slices.SortFunc(n, func(a, b int64) int { return int(b - a) })
		entropy[c], recursive[c] = math.Exp(shannon(n, classes.Rows[c])), recursiveL(n, cfg.C)
	}
	for row, c := range classes.Of {
		d.Distinct[row] = int64(len(counts[c]))
		d.Entropy[row], d.Recursive[row] = entropy[c], recursive[c]
	}
	return d, nil
}

// cellCounts returns the counts of the values of each class.
func cellCounts(classes, cells *tuple.Distinct) [][]int64 {
	of := make([]uint32, cells.Len()) // class of a cell
	for row, c := range cells.Of {
		of[c] = classes.Of[row]
	}
	size := make([]int, classes.Len())
	for _, class := range of {
		size[class]++
	}
	all := make([]int64, 0, cells.Len())
	counts := make([][]int64, classes.Len())
	for class, n := range size {
		from := len(all)
		all = all[:from+n]
		counts[class] = all[from:from:len(all)]
	}
	for c, class := range of {
		counts[class] = append(counts[class], cells.Rows[c])
	}
	return counts
}

// shannon is the entropy of counts with a sum, in natural units.
func shannon(counts []int64, sum int64) float64 {
	h := 0.0
	for _, n := range counts {
		q := float64(n) / float64(sum)
		h -= q * math.Log(q)
	}
	return h
}

// recursiveL is the recursive diversity of descending counts.
func recursiveL(counts []int64, c float64) int64 {
	rest := int64(0)
	for _, n := range counts {
		rest += n
	}
	most := float64(counts[0])
	for l, n := range counts {
		if !(most < c*float64(rest)) {
			return int64(max(1, l))
		}
		rest -= n
	}
	return int64(len(counts))
}
