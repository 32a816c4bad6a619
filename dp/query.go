package dp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Query is a question about a table: a Count, People, Sum, Mean, Variance,
// Deviation, Covariance, Correlation, Quantiles, Histogram, Top, or Groups. The
// set is closed, because what a query can reveal has to be proved here.
//
// By and Keys group the rows of any of them as described for a Count. Epsilon
// alone buys Laplace noise and costs (ε, 0). Epsilon with Delta buys the least Gaussian
// noise there is for them, which has lighter tails, and costs (ε, δ), or the ρ of that
// noise where the budget is one of ρ. Rho alone buys Gaussian noise from a budget of
// ρ. In every case all groups together cost no more than one.
type Query interface {
	// String is the question in a few words, e.g. "mean stay_days by ward".
	fmt.Stringer
	// Cost is what answering takes from the budget of a session.
	Cost() Cost
	// Mechanism is how the answer is made private, in a few words, e.g. "discrete
	// Laplace noise on the number of rows".
	Mechanism() string
	// Columns are the columns that are read, beside that of the unit, each
	// once.
	Columns() []string
	// Grouping are the columns that tell the groups of the result, which has one
	// for each.
	Grouping() []string

	ask(u Unit) *ask
}

var errNoQuery = errors.New("want a query of package dp")

// concrete is the query itself: a pointer is taken for what it points to, and a
// type that only embeds a query is none.
func concrete(q Query) (Query, error) {
	switch q := q.(type) {
	case Count, People, Sum, Mean, Variance, Deviation, Covariance, Correlation, Quantiles,
		Histogram, Top, Groups:
		return q, nil
	case *Count:
		return pointed(q)
	case *People:
		return pointed(q)
	case *Sum:
		return pointed(q)
	case *Mean:
		return pointed(q)
	case *Variance:
		return pointed(q)
	case *Deviation:
		return pointed(q)
	case *Covariance:
		return pointed(q)
	case *Correlation:
		return pointed(q)
	case *Quantiles:
		return pointed(q)
	case *Histogram:
		return pointed(q)
	case *Top:
		return pointed(q)
	case *Groups:
		return pointed(q)
	}
	return nil, errNoQuery
}

func pointed[Q Query](q *Q) (Query, error) {
	if q == nil {
		return nil, errNoQuery
	}
	return *q, nil
}

// asks turns queries into what they ask for. Mistakes name the query.
func asks(u Unit, queries []Query) ([]*ask, []error) {
	var out []*ask
	var errs []error
	for i, q := range queries {
		q, err := concrete(q)
		if err != nil {
			errs = append(errs, fmt.Errorf("query %d: %w", i+1, err))
			continue
		}
		a := q.ask(u)
		if err := a.check(u); err != nil {
			errs = append(errs, named(q, err))
			continue
		}
		out = append(out, a)
	}
	if len(errs) > 0 {
		return out, errs
	}
	return out, unselected(out)
}

// unselected finds queries whose groups nothing finds, and groups that are found
// twice.
func unselected(all []*ask) []error {
	var errs []error
	for i, a := range all {
		same := func(b *ask) bool { return b.selection != nil && slices.Equal(b.by, a.by) }
		switch {
		case a.selection != nil:
			if slices.ContainsFunc(all[:i], same) {
				errs = append(errs, named(a.query, errors.New(
					"groups of the same columns are asked for twice; ask once, for all queries")))
			}
		case a.groups < 0 && !slices.ContainsFunc(all, same):
			errs = append(errs, named(a.query, fmt.Errorf("keys: none for %q; list them, or ask "+
				"for the groups by %s too: %s", a.by[0], strings.Join(a.by, ", "), ungrouped)))
		}
	}
	return errs
}

// ungrouped is why a grouped query needs keys.
const ungrouped = "groups taken from the data would reveal who is there"

// maxGroups bounds the groups of a query, all of which are in its result.
const maxGroups = 1 << 20

// resultColumns are the names that results give to their own columns.
var resultColumns = []string{"count", "people", "sum", "mean", "variance", "deviation",
	"covariance", "correlation", "rank", "quantile", "bin_lower", "bin_upper", "place",
	"noise_scale", "lower", "upper", "bound_lower", "bound_upper", "y_bound_lower",
	"y_bound_upper"}

// checkKeys checks the grouping of a query as far as that is possible without
// a table.
func checkKeys(by []string, keys map[string][]string) error {
	var errs []error
	groups := 1
	for i, name := range by {
		switch {
		case name == "":
			errs = append(errs, fmt.Errorf("by: entry %d is empty", i+1))
			continue
		case slices.Contains(by[:i], name):
			errs = append(errs, fmt.Errorf("by: %q is there twice", name))
			continue
		case slices.Contains(resultColumns, name):
			errs = append(errs, fmt.Errorf(
				"by: %q is a column of the result already; rename it in the table", name))
		}
		if len(keys) == 0 {
			continue
		}
		values, ok := keys[name]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("keys: none for %q; list them, or those of no column: %s",
				name, ungrouped))
		case len(values) == 0:
			errs = append(errs, fmt.Errorf("keys: the list for %q is empty", name))
		}
		if groups <= maxGroups {
			groups *= max(1, min(len(values), maxGroups+1))
		}
	}
	for _, name := range sortedKeys(keys) {
		if !slices.Contains(by, name) {
			errs = append(errs, fmt.Errorf("keys: %q is not in by", name))
		}
	}
	if groups > maxGroups {
		errs = append(errs, fmt.Errorf("keys: more than %d groups", maxGroups))
	}
	return errors.Join(errs...)
}

func sortedKeys(keys map[string][]string) []string {
	names := make([]string, 0, len(keys))
	for name := range keys {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// byText is the part of a query's text that tells its grouping.
func byText(by []string) string {
	if len(by) == 0 {
		return ""
	}
	return " by " + strings.Join(by, ", ")
}

// each lists every name once, in order.
func each(names ...string) []string {
	var out []string
	for _, name := range names {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// named puts a query's text before each of its mistakes.
func named(q Query, err error) error {
	var out []error
	for _, e := range split(err) {
		out = append(out, fmt.Errorf("query %q: %w", q, e))
	}
	return errors.Join(out...)
}
