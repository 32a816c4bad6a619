package anonymize

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/dp/local"
)

// LocalDP holds exactly one method that randomizes a column row by row; see
// package local for what it protects and what it does not. The column may be
// sensitive or insensitive. Nothing else of the policy may read it, neither a
// model nor a query nor a filter of rows, because what they tell would be about
// the true values. The randomness is fresh with every run, so that two runs over
// one table cost twice as much.
type LocalDP struct {
	// RandomizedResponse is for categories.
	RandomizedResponse *local.RandomizedResponse `yaml:"randomized_response" json:"randomized_response,omitempty"`
	// UnaryEncoding is for many categories. Its answers are written as text, of a 0 or
	// a 1 for each category.
	UnaryEncoding *local.UnaryEncoding `yaml:"unary_encoding" json:"unary_encoding,omitempty"`
	// Noise is for numbers.
	Noise *local.Noise `yaml:"noise" json:"noise,omitempty"`
}

// LocalDPReport says how a column was randomized.
type LocalDPReport struct {
	Method   string  `json:"method"`
	Epsilon  float64 `json:"epsilon"`  // of each cell
	Protects string  `json:"protects"` // in plain words
}

// method is the one that is given, with the ε of a cell; nil where none or several are.
func (l *LocalDP) method() (m local.Method, epsilon float64) {
	given := 0
	if l.RandomizedResponse != nil {
		m, epsilon, given = *l.RandomizedResponse, l.RandomizedResponse.Epsilon, given+1
	}
	if l.UnaryEncoding != nil {
		flat := *l.UnaryEncoding
		flat.Text = true
		m, epsilon, given = flat, flat.Epsilon, given+1
	}
	if l.Noise != nil {
		m, epsilon, given = *l.Noise, l.Noise.Epsilon, given+1
	}
	if given != 1 {
		return nil, 0
	}
	return m, epsilon
}

func (l *LocalDP) report() *LocalDPReport {
	m, epsilon := l.method()
	r := &LocalDPReport{Method: m.String(), Epsilon: epsilon}
	r.Protects = fmt.Sprintf("Whatever a cell of the input held, what is written in its place is more "+
		"or less likely by a factor of at most e^%v for it than for anything else.", r.Epsilon)
	return r
}

// localDP says what is wrong with the randomization of a column, and who else in
// the policy reads it.
func (v *validator) localDP(path, where, name string, c Column) {
	path = join(path, "local_dp")
	m, _ := c.LocalDP.method()
	if m == nil {
		v.addf(path, "%slocal_dp has not exactly one method; want randomized_response, "+
			"unary_encoding or noise", where)
		return
	}
	for _, err := range flatten(m.Validate()) {
		v.addf(path, "%s%s", where, strings.TrimPrefix(err.Error(), "local: "))
	}
	if c.Role == Identifier || c.Role == QuasiIdentifier {
		v.addf(path, "%slocal_dp is for sensitive and insensitive columns, and the role is %q", where,
			c.Role)
	}
	if c.Pseudonym != nil {
		v.addf(path, "%slocal_dp and a pseudonym; want one of them", where)
	}
	for _, reader := range v.policy.readers(name) {
		v.addf(path, "%s%s reads the true values and would tell of them what local_dp hides; "+
			"leave one of them out", where, reader)
	}
}

// readers lists what in the policy depends on the values of the column, beside
// its being written.
func (p *Policy) readers(name string) []string {
	var list []string
	add := func(what, column string) {
		if column == name {
			list = append(list, what)
		}
	}
	if p.Minimize.Retain != nil {
		add("the retention window", p.Minimize.Retain.Column)
	}
	if p.Minimize.Sample != nil {
		add("the sample", p.Minimize.Sample.Column)
	}
	add("the unit", p.Privacy.Unit)
	for _, column := range p.modelled() {
		add("a model", column)
	}
	if s := p.Statistics; s != nil {
		add("the unit of the statistics", s.Unit.Column)
		for _, q := range p.queries() {
			for _, column := range q.Columns() {
				add(fmt.Sprintf("the query %q", q), column)
			}
		}
	}
	for _, other := range sortedColumns(p) {
		for _, subject := range p.subjects([]string{other}) {
			add(fmt.Sprintf("the date shift of %q", other), subject)
		}
	}
	return list
}

// randomizer returns the step that randomizes the columns of the policy that
// are in the schema, nil where there are none.
func (p *Policy) randomizer(in *arrow.Schema) (Transformer, error) {
	var columns []local.Column
	for _, f := range in.Fields() {
		if l := p.Columns[f.Name].LocalDP; l != nil && !p.dropped(f.Name) {
			m, _ := l.method()
			columns = append(columns, local.Column{Name: f.Name, Method: m})
		}
	}
	if len(columns) == 0 {
		return nil, nil
	}
	return local.New(columns...)
}

// randomized says what the randomized columns protect and what they do not;
// empty where there are none.
func (r *Report) randomized() string {
	var names []string
	sum := 0.0
	for _, c := range r.Columns {
		if c.LocalDP != nil {
			names = append(names, c.Name+" (ε"+nbsp+"="+nbsp+formatFigure(c.LocalDP.Epsilon)+")")
			sum += c.LocalDP.Epsilon
		}
	}
	if names == nil {
		return ""
	}
	text := "The values of " + strings.Join(names, ", ") + " were randomized row by row, so that each " +
		"cell is differentially private by itself"
	if len(names) > 1 {
		text += "; what is written of one row tells of it with ε" + nbsp + "=" + nbsp +
			formatFigure(sum) + " in all"
	}
	return text + ". A person with several rows is protected with as many times that, and so is one " +
		"whose row is randomized and released again: the average of many answers is the truth. The " +
		"other columns and the number of rows are not covered, so that it stays known who is in the " +
		"table. A single value says little; shares and means are to be estimated from many."
}
