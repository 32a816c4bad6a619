package anonymize

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lethe-go/lethe/kanon"
)

// verdict is what a report comes down to. Word heads it, Sentence says it.
type verdict struct {
	State    string // "holds", "fails" or "unchecked"
	Word     string
	Sentence string
}

// verdict believes no model that the sizes of the classes contradict.
func (r *Report) verdict() verdict {
	a := r.Anonymity
	if a == nil || len(a.Models) == 0 {
		return verdict{"unchecked", "No guarantee",
			"No privacy model was asked for, so it is not known how well people hide in this table."}
	}
	var failed []string
	for _, m := range a.Models {
		if !m.Holds {
			failed = append(failed, m.Model)
		}
	}
	switch {
	case len(failed) > 0:
		do := "do"
		if len(failed) == 1 {
			do = "does"
		}
		return verdict{"fails", "Do not release", fmt.Sprintf(
			"%s %s not hold on this table (%d of %s).", strings.Join(failed, ", "), do,
			len(failed), plural(int64(len(a.Models)), "privacy model"))}
	case a.After.Classes > 0 && a.After.Smallest < a.wantedK():
		return verdict{"fails", "Do not release", fmt.Sprintf(
			"This report contradicts itself: a class of %s cannot be %d-anonymous.",
			formatCount(a.After.Smallest), a.wantedK())}
	case r.Rows.Output == 0:
		return verdict{"holds", "Holds",
			"The table that was written has no rows, so every privacy model holds on it."}
	}
	subject := "Every privacy model holds"
	if len(a.Models) == 1 {
		subject = a.Models[0].Model + " holds"
	}
	return verdict{"holds", "Holds", fmt.Sprintf(
		"%s on the %s written; the highest risk that somebody is singled out%s went from %s to %s.",
		subject, plural(r.Rows.Output, "row"), a.knowing(), formatChance(a.Before.Risk.ProsecutorHighest),
		formatChance(a.After.Risk.ProsecutorHighest))}
}

// knowing says by what somebody is singled out at that risk, where there is
// more to be known.
func (a *AnonymityReport) knowing() string {
	if a.Linked != nil && a.Linked.ProsecutorHighest > a.After.Risk.ProsecutorHighest {
		return " by one row"
	}
	return ""
}

// members is the word for what classes count.
func (a *AnonymityReport) members() string {
	if a.Unit == "" {
		return "rows"
	}
	return "people"
}

// wantedK is the k of a k-anonymity model among the models, or 0.
func (a *AnonymityReport) wantedK() int64 {
	var k int64
	for _, m := range a.Models {
		if w := int64(min(math.Max(m.Wanted, 0), 1<<53)); m.Model == fmt.Sprintf("%d-anonymity", w) {
			k = max(k, w)
		}
	}
	return k
}

// caveat is one thing that the release does not protect from.
type caveat struct{ Head, Text string }

// caveats lists, in plain words, what is not protected.
func (r *Report) caveats() []caveat {
	var list []caveat
	add := func(head, text string) { list = append(list, caveat{head, text}) }
	if a := r.Anonymity; a != nil {
		add("What all in a class share.", "Whoever knows which class a person is in learns what all "+
			"of its members have in common, without knowing which of them the person is."+r.variety())
		add("Somebody who knows more.", "The models count on an attacker who knows these columns and "+
			"no others: "+orNone(a.Quasi)+". Whoever knows more of a person can find fewer candidates."+
			r.uncounted())
		add("Another release of the same people.", "Each release may hold by itself while both "+
			"together single people out. Compare this one with what was released before.")
		if a.Linked != nil {
			add("All rows of one person.", "The column "+a.Unit+" ties the rows of a person together, and "+
				"the models look at one class at a time. Of the people written, "+
				formatShare(a.Linked.Unique)+" have a combination of classes that nobody else has: whoever "+
				"knows all their rows finds them. Drop the column where the purpose does not need it.")
		}
		if a.Unit == "" {
			add("People with several rows.", "Rows were counted, not people. Where one person has "+
				"several rows, a class of that many rows may be that one person.")
		}
	} else {
		add("Who is in the table.", "No quasi-identifier was named, so nothing was generalized and "+
			"nothing checked: combinations of columns may single people out.")
	}
	if names := r.pseudonyms(); len(names) > 0 {
		add("Pseudonyms.", "They are personal data still (GDPR, Article 4(5) and Recital 26): whoever "+
			"has the key can tell the person, and without it the rows of one person stay linked. "+
			"Identifiers that were written: "+strings.Join(names, ", ")+".")
	}
	if text := r.randomized(); text != "" {
		add("Randomized columns.", text)
	}
	if s := r.Statistics; s != nil {
		add("The statistics and the table together.", "The statistics carry a statement of their own, "+
			s.guarantee()+" with "+s.currency()+nbsp+"="+nbsp+formatFigure(s.Spent.loss())+" and δ"+nbsp+"="+nbsp+
			formatFigure(s.Spent.Delta)+". It does not cover the table, and both together are not "+
			"differentially private.")
	}
	add("The figures of this report.", "They are exact counts without noise. They name no value of "+
		"the table but are not differentially private.")
	return list
}

// variety says how much the classes give away about the sensitive columns.
func (r *Report) variety() string {
	var b strings.Builder
	for _, s := range r.Anonymity.Sensitive {
		switch {
		case s.Distinct < 1:
		case s.Distinct == 1:
			fmt.Fprintf(&b, " In %s there is a class whose members all have the same value.", s.Column)
		default:
			fmt.Fprintf(&b, " In %s each class has at least %s different values.",
				s.Column, formatCount(s.Distinct))
		}
	}
	return b.String()
}

// uncounted names the written columns that the models do not look at.
func (r *Report) uncounted() string {
	var names []string
	for _, c := range r.Columns {
		if !c.Dropped && c.Role != Identifier && !slices.Contains(r.Anonymity.Quasi, c.Name) {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " Written but not counted: " + strings.Join(names, ", ") + "."
}

// pseudonyms names the identifiers that were written.
func (r *Report) pseudonyms() []string {
	var names []string
	for _, c := range r.Columns {
		if c.Role == Identifier && !c.Dropped {
			names = append(names, c.Name)
		}
	}
	return names
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// riskMeasure is one row of the risk table.
type riskMeasure struct{ Name, Means, Before, After string }

// measures explains the risks in a sentence each.
func (a *AnonymityReport) measures() []riskMeasure {
	b, c, who := a.Before.Risk, a.After.Risk, a.members()
	limit := formatChance(b.Threshold)
	if c.Threshold != b.Threshold {
		limit += " (after: " + formatChance(c.Threshold) + ")"
	}
	return []riskMeasure{
		{"Prosecutor, highest", "Somebody who knows that a person is in the table and looks for " +
			"that person: the chance to pick the right record, in the worst case.",
			formatChance(b.ProsecutorHighest), formatChance(c.ProsecutorHighest)},
		{"Journalist, highest", "Somebody who does not know who is in the table and wants to show " +
			"that anybody can be found: the same, measured against the population. Without one, it " +
			"equals the prosecutor's.",
			formatChance(b.JournalistHighest), formatChance(c.JournalistHighest)},
		{"Marketer, average", "Somebody who links as many as possible and does not mind mistakes: " +
			"the share of links that would be right.",
			formatShare(b.Marketer), formatShare(c.Marketer)},
		{"At risk", "The share of " + who + " whose prosecutor risk is above " + limit + ".",
			formatShare(b.AtRisk), formatShare(c.AtRisk)},
		{"Unique", "The share of " + who + " alone in their class.",
			formatShare(b.Unique), formatShare(c.Unique)},
	}
}

// rowStep is one station of the rows from the input to the output.
type rowStep struct {
	Name       string
	Rows, Less int64
	Note       string
}

// steps follows the rows.
func (r *Report) steps() []rowStep {
	n := r.Rows
	list := []rowStep{{Name: "Read", Rows: n.Input}}
	if n.Retained != n.Input {
		list = append(list, rowStep{
			Name: "Within the retention window", Rows: n.Retained, Less: n.Input - n.Retained})
	}
	if n.Sampled != n.Retained {
		list = append(list, rowStep{
			Name: "In the sample", Rows: n.Sampled, Less: n.Retained - n.Sampled})
	}
	if a := r.Anonymity; a != nil {
		s := rowStep{Name: "Not suppressed", Rows: n.Sampled - n.Suppressed, Less: n.Suppressed,
			Note: formatShare(a.Suppression) + " suppressed, " + formatShare(a.MaxSuppression) + " allowed"}
		if a.SuppressedAs == "star" {
			s.Note += "; those rows are written with every quasi-identifier starred"
		}
		list = append(list, s)
	}
	return append(list, rowStep{Name: "Written", Rows: n.Output})
}

// currency is what the budget is counted in.
func (s *StatisticsReport) currency() string {
	if s.Total.Rho != 0 {
		return "ρ"
	}
	return "ε"
}

// guarantee is the name of what the statistics carry.
func (s *StatisticsReport) guarantee() string {
	if s.Total.Gaussian {
		return "Gaussian differential privacy of μ" + nbsp + "=" + nbsp + "√(2ρ),"
	}
	if s.Total.Rho != 0 {
		return "zero-concentrated differential privacy"
	}
	return "differential privacy"
}

// loss is the ε or the ρ, of which the other is 0.
func (b BudgetReport) loss() float64 { return b.Epsilon + b.Rho }

func (q QueryReport) loss() float64 { return q.Epsilon + q.Rho }

// noise says how large the noise of the result is.
func (q QueryReport) noise() string {
	var parts []string
	if q.NoiseScale != nil {
		parts = append(parts, "a scale of "+q.NoiseScale.words())
	}
	if q.HalfWidth != nil {
		parts = append(parts, "95"+nbsp+"% intervals of ±"+nbsp+q.HalfWidth.words())
	}
	return strings.Join(parts, ", ")
}

// how is the query with what makes its result private.
func (q QueryReport) how() string {
	text := q.Query + ": " + q.Mechanism
	if noise := q.noise(); noise != "" {
		text += "; " + noise
	}
	return text + "."
}

// words is one number, or where they lie.
func (e *Extent) words() string {
	least, most := formatFigure(e.Least), formatFigure(e.Most)
	if least == most {
		return least
	}
	return least + " to " + most
}

// protects says what the differential privacy of the statistics is about.
func (s *StatisticsReport) protects() string {
	if s.Unit == "" {
		return "One row is protected."
	}
	groups := ""
	if s.MaxGroups > 0 {
		groups = " in at most " + plural(int64(s.MaxGroups), "group") + " of a query"
	}
	return "One person is protected, as told apart by " + s.Unit + ", with at most " +
		plural(int64(s.MaxRows), "row") + groups + " each. Of whoever has more, that many count, " +
		"chosen at random: what is counted or summed up is then too low, which no interval says."
}

// quasi says whether the column has a level and a loss.
func (c *ColumnReport) quasi() bool { return c.Role == QuasiIdentifier && c.Levels > 0 }

// done lists what was done to the column, its being dropped last.
func (c *ColumnReport) done() []string {
	const dropped = "dropped"
	if !c.Dropped || slices.Contains(c.Actions, dropped) {
		return c.Actions
	}
	return append(slices.Clone(c.Actions), dropped)
}

// fileDigest is the SHA-256 of one file.
type fileDigest struct{ Name, Value string }

func (r *Report) digests() []fileDigest {
	list := []fileDigest{{"Policy", r.Digests.Policy}, {"Plan", r.Digests.Plan},
		{"Input", r.Digests.Input}, {"Output", r.Digests.Output}}
	for i := range list {
		if list[i].Value == "" {
			list[i].Value = "not known"
		}
	}
	return list
}

// lost is what the search lost, as a share where the measure is one of shares.
func (a *AnonymityReport) lost() string {
	if a.Measure == "" || a.Measure == (kanon.Loss{}).String() || a.Recoding != string(kanon.Global) {
		return formatShare(a.Loss)
	}
	return formatFigure(a.Loss) + " by " + a.Measure
}

// searched tells the search, and how far from the optimum it may be.
func (a *AnonymityReport) searched() string {
	switch {
	case a.Iterations > 0:
		return fmt.Sprintf("%s, then classes rebuilt %s from seed %d, not proved to lose least",
			orDash(a.Search), plural(int64(a.Iterations), "time"), a.Seed)
	case a.Recoding == string(kanon.Local):
		return orDash(a.Search) + ", not proved to lose least"
	case a.Bound == nil:
		return orDash(a.Search)
	}
	bound := AnonymityReport{Loss: *a.Bound, Measure: a.Measure, Recoding: a.Recoding}
	return orDash(a.Search) + ", no plan loses less than " + bound.lost()
}
