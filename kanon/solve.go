package kanon

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"

	"github.com/lethe-go/lethe/internal/group"
	"github.com/lethe-go/lethe/internal/lattice"
)

// ErrInfeasible is wrapped by the error of Solve when no generalization
// satisfies the models.
var ErrInfeasible = errors.New("no generalization satisfies the models")

// ErrTooLarge is wrapped by the error of Solve when there are too many
// combinations of levels to look at all, and none of those that a search of
// best effort met satisfies the models.
var ErrTooLarge = errors.New("too many combinations of levels")

// Solve finds, among all choices of one level a column, the one that loses
// least while every class satisfies the models, once the rows of the classes
// that do not are suppressed and these are at most MaxSuppression of all.
//
// What is lost is said by Config.Loss. Null is one more value of a domain. Of
// equal losses the lower sum of levels is taken, then the lower sum of levels
// over those that the hierarchies have, then the lower levels in the first
// columns.
//
// The result is the optimum where the search can tell: where what a first bound
// leaves of the lattice is at most two million vectors of levels. Beyond that,
// and where the deadline of ctx comes first, it is the best of what a search of
// best effort has met, and the plan's Summary says so and gives a bound that no
// plan is below: greedy descent, then branch and bound up to Effort. But for a
// deadline, the result is the same for any number of processors.
//
// Counts that were spilled are solved within the bound of their memory. With
// Global recoding, levels are raised until the combinations fit, and what lies
// below is searched part by part. The result is the same where all of it could
// be ruled out or searched in 64 readings of the files; otherwise the Summary
// says so. Means of a column are taken where its values fit with the labels of the
// others. MeasureDivergence, which is of each combination, is refused.
//
// With Local recoding, counts whose recoding in one takes more than the bound leaves
// are recoded in parts, spilled or not, two at a time: combinations that differ in
// labels of one column, then of others, are in different parts, and no class has
// rows of two. That loses about a hundredth more. The plan then takes a byte or a
// few for a combination. Where that is more than a seventh of the bound, values
// are made alike in a part, up to levels that lose least, until its combinations
// are few enough, which may lose a lot more; see Coarsened in Summary. The parts are
// in files of their own while they wait. NumericMean is refused: what was made
// alike has no mean any more.
//
// Neither the people of a unit nor what a plan of Global recoding keeps, which is at
// most a k-th of the rows, are held elsewhere than in memory. Mondrian, which divides
// all combinations at once, and populations, whose combinations have to be found
// among those of the sample, are not for counts that outgrew their memory; the
// error says so.
//
// A table without rows gives a plan of the lowest levels. Solve fails with
// ErrInfeasible, with ErrTooLarge, with the error of ctx, when the counts are
// of other columns, and when a hierarchy does not know a value or is not one:
// its levels do not coarsen one another, or do not end in the label "*".
func (a *Anonymizer) Solve(ctx context.Context, c *Counts) (*Plan, error) {
	if len(a.populations) > 0 {
		return nil, fmt.Errorf("kanon: %s needs a population; use SolveSample", a.populations[0])
	}
	if err := a.accepts(c); err != nil {
		return nil, err
	}
	return a.solve(ctx, c, nil)
}

// solve is Solve of counts that were accepted, among so many people of a
// population by tuple, or of none.
func (a *Anonymizer) solve(ctx context.Context, c *Counts, population []int64) (*Plan, error) {
	domains := make([]*domain, len(a.cfg.Quasi))
	var errs []error
	for i, q := range a.cfg.Quasi {
		d, err := newDomain(q, c.coders[i])
		if err == nil {
			err = d.addNumbers(a.cfg.Numeric)
		}
		if err != nil {
			errs = append(errs, err)
		}
		domains[i] = d
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("kanon: %w", err)
	}
	if c.spilled() {
		return a.solveSpilled(ctx, c, domains)
	}
	if c.total == 0 && a.cfg.Recoding == Global {
		return a.newPlan(c.ofAll, c.beforehand(domains), domains, a.untouched())
	}
	if c.bound > 0 && a.cfg.Recoding == Local && population == nil && c.recoding() > c.room() {
		return a.solveParts(ctx, c, domains)
	}
	prob := a.problem(c, domains)
	for i := range a.sensitive {
		s, err := a.sensitive[i].lattice(c.values[i], c.tuples.Len())
		if err != nil {
			return nil, err
		}
		prob.Sensitive = append(prob.Sensitive, s)
	}
	if err := errors.Join(a.limits(prob, c), a.addPopulation(prob, population)); err != nil {
		return nil, err
	}
	if a.cfg.Recoding != Global {
		return a.solveLocal(ctx, c, domains, prob)
	}
	result, err := lattice.Solve(ctx, prob)
	if err != nil {
		return nil, a.explain(err, c)
	}
	return a.newPlan(c.ofAll, c.beforehand(domains), domains, result)
}

func (a *Anonymizer) accepts(c *Counts) error {
	if c == nil {
		return errors.New("kanon: no counts")
	}
	if err := c.ready(); err != nil {
		return err
	}
	if !slices.Equal(c.quasi, a.columns()) || c.unit != a.cfg.Unit {
		return fmt.Errorf("kanon: counts are of columns %s and unit %q, want %s and %q",
			quoted(c.quasi), c.unit, quoted(a.columns()), a.cfg.Unit)
	}
	if !slices.EqualFunc(a.sensitive, c.values, func(s sensitiveColumn, v *valueCounts) bool {
		return s.name == v.name && (c.unit != "" && s.frequencies) == (v.items != nil)
	}) {
		return errors.New("kanon: counts are of other sensitive columns or models than asked for; " +
			"take them from NewCounts of this Anonymizer")
	}
	return nil
}

// untouched is the result for a table without rows.
func (a *Anonymizer) untouched() *lattice.Result {
	r := &lattice.Result{Columns: make([]float64, len(a.cfg.Quasi)), Exact: true}
	for _, q := range a.cfg.Quasi {
		r.Levels = append(r.Levels, q.MinLevel)
	}
	return r
}

// problem numbers the values of each column in canonical order.
func (a *Anonymizer) problem(c *Counts, domains []*domain) *lattice.Problem {
	p := a.emptyProblem(c, domains)
	n := c.tuples.Len()
	p.Keys = make([]uint64, n*p.Layout.Words())
	codes := make([]uint32, n)
	for i, d := range domains {
		c.layout.Get(c.tuples.Keys(), i, codes)
		for k, code := range codes {
			codes[k] = d.leaf[code]
		}
		p.Layout.Put(p.Keys, i, codes)
	}
	return p
}

// emptyProblem is all of a problem but the keys of its tuples.
func (a *Anonymizer) emptyProblem(c *Counts, domains []*domain) *lattice.Problem {
	p := &lattice.Problem{
		Rows:     c.rows,
		K:        int64(a.k),
		Measure:  a.cfg.Loss.lattice(a.columns()),
		Limit:    int64(math.Floor(a.cfg.MaxSuppression * float64(c.total))),
		Together: a.cfg.Suppressed == Star,
		Effort:   a.cfg.Effort,
		Workers:  runtime.GOMAXPROCS(0),
	}
	sizes := make([]int, len(domains))
	for i, d := range domains {
		p.Columns = append(p.Columns, d.column)
		sizes[i] = d.size()
	}
	p.Layout = group.NewLayout(sizes)
	if c.people != nil {
		p.People = c.pairs.people(c.tuples.Len(), c.people.Len())
	}
	return p
}

// people lists the people of each of n tuples.
func (l *pairLog) people(n, count int) *lattice.People {
	pairs := l.settle()
	l.tail = nil
	p := &lattice.People{Start: make([]int, n+1), ID: make([]uint32, len(pairs)), Count: count}
	for i, v := range pairs {
		p.Start[v>>32+1]++
		p.ID[i] = uint32(v)
	}
	for i := range n {
		p.Start[i+1] += p.Start[i]
	}
	return p
}

// explain makes an error of the search one for the caller.
func (a *Anonymizer) explain(err error, c *Counts) error {
	var no *lattice.Infeasible
	switch {
	case errors.As(err, &no):
		return fmt.Errorf("kanon: %w: %s", ErrInfeasible, a.whyNot(no, c))
	case errors.Is(err, lattice.ErrNoneFound):
		return fmt.Errorf("kanon: %w: %w; raise effort or max_suppression, raise min_level "+
			"or lower max_level of some columns, or use hierarchies of fewer levels", ErrTooLarge, err)
	}
	return fmt.Errorf("kanon: search: %w", err)
}

func (a *Anonymizer) whyNot(no *lattice.Infeasible, c *Counts) string {
	size, what := c.total, "rows"
	if c.people != nil {
		size, what = int64(c.people.Len()), "people"
	}
	rows := float64(c.total)
	switch {
	case size < int64(a.k):
		return fmt.Sprintf("the whole table has fewer than %d %s", a.k, what)
	case no.Rows == c.total && no.Classes == 1:
		return fmt.Sprintf("%s even where the whole table is one class; %s", a.failing(no), a.reachable(c))
	case float64(no.Rows) > a.cfg.MaxSuppression*rows:
		return fmt.Sprintf("%s at the top level; "+
			"raise max_suppression to %v or more, raise max_level or drop a column",
			a.failing(no), math.Ceil(float64(no.Rows)/rows*1e4)/1e4)
	case a.cfg.Suppressed == Drop:
		return fmt.Sprintf("%s never holds of all classes, or of what is suppressed, within "+
			"max_suppression; raise it", a.wanted())
	}
	return fmt.Sprintf("with suppressed %q the suppressed rows must themselves satisfy %s, "+
		"and within max_suppression they never do; raise it, or choose %q", Star, a.wanted(), Drop)
}

// reachable says how far the whole table satisfies the models that it cannot be
// made to satisfy.
func (a *Anonymizer) reachable(c *Counts) string {
	var most []string
	for k := range a.sensitive {
		n := c.values[k].coder.Len()
		for _, m := range a.sensitive[k].models {
			if d, ok := m.(LDiversity); ok && d.L > float64(n) {
				most = append(most, fmt.Sprintf("column %q has %d different values, so ask for an l of at "+
					"most %d", c.values[k].name, n, n))
				break
			}
		}
	}
	if len(most) == 0 {
		return "ask for less of the models"
	}
	return strings.Join(most, ", and ")
}

// failing says which models fail for how many classes.
func (a *Anonymizer) failing(no *lattice.Infeasible) string {
	var fails []string
	add := func(m fmt.Stringer, classes int) {
		if classes > 0 {
			fails = append(fails, fmt.Sprintf("%s fails for %s", m, classesText(classes)))
		}
	}
	for _, m := range a.cfg.Models {
		switch m := m.(type) {
		case KAnonymity:
			add(m, no.Small)
		case KMap:
			if m.Occurrence != "" {
				add(m, no.Small)
			}
		}
	}
	for k, fail := range no.Criteria {
		for i, n := range fail {
			if k < len(a.sensitive) {
				add(a.sensitive[k].models[i], n)
			} else {
				add(a.populations[k-len(a.sensitive)], n)
			}
		}
	}
	if len(fails) == 0 { // of all classes together, or in a search that does not tell
		return fmt.Sprintf("%s fails for %s", a.wanted(), classesText(no.Classes))
	}
	return strings.Join(fails, " and ")
}

func classesText(n int) string {
	if n == 1 {
		return "1 class"
	}
	return fmt.Sprintf("%d classes", n)
}

// wanted names all models.
func (a *Anonymizer) wanted() string { return strings.Join(a.models(), " and ") }
