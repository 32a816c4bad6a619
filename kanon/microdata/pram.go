package microdata

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/tuple"
)

// PRAM is the post-randomization method: it gives each row a value of the
// column by chance, where the chances depend on the value it had. The matrix
// of them is made such that the expected number of rows of each value is what
// it was (invariant PRAM), so that counts need no correction. The zero value is
// refused.
//
// It gives no guarantee: a value of few rows, once seen, is likely true. The
// matrix is part of what is published, and a reader needs it to correct tables
// of two columns.
//
// Gouweleeuw, Kooiman, Willenborg, de Wolf (1998). Post randomisation for
// statistical disclosure control: theory and implementation. Journal of
// Official Statistics 14(4), 463–478.
type PRAM struct {
	// Column of at least two and at most 1000 distinct values. Null is one.
	Column string `yaml:"column"`
	// Keep is the chance, above 0 and below 1, that the first of the two steps
	// of which the matrix is made leaves a value as it is; all other values are
	// equally likely. The second step takes it back as far as the counts tell.
	Keep float64 `yaml:"keep"`
	// Mix, above 0 and at most 1, is the weight of the matrix against leaving
	// all values as they are.
	Mix float64 `yaml:"mix"`
	// Margins says whether counts stay on average or exactly.
	Margins Margins `yaml:"margins"`
}

// Margins says how well the number of rows of each value is kept. Its zero
// value is refused.
type Margins string

const (
	// Expected draws each row by itself, so that counts stay on average.
	Expected Margins = "expected"
	// Exact keeps the counts: for each two values, how many rows go from one to
	// the other is rounded up or down, by chance and without bias, so that all
	// sums fit, and which rows they are is drawn then. Rows are not independent.
	Exact Margins = "exact"
)

// PRAMPlan is what a table is randomized by.
type PRAMPlan struct {
	Column string `json:"column"`
	// Values are the distinct values as text, in canonical order, null last as
	// the empty text; Counts are their rows, and Null says that null is there.
	Values []string `json:"values"`
	Counts []int64  `json:"counts"`
	Null   bool     `json:"null"`
	// Matrix[i][j] is the chance that value i becomes value j, up to 2^-53.
	Matrix  [][]float64 `json:"matrix"`
	Margins Margins     `json:"margins"`
	// Released are the counts of what was made, and Changed the rows that have
	// another value.
	Released []int64 `json:"released"`
	Changed  int64   `json:"changed"`
}

const maxCategories = 1000

func (p PRAM) validate() error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("kanon/microdata: pram: "+format, args...))
	}
	if p.Column == "" {
		wrong("no column")
	}
	if !(p.Keep > 0 && p.Keep < 1) {
		wrong("keep is %v, want above 0 and below 1", p.Keep)
	}
	if !(p.Mix > 0 && p.Mix <= 1) {
		wrong("mix is %v, want above 0 and at most 1", p.Mix)
	}
	if p.Margins != Expected && p.Margins != Exact {
		wrong("margins is %q, want one of expected, exact", p.Margins)
	}
	return errors.Join(errs...)
}

// Apply randomizes the column by fresh randomness of the operating system. The
// table stays as it is, and the caller releases the one returned. Refused are a
// column that is missing, of a nested type, or with fewer than two values or
// more than 1000.
func (p PRAM) Apply(ctx context.Context, t arrow.Table) (arrow.Table, *PRAMPlan, error) {
	if err := p.validate(); err != nil {
		return nil, nil, err
	}
	read, err := read(ctx, t, []string{p.Column}, nil)
	if err == nil && read.Rows > maxRows {
		err = fmt.Errorf("%d rows, want at most %d", read.Rows, maxRows)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("kanon/microdata: pram: %w", err)
	}
	c := read.Columns[0]
	if n := c.Coder.Len(); n < 2 || n > maxCategories {
		return nil, nil, fmt.Errorf("kanon/microdata: pram: column %q: %d distinct values, want 2 to %d",
			p.Column, n, maxCategories)
	}
	plan, place := p.plan(c)
	random := entropy.New()
	became := make([]int32, read.Rows)
	if p.Margins == Exact {
		plan.drawExact(c, place, became, random)
	} else {
		plan.drawExpected(c, place, became, random)
	}
	columns, err := pick(t, map[string][]int32{p.Column: plan.rows(c, place, became)})
	if err != nil {
		return nil, nil, fmt.Errorf("kanon/microdata: pram: %w", err)
	}
	return replace(t, columns), plan, nil
}

// plan counts the values and makes the matrix. It returns the place of each
// code among the values.
func (p PRAM) plan(c tuple.Column) (*PRAMPlan, []int32) {
	plan := &PRAMPlan{Column: p.Column, Margins: p.Margins}
	order := c.Coder.Order()
	if null, seen := c.Coder.Null(); seen {
		order = append(order, null)
		plan.Null = true
	}
	place := make([]int32, len(order))
	for i, code := range order {
		place[code] = int32(i)
		plan.Values = append(plan.Values, c.Coder.Text(code))
	}
	plan.Counts, plan.Released = make([]int64, len(order)), make([]int64, len(order))
	for _, code := range c.Codes {
		plan.Counts[place[code]]++
	}
	keep := slices.Repeat([]float64{p.Keep}, len(order))
	plan.Matrix = invariant(plan.Counts, keep, p.Mix)
	return plan, place
}

// invariant is the matrix mix·R + (1−mix)·I with R = P·Q: P leaves value i with
// the chance keep[i] and makes it each other one equally often, and Q is what
// Bayes says of where a value came from, Q[k][j] = P[j][k]·n_j / Σ P[j][k]·n_j,
// so that n·R = n.
func invariant(counts []int64, keep []float64, mix float64) [][]float64 {
	n := len(counts)
	first := func(i, j int) float64 {
		if i == j {
			return keep[i]
		}
		return (1 - keep[i]) / float64(n-1)
	}
	back := make([][]float64, n)
	for k := range back {
		back[k] = make([]float64, n)
		sum := 0.0
		for j, c := range counts {
			back[k][j] = first(j, k) * float64(c)
			sum += back[k][j]
		}
		for j := range back[k] {
			back[k][j] /= sum
		}
	}
	r := make([][]float64, n)
	for i := range r {
		r[i] = make([]float64, n)
		for k := range n {
			for j, q := range back[k] {
				r[i][j] += mix * first(i, k) * q
			}
		}
		r[i][i] += 1 - mix
	}
	return r
}

// drawExpected draws each row by itself, by an integer below 2^53.
func (p *PRAMPlan) drawExpected(c tuple.Column, place, became []int32, random *entropy.Source) {
	const unit = 1 << 53
	limits := make([][]uint64, len(p.Matrix))
	for i, chances := range p.Matrix {
		sum := 0.0
		for _, chance := range chances {
			sum += chance
			limits[i] = append(limits[i], uint64(math.Round(min(1, sum)*unit)))
		}
		limits[i][len(chances)-1] = unit
	}
	for row, code := range c.Codes {
		draw := random.Uint64n(unit)
		limit := limits[place[code]]
		j := 0
		for draw >= limit[j] {
			j++
		}
		became[row] = int32(j)
	}
}

// rows says for each row which row of the table has its new value.
func (p *PRAMPlan) rows(c tuple.Column, place, became []int32) []int32 {
	example := make([]int32, len(p.Counts))
	for row := len(c.Codes) - 1; row >= 0; row-- {
		example[place[c.Codes[row]]] = int32(row)
	}
	rows := make([]int32, len(became))
	for row, j := range became {
		rows[row] = example[j]
		p.Released[j]++
		if j != place[c.Codes[row]] {
			p.Changed++
		}
	}
	return rows
}
