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
// own. The columns are put in the order of their names, on which it then does
// not depend how the configuration lists them.
func (a *Anonymizer) solveLocal(
	ctx context.Context, c *Counts, domains []*domain, prob *lattice.Problem,
) (*Plan, error) {
	order := make([]int, len(domains))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		return cmp.Compare(domains[x].quasi.Column, domains[y].quasi.Column)
	})
	sorted := *prob
	sorted.Columns, sorted.Layout, sorted.Keys = nil, group.Layout{}, nil
	sizes := make([]int, len(order))
	for i, j := range order {
		sorted.Columns = append(sorted.Columns, prob.Columns[j])
		sizes[i] = domains[j].size()
	}
	n := len(prob.Rows)
	sorted.Layout = group.NewLayout(sizes)
	sorted.Keys = make([]uint64, n*sorted.Layout.Words())
	codes := make([]uint32, n)
	for i, j := range order {
		prob.Layout.Get(prob.Keys, j, codes)
		sorted.Layout.Put(sorted.Keys, i, codes)
	}
	faces, spans := make([]*faces, len(order)), make([]*recode.Span, len(order))
	for i, j := range order {
		faces[i] = newFaces(domains[j])
		spans[i] = domains[j].span()
	}
	p := &recode.Problem{
		Problem: &sorted, Spans: spans,
		Same:       func(i int, l recode.Label) uint32 { return faces[i].of(l) },
		Iterations: a.cfg.Local.Iterations, Seed: a.cfg.Local.Seed,
	}
	if a.cfg.Recoding == Mondrian {
		p.Method = recode.Mondrian
	}
	r, err := recode.Solve(ctx, p)
	if err != nil {
		return nil, a.explain(err, c)
	}
	return a.newLocalPlan(c, domains, prob, order, faces, r)
}
