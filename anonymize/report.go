package anonymize

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/lethe-go/lethe/pseudonym"
)

// ReportVersion is the version of the form in which a [Report] is written.
const ReportVersion = 1

// Report says what was done to a table and what was reached. It holds names of
// columns, counts, parameters and digests and no cell value, so it may be
// published with the table. Its counts are exact: no noise protects them.
// Its JSON form is stable within a Version; see [Report.WriteJSON],
// [Report.WriteText] and [Report.WriteHTML].
type Report struct {
	Version    int               `json:"version"`           // ReportVersion
	Title      string            `json:"title,omitempty"`   // of the release, as its maker calls it
	Purpose    string            `json:"purpose,omitempty"` // what the table is made for
	Lethe      string            `json:"lethe"`             // version of the library
	Created    string            `json:"created"`           // RFC 3339, UTC
	Digests    Digests           `json:"digests"`
	Rows       RowCounts         `json:"rows"`
	Columns    []ColumnReport    `json:"columns"`
	Anonymity  *AnonymityReport  `json:"anonymity,omitempty"`  // nil without quasi-identifiers
	Statistics *StatisticsReport `json:"statistics,omitempty"` // nil without queries
	Warnings   []string          `json:"warnings"`
}

// Digests are SHA-256 values in lower-case hexadecimal; empty where the bytes
// are not known, as for a table in memory.
type Digests struct {
	Policy string `json:"policy"`
	Plan   string `json:"plan"`
	Input  string `json:"input"`
	Output string `json:"output"`
}

// RowCounts follows the rows of the input to the output.
type RowCounts struct {
	Input      int64 `json:"input"`
	Retained   int64 `json:"retained"`   // left by the retention window
	Sampled    int64 `json:"sampled"`    // left by the sample, of those retained
	Suppressed int64 `json:"suppressed"` // by the anonymization, of those sampled
	Output     int64 `json:"output"`     // starred rows among them
}

// ColumnReport says what became of one column.
type ColumnReport struct {
	Name    string   `json:"name"`
	Role    Role     `json:"role"`
	Actions []string `json:"actions"` // in order, in plain words, with their parameters
	Dropped bool     `json:"dropped"`

	// Pseudonym says how the values were replaced, for a column whose policy
	// has a pseudonym.
	Pseudonym *pseudonym.ManifestColumn `json:"pseudonym,omitempty"`

	// LocalDP says how the values were randomized, for a column whose policy has
	// local_dp.
	LocalDP *LocalDPReport `json:"local_dp,omitempty"`

	// For a quasi-identifier: the level chosen of the levels there are
	// (0 is the value itself, Levels the top), and the share of information
	// lost in [0, 1].
	Level  int     `json:"level,omitempty"`
	Levels int     `json:"levels,omitempty"`
	Loss   float64 `json:"loss,omitempty"`

	// Values is how many distinct values the column had, Labels how many
	// distinct labels were written in their place; 0 where not counted.
	Values int64 `json:"values,omitempty"`
	Labels int64 `json:"labels,omitempty"`

	// Before and After are shares of rows, one a distinct value (before) or
	// label (after), without the values themselves: in domain order where
	// Ordered, by falling share otherwise. Where there are more than 60, the
	// neighbours are added up. Suppressed rows are not in After. See setShares.
	Ordered bool      `json:"ordered,omitempty"`
	Before  []float64 `json:"before,omitempty"`
	After   []float64 `json:"after,omitempty"`
}

// AnonymityReport is what the check of the written table found, beside what
// the table was before.
type AnonymityReport struct {
	Quasi []string `json:"quasi"`
	// Written are the columns of the written table that have them, where those
	// are others: two for a column that is written as its bounds.
	Written  []string `json:"written,omitempty"`
	Unit     string   `json:"unit,omitempty"` // column of people; rows when empty
	Recoding string   `json:"recoding"`       // e.g. "local"
	Search   string   `json:"search"`         // e.g. "optimal"
	// Iterations is how often the search of local recoding took classes apart and
	// put them together anew, by choices that Seed started.
	Iterations int    `json:"iterations,omitempty"`
	Seed       uint64 `json:"seed,omitempty"`
	// Bound is what any plan loses at least, where the search could not prove
	// that its own loses least; nil where no bound is known.
	Bound          *float64          `json:"bound,omitempty"`
	Measure        string            `json:"measure"` // of the loss, e.g. "aecs"
	Loss           float64           `json:"loss"`    // by the measure; of the usual ones, a share
	MaxSuppression float64           `json:"max_suppression"`
	Suppression    float64           `json:"suppression"`   // share of rows
	SuppressedAs   string            `json:"suppressed_as"` // "drop" or "star"
	Models         []ModelReport     `json:"models"`
	Sensitive      []SensitiveReport `json:"sensitive,omitempty"`
	// Linked is the risk under somebody who knows all rows of a person, where
	// the written column of the unit ties them together; nil where it does not.
	Linked *Risk       `json:"linked,omitempty"`
	Before ClassReport `json:"before"`
	After  ClassReport `json:"after"`
}

// written are the columns of the written table that have the quasi-identifiers.
func (a *AnonymityReport) written() []string {
	if len(a.Written) > 0 {
		return a.Written
	}
	return a.Quasi
}

// SensitiveReport says how varied a sensitive column is within the classes of
// the written table, whether or not a model asks for it.
type SensitiveReport struct {
	Column string `json:"column"`
	// Distinct is the number of distinct values in the least varied class. At
	// 1 there is a class whose members all have the same value.
	Distinct int64 `json:"distinct"`
}

// ModelReport is one privacy model with what was asked and what was reached.
type ModelReport struct {
	Model   string  `json:"model"` // e.g. "5-anonymity"
	Wanted  float64 `json:"wanted"`
	Reached float64 `json:"reached"`
	Holds   bool    `json:"holds"`
}

// ClassReport describes the equivalence classes of a table and the
// re-identification risk they imply. Sizes are in people where a unit is set,
// in rows otherwise.
type ClassReport struct {
	Classes  int64   `json:"classes"`
	Smallest int64   `json:"smallest"`
	Largest  int64   `json:"largest"`
	Mean     float64 `json:"mean"`
	// Sizes counts classes by size: Sizes[i] classes of size at least
	// SizeFrom[i] and below twice that. The bounds are the powers of two from
	// 1 on. Members[i] is the sum of the sizes of those classes: how many
	// people (or rows) are in them, a person in two classes counted in each.
	// addClasses fills these and the four fields above.
	SizeFrom []int64 `json:"size_from"`
	Sizes    []int64 `json:"sizes"`
	Members  []int64 `json:"members"`
	Risk     Risk    `json:"risk"`
}

// Risk is the probability of re-identification under three attackers: one who
// knows that the person is in the table (prosecutor), one who does not and
// relies on a population of which the table is taken (journalist; the table
// itself stands for the population where none is given, which makes it equal
// to the prosecutor's), and one who wants as many people as possible
// (marketer).
type Risk struct {
	ProsecutorHighest float64 `json:"prosecutor_highest"`
	JournalistHighest float64 `json:"journalist_highest"`
	Marketer          float64 `json:"marketer"`
	AtRisk            float64 `json:"at_risk"`   // share of members of risk above Threshold
	Threshold         float64 `json:"threshold"` // e.g. 0.2
	Unique            float64 `json:"unique"`    // share of members alone in their class
}

// StatisticsReport is what the differentially private queries cost.
type StatisticsReport struct {
	Unit    string `json:"unit"`
	MaxRows int    `json:"max_rows"` // rows one person contributes at most
	// MaxGroups is in how many groups of a query one person counts; 0 is no limit.
	MaxGroups int           `json:"max_groups,omitempty"`
	Total     BudgetReport  `json:"total"`
	Spent     BudgetReport  `json:"spent"`
	Queries   []QueryReport `json:"queries"`
	Ledger    *LedgerReport `json:"ledger,omitempty"` // nil if none paid
}

// LedgerReport is what a ledger says of the run.
type LedgerReport struct {
	Dataset string       `json:"dataset"`
	Total   BudgetReport `json:"total"`
	Before  BudgetReport `json:"before"` // spent by the entries before that of the run
	After   BudgetReport `json:"after"`  // spent with it
	// Entry is the number of the run's entry and its hash, with a colon between.
	// Whoever keeps it finds with lethe ledger verify whether the ledger was put
	// back to an earlier state.
	Entry string `json:"entry"`
}

// BudgetReport is an amount of privacy budget: a dp.Budget, in ρ where Rho is
// not 0 or that of the total is not.
type BudgetReport struct {
	Epsilon float64 `json:"epsilon"`
	Delta   float64 `json:"delta"`
	Rho     float64 `json:"rho,omitempty"`
	// Gaussian says that it is for Gaussian noise alone.
	Gaussian bool `json:"gaussian,omitempty"`
}

// QueryReport is one query and its cost.
type QueryReport struct {
	Query   string  `json:"query"` // e.g. "mean stay_days by ward"
	Epsilon float64 `json:"epsilon"`
	Delta   float64 `json:"delta"`
	Rho     float64 `json:"rho,omitempty"` // in place of Epsilon where the total has one
	Groups  int     `json:"groups"`        // rows of its result
	// Mechanism is how its result is made private, e.g. "discrete Laplace noise on
	// the number of rows".
	Mechanism string `json:"mechanism"`
	// NoiseScale is the scale of the noise in the rows of the result, in their unit,
	// and HalfWidth half the width of their intervals of 95 %; see dp.Scan.Results.
	// They are nil where there are none.
	NoiseScale *Extent `json:"noise_scale,omitempty"`
	HalfWidth  *Extent `json:"half_width,omitempty"`
}

// Extent is where numbers lie.
type Extent struct {
	Least float64 `json:"least"`
	Most  float64 `json:"most"`
}

// WriteJSON writes the report as indented JSON. The same report gives the same
// bytes; lists without elements are [] and never null. A figure that is not a
// finite number cannot be written and is an error.
func (r *Report) WriteJSON(w io.Writer) error {
	text, err := json.MarshalIndent(r.complete(), "", "\t")
	if err != nil {
		return fmt.Errorf("anonymize: report as JSON: %w", err)
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("anonymize: write report: %w", err)
	}
	return nil
}

// Manifest returns how the columns of the release were pseudonymized. A rerun
// under the same keys and policy gives the same tokens.
func (r *Report) Manifest() pseudonym.Manifest {
	m := pseudonym.Manifest{Version: pseudonym.ManifestVersion}
	for _, c := range r.Columns {
		if c.Pseudonym != nil {
			m.Columns = append(m.Columns, *c.Pseudonym)
		}
	}
	return m
}

// complete is a copy of the report whose required lists are not nil.
func (r *Report) complete() *Report {
	c := *r
	c.Columns = append([]ColumnReport{}, r.Columns...)
	for i := range c.Columns {
		c.Columns[i].Actions = orEmpty(c.Columns[i].Actions)
	}
	c.Warnings = orEmpty(r.Warnings)
	if r.Anonymity != nil {
		a := *r.Anonymity
		a.Quasi, a.Models = orEmpty(a.Quasi), orEmpty(a.Models)
		for _, class := range []*ClassReport{&a.Before, &a.After} {
			class.SizeFrom, class.Sizes = orEmpty(class.SizeFrom), orEmpty(class.Sizes)
			class.Members = orEmpty(class.Members)
		}
		c.Anonymity = &a
	}
	if r.Statistics != nil {
		s := *r.Statistics
		s.Queries = orEmpty(s.Queries)
		c.Statistics = &s
	}
	return &c
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
