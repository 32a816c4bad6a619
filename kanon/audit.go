package kanon

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

// Audit is what a check found. It holds counts and names of columns and no
// cell value, so it may be published with the table.
type Audit struct {
	Quasi []string `json:"quasi"`
	// Unit is the column whose distinct values Smallest, Largest, Mean and
	// Sizes count; rows when empty.
	Unit    string `json:"unit,omitempty"`
	Rows    int64  `json:"rows"`
	Classes int64  `json:"classes"`
	// Smallest, Largest and Mean are sizes of classes. All are 0 for a table
	// without rows.
	Smallest int64   `json:"smallest"`
	Largest  int64   `json:"largest"`
	Mean     float64 `json:"mean"`
	// Sizes counts the classes of each size that occurs, ascending; RowSizes
	// does so in rows, which is the same without a unit.
	Sizes    []SizeCount `json:"sizes"`
	RowSizes []SizeCount `json:"row_sizes"`
	// Linked counts, where there is a unit, the groups of people whose rows,
	// taken together, have the same classes equally often, by the size of the
	// group. It is what somebody meets who knows all rows of a person, as far
	// as the table ties them together; nothing bounds it from below.
	Linked []SizeCount `json:"linked,omitempty"`

	Models    []ModelResult    `json:"models"`    // as in CheckConfig
	Sensitive []SensitiveAudit `json:"sensitive"` // as in CheckConfig, then those of models
	// Holds says that every model holds. It is true without models.
	Holds bool `json:"holds"`
}

// SizeCount says how many classes have a size.
type SizeCount struct {
	Size    int64 `json:"size"`
	Classes int64 `json:"classes"`
}

// ModelResult is a privacy model with what was asked and what was reached in
// the class that satisfies it least: of k-anonymity k; of diversity l, which is
// the exponential of the entropy for kinds of entropy. Of the others less is
// better: of recursive diversity c, where 0 stands for a class of fewer than l
// values; of (α, k)-anonymity α, where 1 stands for a class of fewer than k; of
// closeness t; of β-likeness the largest gain of a value, which may be below β
// and still too much where the kind is Enhanced; of δ-disclosure privacy δ,
// which has to stay below what was asked. A table without rows reaches 0, and
// every model holds of it: there is nobody in it to be found.
type ModelResult struct {
	Model   string  `json:"model"` // e.g. "5-anonymity"
	Wanted  float64 `json:"wanted"`
	Reached float64 `json:"reached"`
	Holds   bool    `json:"holds"`
}

// SensitiveAudit is what a table reaches in a sensitive column, in the class
// that does least: the smallest number of distinct values in a class, where
// null counts as a value; and with CheckConfig.Frequencies how much of each
// model could be asked for. All are 0 for a table without rows.
type SensitiveAudit struct {
	Column    string `json:"column"`
	DistinctL int64  `json:"distinct_l"`

	EntropyL float64 `json:"entropy_l,omitempty"` // largest l of entropy diversity
	Alpha    float64 `json:"alpha,omitempty"`     // largest share of a value
	T        float64 `json:"t,omitempty"`         // largest equal distance
	Beta     float64 `json:"beta,omitempty"`      // largest relative gain of a value
	Delta    float64 `json:"delta,omitempty"`     // largest factor of a frequency, in bits
}

// Audit says what the rows added so far satisfy. Without a single Add it is an
// error, since then not even the columns have been seen; a record without rows
// will do.
func (c *Checker) Audit() (*Audit, error) {
	if c.err != nil {
		return nil, c.err
	}
	if !c.seen {
		return nil, errors.New("kanon: check: no record was added")
	}
	rows := c.classes.times()
	sizes := rows
	if c.cfg.Unit != "" {
		sizes = c.peopleIn
	}
	a := &Audit{
		Quasi: slices.Clone(c.cfg.Quasi), Unit: c.cfg.Unit,
		Rows: c.rows, Classes: int64(len(sizes)),
		Sizes: sizeCounts(sizes), RowSizes: sizeCounts(rows),
		Models: []ModelResult{}, Sensitive: []SensitiveAudit{}, Holds: true,
	}
	if c.cfg.Unit != "" {
		a.Linked = c.linked()
	}
	if len(sizes) > 0 {
		a.Smallest, a.Largest = slices.Min(sizes), slices.Max(sizes)
		var sum int64
		for _, size := range sizes {
			sum += size
		}
		a.Mean = float64(sum) / float64(len(sizes))
	}
	for i, column := range c.cfg.Sensitive {
		s := SensitiveAudit{Column: column}
		if len(c.values[i].in) > 0 {
			s.DistinctL = slices.Min(c.values[i].in)
		}
		if c.cfg.Frequencies && c.rows > 0 {
			if err := c.measure(&s, i); err != nil {
				return nil, err
			}
		}
		a.Sensitive = append(a.Sensitive, s)
	}
	for _, m := range c.cfg.Models {
		r, err := c.judge(a, m)
		if err != nil {
			return nil, err
		}
		a.Models = append(a.Models, r)
		a.Holds = a.Holds && r.Holds
	}
	return a, nil
}

// sizeCounts counts equal sizes, in ascending order.
func sizeCounts(sizes []int64) []SizeCount {
	classes := map[int64]int64{}
	for _, size := range sizes {
		classes[size]++
	}
	counts := []SizeCount{}
	for _, size := range slices.Sorted(maps.Keys(classes)) {
		counts = append(counts, SizeCount{size, classes[size]})
	}
	return counts
}

// WriteText writes the audit as a few lines for a reader.
func (a *Audit) WriteText(w io.Writer) error {
	_, err := io.WriteString(w, a.String())
	return err
}

// String is the text of WriteText.
func (a *Audit) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows in %d classes by %s\n", a.Rows, a.Classes, strings.Join(a.Quasi, ", "))
	of := "rows"
	if a.Unit != "" {
		of = "distinct " + a.Unit
	}
	if a.Rows > 0 {
		fmt.Fprintf(&b, "class sizes: %d to %d %s, %.1f on average\n", a.Smallest, a.Largest, of, a.Mean)
	}
	for _, m := range a.Models {
		switch {
		case a.Rows == 0:
			fmt.Fprintf(&b, "%s: holds, as there are no rows\n", m.Model)
		case m.Holds:
			fmt.Fprintf(&b, "%s: holds, reached %s of %v\n", m.Model, figure(m.Reached), m.Wanted)
		default:
			fmt.Fprintf(&b, "%s: FAILS, reached %s of %v\n", m.Model, figure(m.Reached), m.Wanted)
		}
	}
	for _, s := range a.Sensitive {
		if a.Rows == 0 {
			fmt.Fprintf(&b, "%s: no rows\n", s.Column)
			continue
		}
		fmt.Fprintf(&b, "%s: at least %d distinct values in a class\n", s.Column, s.DistinctL)
		if s.EntropyL > 0 {
			fmt.Fprintf(&b, "%s: entropy of %s values; a value has at most %s of a class; t %s, β %s, "+
				"δ %s from the table\n", s.Column, figure(s.EntropyL), figure(s.Alpha), figure(s.T),
				figure(s.Beta), figure(s.Delta))
		}
	}
	return b.String()
}

// figure writes a whole number in full and another one to four digits.
func figure(x float64) string {
	if x == math.Trunc(x) {
		return fmt.Sprint(x)
	}
	return fmt.Sprintf("%.4g", x)
}
