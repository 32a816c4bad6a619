package kanon

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/lethe-go/lethe/internal/group"
	"github.com/lethe-go/lethe/internal/lattice"
	"github.com/lethe-go/lethe/internal/recode"
)

// LocalSearch is how thoroughly the classes of Local recoding are looked for. The
// zero value is the quick way.
type LocalSearch struct {
	// Iterations is how often, after the quick way, a few neighbouring classes
	// are taken apart and put together anew; what loses less is kept. Some
	// hundred thousand take seconds. They are a number and not a time so that
	// the plan is the same on every machine.
	Iterations int `yaml:"iterations" json:"iterations,omitempty"`
	// Seed starts the choice of these classes. It is recorded in the plan.
	Seed uint64 `yaml:"seed" json:"seed,omitempty"`
}

// maxIterations is some hours.
const maxIterations = 1 << 30

func (s LocalSearch) mistakes(r Recoding) (errs []error) {
	if s.Iterations < 0 || s.Iterations > maxIterations {
		errs = append(errs, fmt.Errorf("%d iterations, want 0 to %d", s.Iterations, maxIterations))
	}
	if s != (LocalSearch{}) && r != Local {
		errs = append(errs, fmt.Errorf("iterations and a seed are for recoding %q", Local))
	}
	return errs
}

// Names of recode.Method in plans.
const (
	methodSweep    = "sweep"
	methodSplit    = "split"
	methodMondrian = "mondrian"
)

// measureGranularity is what other recodings than Global make small.
const measureGranularity = "granularity"

func methodName(m recode.Method) string {
	return map[recode.Method]string{recode.Sweep: methodSweep, recode.Split: methodSplit,
		recode.Mondrian: methodMondrian}[m]
}

// solveLocal finds a plan that gives each combination of values labels of its
// own.
func (a *Anonymizer) solveLocal(
	ctx context.Context, c *Counts, domains []*domain, prob *lattice.Problem,
) (*Plan, error) {
	l := a.newLocalSolver(domains)
	r, err := l.solve(ctx, prob, l.linesAt(lowestLevels(domains)), a.cfg.Local.Iterations, 0)
	if err != nil {
		return nil, a.explain(err, c)
	}
	return a.newLocalPlan(c.beforehand(domains), l, prob, r)
}

// localSolver recodes tuples of the same domains. The columns are put in the
// order of their names, on which the result then does not depend how the
// configuration lists them.
type localSolver struct {
	*Anonymizer
	domains []*domain
	order   []int    // of the columns
	faces   []*faces // in this order
}

func (a *Anonymizer) newLocalSolver(domains []*domain) *localSolver {
	l := &localSolver{Anonymizer: a, domains: domains}
	for i := range domains {
		l.order = append(l.order, i)
	}
	slices.SortFunc(l.order, func(x, y int) int {
		return cmp.Compare(domains[x].quasi.Column, domains[y].quasi.Column)
	})
	for _, j := range l.order {
		l.faces = append(l.faces, newFaces(domains[j]))
	}
	return l
}

// linesAt are the lines of the columns, in their order, as the search takes
// them, where values are alike up to some levels.
func (l *localSolver) linesAt(levels []int) []searchLine {
	var lines []searchLine
	for _, j := range l.order {
		lines = append(lines, l.domains[j].lineAt(levels[j]))
	}
	return lines
}

// solve recodes the tuples of a problem. The columns of the result, and lines,
// are in the order of their names. Of is how many tuples there are, of which these
// are a part, or 0.
func (l *localSolver) solve(
	ctx context.Context, prob *lattice.Problem, lines []searchLine, iterations, of int,
) (*recode.Result, error) {
	sorted := *prob
	sorted.Columns, sorted.Layout, sorted.Keys = nil, group.Layout{}, nil
	sizes := make([]int, len(l.order))
	for i, j := range l.order {
		sorted.Columns = append(sorted.Columns, prob.Columns[j])
		sizes[i] = l.domains[j].size()
	}
	n := len(prob.Rows)
	sorted.Layout = group.NewLayout(sizes)
	sorted.Keys = make([]uint64, n*sorted.Layout.Words())
	codes := make([]uint32, n)
	for i, j := range l.order {
		prob.Layout.Get(prob.Keys, j, codes)
		sorted.Layout.Put(sorted.Keys, i, codes)
	}
	p := &recode.Problem{
		Problem: &sorted,
		Same: func(i int, label recode.Label) uint32 {
			return l.faces[i].of(lines[i].label(label))
		},
		Of: of, Iterations: iterations, Seed: l.cfg.Local.Seed,
	}
	if l.cfg.Recoding == Mondrian {
		p.Method = recode.Mondrian
	}
	for _, line := range lines {
		p.Spans = append(p.Spans, line.span)
	}
	r, err := recode.Solve(ctx, p)
	if err != nil {
		return nil, err
	}
	for i := range r.Labels {
		r.Labels[i] = lines[i%len(lines)].label(r.Labels[i])
	}
	return r, nil
}
