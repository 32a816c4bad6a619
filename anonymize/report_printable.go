package anonymize

import "slices"

// printable is a copy of the report in which every text can be shown: names
// and texts come from tables and policies of others. The lists are new, so
// that the caller's report stays as it is.
func (r *Report) printable() *Report {
	c := r.complete()
	show(&c.Title, &c.Purpose, &c.Lethe, &c.Created)
	show(&c.Digests.Policy, &c.Digests.Plan, &c.Digests.Input, &c.Digests.Output)
	c.Warnings = showAll(c.Warnings)
	for i := range c.Columns {
		column := &c.Columns[i]
		role := printable(string(column.Role))
		show(&column.Name)
		column.Role, column.Actions = Role(role), showAll(column.Actions)
	}
	if a := c.Anonymity; a != nil {
		show(&a.Unit, &a.Recoding, &a.Search, &a.Measure, &a.SuppressedAs)
		a.Quasi, a.Written = showAll(a.Quasi), showAll(a.Written)
		a.Models, a.Sensitive = slices.Clone(a.Models), slices.Clone(a.Sensitive)
		for i := range a.Models {
			show(&a.Models[i].Model)
		}
		for i := range a.Sensitive {
			show(&a.Sensitive[i].Column)
		}
	}
	if s := c.Statistics; s != nil {
		show(&s.Unit)
		s.Queries = slices.Clone(s.Queries)
		for i := range s.Queries {
			show(&s.Queries[i].Query, &s.Queries[i].Mechanism)
		}
		if s.Ledger != nil {
			l := *s.Ledger
			show(&l.Dataset, &l.Entry)
			s.Ledger = &l
		}
	}
	return c
}

func show(texts ...*string) {
	for _, t := range texts {
		*t = printable(*t)
	}
}

func showAll(texts []string) []string {
	texts = slices.Clone(texts)
	for i := range texts {
		texts[i] = printable(texts[i])
	}
	return texts
}
