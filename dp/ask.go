package dp

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/lethe-go/lethe/internal/decimal"
)

// ask is what a query asks for, without a table.
type ask struct {
	query    Query // of its own, not the caller's
	by       []string
	keys     map[string][]string
	groups   int // how many, or -1 where a Groups is to find them
	price    price
	kind     kind
	measures []asked
	// sensitivity is that of the numbers to which noise is added, given the number
	// of groups, or -1 where it is not known, and the grids of the measures.
	sensitivity func(u Unit, groups int, grids []grid) sensitivity
	selection   *selection // of a Groups
	errs        []error
}

// asked is a measure before its column is found.
type asked struct {
	column string
	measure
}

func (a *ask) fail(err error) {
	a.errs = append(a.errs, split(err)...)
}

// number asks for a column on a grid with the given bounds, or, with a share
// above zero, with bounds that are found for that share of the loss.
func (a *ask) number(
	u Unit, column string, lower, upper, share float64, build func(lower, upper float64) (grid, error),
) {
	if column == "" {
		a.fail(errors.New("no column"))
	}
	m := asked{column: column}
	if share == 0 {
		var err error
		if m.grid, err = build(lower, upper); err != nil {
			a.fail(err)
		}
		a.measures = append(a.measures, m)
		return
	}
	if !(share > 0 && share < 1) {
		a.fail(fmt.Errorf("bounds_share is %v, want it above 0 and below 1", share))
	}
	if lower != 0 || upper != 0 {
		a.fail(fmt.Errorf("lower is %v and upper %v beside bounds_share; give bounds or have them "+
			"found", lower, upper))
	}
	m.find = &finding{share: share, build: build}
	a.measures = append(a.measures, m)
}

// check finds every mistake that does not need a table.
func (a *ask) check(u Unit) error {
	errs := append(slices.Clone(a.errs), split(a.price.validate())...)
	errs = append(errs, split(checkKeys(a.by, a.keys))...)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	a.groups = groupCount(a.by, a.keys)
	_, _, err := a.noises(u, a.probe())
	return err
}

// probe are grids as wide as any in place of those whose bounds are to be found.
func (a *ask) probe() []grid {
	grids := make([]grid, len(a.measures))
	for i, m := range a.measures {
		grids[i] = m.grid
		if m.find != nil {
			grids[i], _ = m.find.build(-0.999, 0.999)
		}
	}
	return grids
}

// noises is the noise of the result, and that of finding the bounds of each measure,
// nil where they are given.
func (a *ask) noises(u Unit, grids []grid) (result noise, bounds []noise, err error) {
	l, err := a.price.loss()
	if err != nil || a.sensitivity == nil {
		return nil, nil, err
	}
	bounds, rest := make([]noise, len(a.measures)), big.NewRat(1, 1)
	for i, m := range a.measures {
		if m.find == nil {
			continue
		}
		share := decimal.Of(m.find.share)
		rest.Sub(rest, share)
		if bounds[i], err = l.times(share).noise(steepest(u.MaxRows, 1)); err != nil {
			return nil, nil, err
		}
	}
	if rest.Sign() <= 0 {
		return nil, nil, errors.New("bounds_share: both together take all of the cost, want a sum " +
			"below 1")
	}
	result, err = l.times(rest).noise(a.sensitivity(u, a.groups, grids))
	return result, bounds, err
}

// groupCount is the number of groups, or -1 where it is not known.
func groupCount(by []string, keys map[string][]string) int {
	if len(by) > 0 && len(keys) == 0 {
		return -1
	}
	n := 1
	for _, name := range by {
		n *= len(keys[name])
	}
	return n
}

// groupsOfOne is in how many groups one person can be, of the given number.
func (u Unit) groupsOfOne(groups int) int {
	n := u.MaxRows
	if u.MaxGroups > 0 {
		n = min(n, u.MaxGroups)
	}
	if groups >= 0 {
		n = min(n, groups)
	}
	return max(n, 1)
}
