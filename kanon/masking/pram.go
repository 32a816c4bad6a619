package masking

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/internal/entropy"
)

// PRAM is the post-randomization method [1]: each value of a categorical
// column changes to another one, or stays, with probabilities given by a
// matrix. The matrix is invariant: the expected frequencies are those of the
// table. Its zero value is refused.
//
// Somebody who knows the matrix, which should be published with the data, can
// say of each value how likely it is the true one, and can correct estimates.
//
// [1] Gouweleeuw, Kooiman, Willenborg, de Wolf (1998). Post randomisation for
// statistical disclosure control: theory and implementation. Journal of
// Official Statistics 14(4), 463–478.
type PRAM struct {
	// Column is text, integers or booleans, or a dictionary of them. Nulls stay
	// nulls and are not in the matrix.
	Column string `yaml:"column"`
	// Stay is the probability to keep a value in the matrix that the invariant
	// one is made of, above 0 and below 1. The invariant one keeps frequent
	// values with a larger probability and rare ones with a smaller one.
	Stay float64 `yaml:"stay"`
	// Strength mixes the invariant matrix with leaving all as it is, above 0
	// and at most 1, where it is used as it is.
	Strength float64 `yaml:"strength"`
	// Exact makes the frequencies of the result those of the table, not only
	// expected to be: how many rows change from one value to another is fixed,
	// at the expected number rounded up or down, and which ones is random.
	Exact bool `yaml:"exact"`
}

// maxCategories bounds the matrix of PRAM.
const maxCategories = 1 << 10

func (p PRAM) validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("masking: pram: "+format, args...))
	}
	if p.Column == "" {
		bad("no column")
	}
	if !(p.Stay > 0 && p.Stay < 1) {
		bad("stay is %v, want it above 0 and below 1", p.Stay)
	}
	if !(p.Strength > 0 && p.Strength <= 1) {
		bad("strength is %v, want it above 0 and at most 1", p.Strength)
	}
	return errors.Join(errs...)
}

// PRAMPlan is a PRAM with the matrix fitted to a table. It is safe for
// concurrent use. It marshals to JSON: the categories as text and the matrix,
// Matrix[i][j] the probability that Categories[i] becomes Categories[j]. The
// categories are values of the column.
type PRAMPlan struct {
	Column     string      `json:"column"`
	Categories []string    `json:"categories"`
	Matrix     [][]float64 `json:"matrix"`
	Exact      bool        `json:"exact"`

	count []int64 // of each category
}

// Fit counts the categories of the column and makes the matrix. There must be
// two categories at least and 1,024 at most, 256 for Exact.
func (p PRAM) Fit(t arrow.Table) (*PRAMPlan, error) {
	if err := p.validate(); err != nil {
		return nil, err
	}
	codes, err := categories(t, p.Column)
	if err != nil {
		return nil, fmt.Errorf("masking: pram: %w", err)
	}
	n := len(codes.text)
	most := maxCategories
	if p.Exact {
		most = maxExact
	}
	if n < 2 || n > most {
		return nil, fmt.Errorf("masking: pram: column %q has %d categories, want 2 to %d",
			p.Column, n, most)
	}
	plan := &PRAMPlan{Column: p.Column, Categories: codes.text, Exact: p.Exact, count: codes.count}
	share := make([]float64, n)
	total := 0.0
	for _, c := range codes.count {
		total += float64(c)
	}
	stay := make([]float64, n)
	for i, c := range codes.count {
		share[i], stay[i] = float64(c)/total, p.Stay
	}
	plan.Matrix = invariant(share, stay, p.Strength)
	return plan, nil
}

// invariant makes a matrix M with share M = share. With P the matrix of
// probability stay[i] to keep category i and equal ones to change to each
// other, and Q the probabilities of the true category given the one that P
// made, Q[j][i] = P[i][j] share[i] / (share P)[j], the product P Q is
// invariant, and so is its mixture with the identity.
func invariant(share, stay []float64, strength float64) [][]float64 {
	n := len(share)
	first := func(i, j int) float64 {
		if i == j {
			return stay[i]
		}
		return (1 - stay[i]) / float64(n-1)
	}
	mixed := make([]float64, n) // share P
	for j := range mixed {
		for i := range share {
			mixed[j] += share[i] * first(i, j)
		}
	}
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, n)
		for j := range m[i] {
			for k := range n {
				m[i][j] += first(i, k) * first(j, k) * share[j] / mixed[k]
			}
			m[i][j] *= strength
		}
		m[i][i] += 1 - strength
	}
	return m
}

// Apply returns the table with the column changed at random by crypto/rand,
// anew each time. An Exact plan is of one table: it takes one with the
// frequencies that it was fitted to. Any other refuses values that are not
// among its categories. The caller releases the table.
func (p *PRAMPlan) Apply(t arrow.Table) (arrow.Table, error) {
	codes, err := categories(t, p.Column)
	if err != nil {
		return nil, fmt.Errorf("masking: pram: %w", err)
	}
	at := map[string]int32{}
	for i, text := range p.Categories {
		at[text] = int32(i)
	}
	place := make([]int32, len(codes.text))
	for i, text := range codes.text {
		var known bool
		if place[i], known = at[text]; !known {
			return nil, fmt.Errorf("masking: pram: column %q has values that the plan does not know; "+
				"fit it to this table", p.Column)
		}
	}
	rows := make([]int32, len(codes.code)) // category of the plan; -1 for null
	count := make([]int64, len(p.Categories))
	for i, c := range codes.code {
		if rows[i] = -1; c >= 0 {
			rows[i] = place[c]
			count[rows[i]]++
		}
	}
	rng := entropy.New()
	if p.Exact {
		for i := range count {
			if p.count == nil || count[i] != p.count[i] {
				return nil, fmt.Errorf("masking: pram: column %q has other frequencies than the plan was "+
					"fitted to; fit it to this table", p.Column)
			}
		}
		moves := expected(p.Matrix, count)
		round(rng, moves)
		changeExactly(rng, rows, moves)
	} else {
		change(rng, rows, p.Matrix)
	}
	changed, err := codes.array(p.Categories, rows)
	if err != nil {
		return nil, fmt.Errorf("masking: pram: column %q: %w", p.Column, err)
	}
	out := newColumns(t)
	defer out.release()
	out.replace(p.Column, changed)
	return out.table(), nil
}

// change draws each row's category from the row of the matrix of its own.
func change(rng *entropy.Source, rows []int32, matrix [][]float64) {
	below := make([][]uint64, len(matrix)) // of 2^64, cumulated
	for i, row := range matrix {
		sum := 0.0
		below[i] = make([]uint64, len(row))
		for j, x := range row {
			sum += x
			below[i][j] = uint64(min(math.Ldexp(sum, 64), math.Nextafter(1<<64, 0)))
		}
		below[i][len(row)-1] = math.MaxUint64
	}
	for i, c := range rows {
		if c < 0 {
			continue
		}
		u := rng.Uint64()
		for j, bound := range below[c] {
			if u < bound || j == len(below[c])-1 {
				rows[i] = int32(j)
				break
			}
		}
	}
}

// changeExactly changes moves[i][j] rows from category i to j.
func changeExactly(rng *entropy.Source, rows []int32, moves [][]int64) {
	of := make([][]int32, len(moves))
	for i, c := range rows {
		if c >= 0 {
			of[c] = append(of[c], int32(i))
		}
	}
	for c, members := range of {
		shuffle(rng, members)
		for j, n := range moves[c] {
			for _, i := range members[:n] {
				rows[i] = int32(j)
			}
			members = members[n:]
		}
	}
}
