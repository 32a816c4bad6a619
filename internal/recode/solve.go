package recode

import (
	"context"
	"errors"
	"math"

	"github.com/lethe-go/lethe/internal/lattice"
)

const (
	// maxVectors bounds the vectors of levels that a sweep goes through, and
	// maxVisits these times the items, which take some nanoseconds each.
	maxVectors = 100_000
	maxVisits  = 6 << 30
	// maxMoved bounds the items of a problem whose classes are improved by moves
	// where no iterations are asked for.
	maxMoved = 1 << 20
)

// Solve finds a recoding. It fails with a *lattice.Infeasible or with the error
// of ctx.
func Solve(ctx context.Context, p *Problem) (*Result, error) {
	s := newSolver(p)
	if s.n == 0 {
		return &Result{Columns: make([]float64, s.m), Method: s.method()}, nil
	}
	if p.Together {
		// Starred rows lose as much as a class whose labels are all the highest, so
		// that nothing is gained by them, unless no such class is allowed.
		s.limit = 0
	}
	c, err := s.solve(ctx)
	var no *lattice.Infeasible
	if p.Together && errors.As(err, &no) && p.Limit > 0 {
		s.limit = p.Limit
		if c, err = s.solve(ctx); err == nil {
			err = c.settleTogether()
		}
	}
	if err != nil {
		return nil, err
	}
	return s.result(c), nil
}

func (s *solver) solve(ctx context.Context) (*classes, error) {
	c := s.newClasses()
	begin := map[Method]func(context.Context, *classes) error{
		Sweep: s.sweep, Split: s.split, Mondrian: s.mondrian,
	}[s.method()]
	if err := begin(ctx, c); err != nil {
		return nil, err
	}
	s.settle(c)
	if (s.items() <= maxMoved || s.Iterations > 0) && s.method() != Mondrian {
		near := s.neighbours(c)
		if err := s.newMover(c, near).improve(ctx); err != nil {
			return nil, err
		}
		if err := s.rebuild(ctx, c, near); err != nil {
			return nil, err
		}
	}
	return c, c.settleClasses()
}

func (s *solver) method() Method {
	if s.Method != Automatic {
		return s.Method
	}
	if n := s.vectors(maxVectors); n > maxVectors || n*s.items() > maxVisits {
		return Split
	}
	return Sweep
}

// settleTogether makes the suppressed items a class that may be one, by
// suppressing the classes that lose least by it.
func (c *classes) settleTogether() error {
	var gone []int32
	weight := int64(0)
	for it, class := range c.of {
		if class == suppressed {
			gone = append(gone, int32(it))
			weight += c.s.judge.weight[it]
		}
	}
	for len(gone) > 0 && !c.s.judge.holds(weight, nobody, gone) {
		best, loss := open, int64(1)<<62
		for class, members := range c.member {
			l := c.rows[class] * (c.s.lost - c.cost[class])
			if len(members) > 0 && l < loss && c.suppressed+c.rows[class] <= c.s.limit {
				best, loss = int32(class), l
			}
		}
		if best < 0 {
			return &lattice.Infeasible{Classes: 1, Rows: c.suppressed}
		}
		weight += c.weight[best]
		items := c.member[best]
		c.fill(best, nil)
		for _, it := range items {
			c.suppress(it)
		}
		gone = append(gone, items...)
	}
	return nil
}

func (s *solver) result(c *classes) *Result {
	r := &Result{
		Class: make([]uint32, len(s.item)), Suppressed: c.suppressed,
		Columns: make([]float64, s.m), Method: s.method(),
	}
	number := make([]uint32, len(c.member))
	sums := make([]int64, s.m)
	for class, members := range c.member {
		if len(members) == 0 {
			continue
		}
		number[class] = uint32(len(r.Rows))
		r.Rows = append(r.Rows, c.rows[class])
		for j, a := range s.axes {
			node := c.at(int32(class))[j]
			r.Labels = append(r.Labels, a.label(node))
			sums[j] += a.price(node) * c.rows[class]
		}
	}
	for t, it := range s.item {
		r.Class[t] = None
		if class := c.of[it]; class >= 0 {
			r.Class[t] = number[class]
		}
	}
	least := 0.0
	for j := range s.axes {
		one := 1 - s.Columns[j].Least
		sums[j] += c.suppressed * int64(math.Round(one*s.unit))
		least += one
		if one > 0 {
			r.Columns[j] = min(1, float64(sums[j])/s.unit/one/float64(s.n))
		}
		r.Loss += float64(sums[j]) / s.unit / float64(s.n)
	}
	if least > 0 {
		r.Loss = min(1, r.Loss/least)
	}
	return r
}
