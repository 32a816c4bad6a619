package kanon

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
)

// AddPopulation counts the rows of a record of the population that the table
// is a sample of, one row a person, for KMap and DeltaPresence: generalized as
// the table is, by Transform of the same plan, and all rows of it, to as many
// calls as it takes. Rows of classes that the table lacks are left out. It
// comes after all calls of Add, which is an error from then on. Only the
// quasi-identifiers need to be there. Errors are as those of Add.
func (c *Checker) AddPopulation(rec arrow.Record) error {
	if c.err == nil {
		c.err = c.addPopulation(rec)
	}
	return c.err
}

func (c *Checker) addPopulation(rec arrow.Record) error {
	if !c.seen {
		return errors.New("kanon: check: a population before the table; add the table first")
	}
	if c.population == nil {
		c.population = make([]int64, c.classes.len())
	}
	values := make([][]uint32, len(c.cfg.Quasi))
	for i, column := range c.columns[:len(values)] {
		found := rec.Schema().FieldIndices(column.name)
		if len(found) != 1 {
			return fmt.Errorf("kanon: check: population: column %q: %d columns have this name, want one",
				column.name, len(found))
		}
		read, err := column.reader(rec.Column(found[0]))
		if err != nil {
			return fmt.Errorf("kanon: check: population: column %q: %w", column.name, err)
		}
		if values[i], err = read.block(nil, 0, int(rec.NumRows())); err != nil {
			return fmt.Errorf("kanon: check: population: column %q: %w", column.name, err)
		}
	}
	c.ids = slices.Grow(c.ids[:0], int(rec.NumRows()))[:rec.NumRows()]
	c.classes.known(values, c.ids)
	for _, class := range c.ids {
		if class != noNumber {
			c.population[class]++
		}
	}
	return nil
}

// judgeMap judges the class of fewest people in the population, as counted, or
// the smallest where that is estimated.
func (c *Checker) judgeMap(a *Audit, m KMap) (ModelResult, error) {
	r := ModelResult{Model: m.String(), Wanted: float64(m.K)}
	if m.Occurrence != "" {
		rows := max(c.rows, c.referred)
		if c.cfg.Unit != "" {
			rows = int64(c.columns[len(c.columns)-1].distinct())
		}
		if rows > m.Population {
			return r, fmt.Errorf("kanon: check: %s: a population of %d, but the table has %d",
				m, m.Population, rows)
		}
		r.Wanted, r.Reached = mapThreshold(m, rows), float64(a.Smallest)
		r.Holds = r.Reached >= r.Wanted
		return r, nil
	}
	if c.population == nil {
		return r, fmt.Errorf("kanon: check: %s needs a population; see AddPopulation", m)
	}
	r.Reached = math.Inf(1)
	for _, n := range c.population {
		r.Reached = min(r.Reached, float64(n))
	}
	r.Holds = r.Reached >= r.Wanted
	return r, nil
}

// mapThreshold is how many rows a class needs in a table of some rows: the
// first number that a Poisson number of mean λ, conditioned as the model asks,
// reaches with a chance of at most the significance.
func mapThreshold(m KMap, rows int64) float64 {
	lambda := float64(m.K) * float64(rows) / float64(m.Population)
	most := min(float64(m.K), max(1, float64(rows)))
	chance := func(i int) float64 { // P[X = i]
		log, _ := math.Lgamma(float64(i) + 1)
		return math.Exp(float64(i)*math.Log(lambda) - lambda - log)
	}
	for k := 2; float64(k) < most; k++ {
		sum, whole, last := 0.0, 1.0, k-2
		first := 0
		if m.Occurrence == TruncatedPoisson {
			first, last, whole = 1, k-1, -math.Expm1(-lambda)
		}
		for i := first; i <= last; i++ {
			sum += chance(i)
		}
		if sum >= (1-m.Significance)*whole*(1-1e-12) {
			return float64(k)
		}
	}
	return most
}

// judgePresence judges the class of the largest share.
func (c *Checker) judgePresence(m DeltaPresence) (ModelResult, error) {
	r := ModelResult{Model: m.String(), Wanted: m.Max, Holds: true}
	if c.population == nil {
		return r, fmt.Errorf("kanon: check: %s needs a population; see AddPopulation", m)
	}
	for class, rows := range c.classes.times() {
		people := float64(c.population[class])
		if people < float64(rows) {
			return r, fmt.Errorf("kanon: check: %s: the population lacks rows of the table", m)
		}
		r.Holds = r.Holds && float64(rows) >= m.Min*people && float64(rows) <= m.Max*people
		r.Reached = max(r.Reached, float64(rows)/people)
	}
	return r, nil
}

// judgeAverage divides the classes by their members.
func (a *Audit) judgeAverage(m AverageRisk) ModelResult {
	members, atRisk := 0.0, 0.0
	for _, s := range a.Sizes {
		n := float64(s.Size * s.Classes)
		members += n
		if float64(s.Size)*m.Highest < 1 {
			atRisk += n
		}
	}
	holds := float64(a.Classes) <= m.Risk*members && (m.Highest == 0 || atRisk <= m.AtRisk*members)
	return ModelResult{Model: m.String(), Wanted: m.Risk, Holds: holds,
		Reached: float64(a.Classes) / max(1, members)}
}

// judgeUnique counts who is alone.
func (a *Audit) judgeUnique(m SampleUniqueness) ModelResult {
	members, alone := 0.0, 0.0
	for _, s := range a.Sizes {
		members += float64(s.Size * s.Classes)
		if s.Size == 1 {
			alone = float64(s.Classes)
		}
	}
	return ModelResult{Model: m.String(), Wanted: m.Share, Holds: alone <= m.Share*members,
		Reached: alone / max(1, members)}
}

// judgePopulation has the estimate made of the sizes that the check counted.
func (a *Audit) judgePopulation(m PopulationUniqueness) (ModelResult, error) {
	r := ModelResult{Model: m.String(), Wanted: m.Share}
	share, ok := m.estimate(a.Sizes)
	if !ok {
		return r, fmt.Errorf("kanon: check: %s: there is no estimate for these classes", m)
	}
	r.Reached, r.Holds = share, share <= m.Share
	return r, nil
}

// judgeableWhole refuses parameters of models of the whole table that ask for
// nothing or contradict each other.
func judgeableWhole(m Model) error {
	share := func(x float64) bool { return x >= 0 && x < 1 }
	good := false
	switch m := m.(type) {
	case KMap:
		counted := m.Population == 0 && m.Significance == 0 && m.Occurrence == ""
		estimated := m.Population > 0 && m.Significance > 0 && share(m.Significance) &&
			(m.Occurrence == Poisson || m.Occurrence == TruncatedPoisson)
		good = m.K >= 2 && (counted || estimated)
	case DeltaPresence:
		good = m.Min >= 0 && m.Min <= m.Max && m.Max > 0 && m.Max <= 1
	case AverageRisk:
		good = m.Risk > 0 && share(m.Risk) && m.Highest >= 0 && m.Highest <= 1 && share(m.AtRisk)
	case SampleUniqueness:
		good = share(m.Share)
	case PopulationUniqueness:
		good = share(m.Share) && m.Population > 0 && m.Estimator != ""
	}
	if !good {
		return fmt.Errorf("%s cannot be checked with the parameters given", m)
	}
	return nil
}
