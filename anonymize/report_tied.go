package anonymize

import (
	"fmt"
)

// tied warns of tokens that tie the rows of a person together: the models look
// at one row, or one class, at a time.
func (r *run) tied(a *AnonymityReport) []string {
	if a == nil {
		return nil
	}
	var warnings []string
	if l := a.Linked; l != nil && l.ProsecutorHighest > a.After.Risk.ProsecutorHighest {
		warnings = append(warnings, fmt.Sprintf("Column %q ties the rows of a person together. Of the "+
			"people written, %s have a combination of classes that nobody else has, and %s are found "+
			"with a chance above 1 in 5 by whoever knows all their rows. Drop the column, or give each "+
			"row a token of its own, unless the purpose needs it.", a.Unit, formatShare(l.Unique),
			formatShare(l.AtRisk)))
	}
	for _, name := range r.columns {
		c := r.policy.Columns[name]
		m, made := r.tokens.manifest[name]
		if a.Unit != "" || !made || c.Role != Identifier || c.Pseudonym.DateShift != nil || m.Distinct == 0 {
			continue
		}
		if m.Distinct < m.Values {
			warnings = append(warnings, fmt.Sprintf("Column %q has %s different tokens in %s rows, and no "+
				"unit is named, so rows were counted and not people: a class may be one person. Where the "+
				"column identifies a person, name it as privacy.unit.", name, formatCount(m.Distinct),
				formatCount(m.Values)))
		}
	}
	return warnings
}

// emptied warns of quasi-identifiers of which nothing is left.
func (r *Report) emptied() []string {
	var warnings []string
	for i := range r.Columns {
		if c := &r.Columns[i]; c.quasi() && c.Labels == 1 && c.Values > 1 {
			warnings = append(warnings, fmt.Sprintf("Nothing is left of column %q: all of its values became "+
				"one label. Drop it, or ask for less of the models, so that other columns keep more.", c.Name))
		}
	}
	return warnings
}
