package anonymize

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/lethe-go/lethe/dp"
)

// Statistics are queries with their budget. They see the table after
// minimization and pseudonymization and before generalization.
type Statistics struct {
	Unit dp.Unit `yaml:"unit" json:"unit"`
	// Budget is what the queries of one run may cost together.
	Budget  dp.Budget `yaml:"budget" json:"budget"`
	Queries []Query   `yaml:"queries" json:"queries"`
	// Ledger, where given, is a file made by lethe ledger new or ledger.Create,
	// which bounds what all runs together may cost. Its path is absolute or
	// relative to the policy.
	Ledger string `yaml:"ledger" json:"ledger,omitempty"`
}

// Query holds exactly one query.
type Query struct {
	Count       *dp.Count       `yaml:"count" json:"count,omitempty"`
	People      *dp.People      `yaml:"people" json:"people,omitempty"`
	Sum         *dp.Sum         `yaml:"sum" json:"sum,omitempty"`
	Mean        *dp.Mean        `yaml:"mean" json:"mean,omitempty"`
	Variance    *dp.Variance    `yaml:"variance" json:"variance,omitempty"`
	Deviation   *dp.Deviation   `yaml:"deviation" json:"deviation,omitempty"`
	Covariance  *dp.Covariance  `yaml:"covariance" json:"covariance,omitempty"`
	Correlation *dp.Correlation `yaml:"correlation" json:"correlation,omitempty"`
	Quantiles   *dp.Quantiles   `yaml:"quantiles" json:"quantiles,omitempty"`
	Histogram   *dp.Histogram   `yaml:"histogram" json:"histogram,omitempty"`
	Top         *dp.Top         `yaml:"top" json:"top,omitempty"`
	Groups      *dp.Groups      `yaml:"groups" json:"groups,omitempty"`
}

const wantQuery = "want one of count, people, sum, mean, variance, deviation, covariance, " +
	"correlation, quantiles, histogram, top, groups"

// resolve returns the one query that is given.
func (q Query) resolve() (dp.Query, error) {
	var given []dp.Query
	given = one(given, q.Count)
	given = one(given, q.People)
	given = one(given, q.Sum)
	given = one(given, q.Mean)
	given = one(given, q.Variance)
	given = one(given, q.Deviation)
	given = one(given, q.Covariance)
	given = one(given, q.Correlation)
	given = one(given, q.Quantiles)
	given = one(given, q.Histogram)
	given = one(given, q.Top)
	given = one(given, q.Groups)
	switch len(given) {
	case 0:
		return nil, errors.New("no query; " + wantQuery)
	case 1:
		return given[0], nil
	}
	return nil, errors.New("two queries in one entry; " + wantQuery)
}

// one appends a query that is given.
func one[Q dp.Query](given []dp.Query, q *Q) []dp.Query {
	if q != nil {
		given = append(given, *q)
	}
	return given
}

// queries lists the queries that can be resolved.
func (p *Policy) queries() []dp.Query {
	if p.Statistics == nil {
		return nil
	}
	var queries []dp.Query
	for _, q := range p.Statistics.Queries {
		if query, err := q.resolve(); err == nil { // New refused the others
			queries = append(queries, query)
		}
	}
	return queries
}

// groupings lists each column that a query is grouped by once, in order.
func (p *Policy) groupings() []string {
	var names []string
	for _, q := range p.queries() {
		for _, name := range q.Grouping() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (v *validator) statistics() {
	s := v.policy.Statistics
	if s == nil {
		return
	}
	v.unit(join("statistics", "unit"), "the unit of the statistics", s.Unit.Column)
	session, err := dp.New(dp.Config{Total: s.Budget, Unit: s.Unit})
	v.addAll("statistics", "statistics: ", err)
	if len(s.Queries) == 0 {
		v.addf("statistics", "statistics: no queries")
	}
	before := len(v.mistakes)
	v.eachQuery(s)
	for _, name := range v.policy.groupings() {
		if slices.Contains([]string{"query", "value"}, name) {
			v.addf("statistics", "statistics: a query is grouped by %q, which is a column of the "+
				"table of statistics; rename it in the input", name)
		}
	}
	if session != nil && len(v.mistakes) == before {
		v.addAll(join("statistics", "budget"), "", session.Check(v.policy.queries()...))
	}
}

// eachQuery finds what is wrong with each query by itself, in a session that can
// afford anything. Groups that it needs come with it.
func (v *validator) eachQuery(s *Statistics) {
	total := dp.Budget{Epsilon: math.MaxFloat64, Delta: math.Nextafter(1, 0)}
	if s.Budget.Rho != 0 {
		total = dp.Budget{Rho: math.MaxFloat64, Delta: total.Delta, Gaussian: s.Budget.Gaussian}
	}
	rich, err := dp.New(dp.Config{Total: total, Unit: dp.Unit{Column: "any", MaxRows: 1}})
	v.addAll("statistics", "statistics: ", err)
	if rich == nil {
		return
	}
	all := v.policy.queries()
	for i, q := range s.Queries {
		path := join("statistics", "queries", fmt.Sprint(i))
		query, err := q.resolve()
		if err != nil {
			v.addf(path, "statistics: %v", err)
			continue
		}
		for _, name := range query.Columns() {
			v.reference(path, fmt.Sprintf("query %q", query), name)
		}
		with := []dp.Query{query}
		for _, other := range all {
			_, groups := other.(dp.Groups)
			if groups && q.Groups == nil && slices.Equal(other.Grouping(), query.Grouping()) &&
				rich.Check(other) == nil {
				with = append(with, other)
				break
			}
		}
		v.addAll(path, "", rich.Check(with...))
	}
}
