package dp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Query is a question about a table: a Count or a Mean. The set is closed,
// because what a query can reveal has to be proved here.
type Query interface {
	// String is the question in a few words, e.g. "mean stay_days by ward".
	fmt.Stringer
	// Cost is what answering takes from the budget of a session.
	Cost() Cost
	// Columns are the columns that are read, beside that of the unit, each
	// once.
	Columns() []string

	query()
}

// ungrouped is why a grouped query needs keys.
const ungrouped = "groups taken from the data would reveal who is there"

// maxGroups bounds the groups of a query, all of which are in its result.
const maxGroups = 1 << 20

// resultColumns are the names a result gives to its own columns.
var resultColumns = []string{"count", "mean", "noise_scale", "lower", "upper"}

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
		values, ok := keys[name]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("keys: none for %q; list them: %s", name, ungrouped))
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

// named puts a query's text before each of its mistakes.
func named(q Query, err error) error {
	var out []error
	for _, e := range split(err) {
		out = append(out, fmt.Errorf("query %q: %w", q, e))
	}
	return errors.Join(out...)
}
