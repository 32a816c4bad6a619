package kanon

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/group"
	"github.com/lethe-go/lethe/internal/lattice"
)

// Summary says what a Plan does to its table, in counts and shares and without
// values.
type Summary struct {
	Rows       int64 `json:"rows"`
	Suppressed int64 `json:"suppressed"` // rows
	Classes    int64 `json:"classes"`    // kept; starred rows are none of them
	// Measure is that of the loss, with its parameters. For other recodings than
	// Global it is "granularity": what is lost in all columns by MeasureLoss, over
	// the most that could be.
	Measure string  `json:"measure"`
	Loss    float64 `json:"loss"` // of which less is better; see Loss
	// Search is "optimal" for global recoding where no plan loses less, and
	// "best_effort" where that is not proved, see Solve. For local recoding it is
	// how classes were found at first: by a "sweep" over the combinations of
	// levels or, where these are too many, by "split", and "mondrian" for
	// recoding Mondrian.
	Search string `json:"search"`
	// Parts is in how many parts combinations were recoded that would have outgrown
	// the memory; 0 where that was done in one. Coarsened is how many of them had
	// values made alike before, because the plan would have outgrown it, too.
	Parts     int64 `json:"parts,omitempty"`
	Coarsened int64 `json:"coarsened,omitempty"`
	// Bound is what every plan loses at least, of a search of best effort; nil
	// where the loss has no bound.
	Bound  *float64 `json:"bound,omitempty"`
	Levels []int    `json:"levels"` // chosen, a column; the highest of all classes

	Columns []ColumnSummary `json:"columns"`

	// Before counts the classes of the table as it was by their size: people
	// where a unit is set, rows otherwise. BeforeRows is by rows always.
	Before     []SizeCount `json:"before"`
	BeforeRows []SizeCount `json:"before_rows"`
}

// ColumnSummary says what a Plan does to one column.
type ColumnSummary struct {
	Name   string  `json:"name"`
	Level  int     `json:"level"`  // chosen; 0 is the value itself
	Levels int     `json:"levels"` // above the value; Levels is the top
	Loss   float64 `json:"loss"`   // in [0, 1], by MeasureLoss whatever the Measure

	// Values is how many distinct values there are, null among them, and
	// Labels how many distinct labels the rows kept have.
	Values int64 `json:"values"`
	Labels int64 `json:"labels"`

	// Before are the shares of rows that have each value, After those that
	// have each label among the rows kept: in the order of the domain where
	// Ordered, by falling share otherwise. Null comes last in the domain.
	// Where there are more than 60, neighbours are added up.
	Ordered bool      `json:"ordered"`
	Before  []float64 `json:"before"`
	After   []float64 `json:"after"`
}

// maxShares bounds the shares given of a column.
const maxShares = 60

// What Summary says of the search.
const (
	searchOptimal    = "optimal"
	searchBestEffort = "best_effort"
)

// Summary is a copy of what the plan says of itself.
func (p *Plan) Summary() Summary {
	s := p.doc.Summary
	s.Levels = slices.Clone(s.Levels)
	s.Columns = slices.Clone(s.Columns)
	for i := range s.Columns {
		s.Columns[i].Before = slices.Clone(s.Columns[i].Before)
		s.Columns[i].After = slices.Clone(s.Columns[i].After)
	}
	s.Before, s.BeforeRows = slices.Clone(s.Before), slices.Clone(s.BeforeRows)
	if s.Bound != nil {
		bound := *s.Bound
		s.Bound = &bound
	}
	return s
}

func summarize(
	b *beforehand, domains []*domain, r *lattice.Result, layout group.Layout,
) Summary {
	s := summaryHead(b)
	s.Suppressed, s.Classes = r.Suppressed, int64(len(r.KeptRows))
	s.Loss, s.Search, s.Levels = r.Loss, searchOptimal, r.Levels
	codes := make([]uint32, len(r.KeptRows))
	for i, d := range domains {
		after := make([]int64, len(d.column.Shares[r.Levels[i]]))
		layout.Get(r.Kept, i, codes)
		for k, n := range r.KeptRows {
			after[codes[k]] += n
		}
		s.Columns = append(s.Columns, d.summary(b.rows[i], r.Levels[i], r.Columns[i], after))
	}
	if !r.Exact {
		s.Search = searchBestEffort
		if !math.IsInf(r.Bound, 0) {
			s.Bound = &r.Bound
		}
	}
	return s
}

// summaryHead is what a summary says of the table as it was.
func summaryHead(b *beforehand) Summary {
	return Summary{
		Rows: b.total, Columns: []ColumnSummary{}, Before: b.sizes, BeforeRows: b.rowSizes,
	}
}

// summary is that of a column of rows by value; after are the rows kept by
// label.
func (d *domain) summary(before []int64, level int, loss float64, after []int64) ColumnSummary {
	ordered := d.ordered()
	return ColumnSummary{
		Name: d.quasi.Column, Level: level, Levels: d.quasi.Hierarchy.Levels(),
		Loss: loss, Ordered: ordered,
		Values: int64(d.size()), Labels: occurring(after),
		Before: shares(slices.Clone(before), ordered), After: shares(after, ordered),
	}
}

// ordered says whether the canonical order of the values is one of magnitude.
func (d *domain) ordered() bool {
	switch d.coder.Type().Kind {
	case column.String, column.Binary, column.Null, column.Boolean:
		return false
	}
	return true
}

// occurring is how many of the counts are not zero.
func occurring(counts []int64) (n int64) {
	for _, count := range counts {
		if count > 0 {
			n++
		}
	}
	return n
}

// shares makes shares of counts, leaving out zeros, and adds up neighbours
// where they are too many.
func shares(counts []int64, ordered bool) []float64 {
	total := int64(0)
	kept := counts[:0]
	for _, n := range counts {
		if n > 0 {
			kept = append(kept, n)
			total += n
		}
	}
	if !ordered {
		slices.SortFunc(kept, func(a, b int64) int { return cmp.Compare(b, a) })
	}
	points := min(maxShares, len(kept))
	out := make([]float64, points)
	for i := range out {
		sum := int64(0)
		for _, n := range kept[i*len(kept)/points : (i+1)*len(kept)/points] {
			sum += n
		}
		out[i] = float64(sum) / float64(total)
	}
	return out
}

// validate checks a summary that was read against the plan it is part of.
func (s *Summary) validate(d *planDoc) error {
	bad := errors.New("kanon: plan: the summary does not fit the plan")
	switch {
	case s.Rows < 0 || s.Suppressed < 0 || s.Suppressed > s.Rows,
		s.Classes != int64(d.Kept.n) && !d.byParts(), s.Classes < 0, s.Classes > s.Rows, !d.searched(s.Search),
		s.Bound != nil && (s.Search != searchBestEffort || *s.Bound > s.Loss),
		(s.Parts > 0) != d.byParts() || s.Coarsened < 0 || s.Coarsened > s.Parts,
		s.Measure == "", math.IsNaN(s.Loss), len(s.Levels) != len(d.Columns),
		len(s.Columns) != len(d.Columns):
		return bad
	}
	for i, c := range s.Columns {
		p := d.Columns[i]
		values := int64(len(p.Values))
		if p.Null {
			values++
		}
		labels := values
		if d.Local != nil {
			labels += int64(len(p.Labels))
		}
		if c.Values != values || c.Labels < 0 || c.Labels > labels || c.Name != p.Name || c.Level != p.Level || c.Levels != p.Levels || s.Levels[i] != p.Level ||
			!isShare(c.Loss) || !areShares(c.Before) || !areShares(c.After) {
			return fmt.Errorf("%w: column %d", bad, i+1)
		}
	}
	if !validSizes(s.Before, s.Rows) || !validSizes(s.BeforeRows, s.Rows) {
		return fmt.Errorf("%w: class sizes", bad)
	}
	return nil
}

// byParts says whether a recoding was found part by part.
func (d *planDoc) byParts() bool { return d.Local != nil && d.Local.Parts != nil }

// searched says whether the summary may say so of the search.
func (d *planDoc) searched(how string) bool {
	if d.Local != nil {
		return how == d.Local.Method
	}
	return how == searchOptimal || how == searchBestEffort
}

func isShare(x float64) bool { return x >= 0 && x <= 1 }

func areShares(xs []float64) bool {
	sum := 0.0
	for _, x := range xs {
		if !isShare(x) {
			return false
		}
		sum += x
	}
	return len(xs) <= maxShares && (len(xs) == 0 || math.Abs(sum-1) < 1e-6)
}

// validSizes asks for ascending sizes of not more than the given rows.
func validSizes(sizes []SizeCount, rows int64) bool {
	last := int64(0)
	for _, s := range sizes {
		if s.Size <= last || s.Classes < 1 || s.Classes > rows/s.Size {
			return false
		}
		last = s.Size
		rows -= s.Size * s.Classes
	}
	return true
}
