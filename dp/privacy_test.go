package dp

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/exact"
)

var long = flag.Bool("long", false, "five times as many runs of each privacy test")

// alarm is the probability that one statistical test fails a right build. All
// run on a fixed stream, so that a build that passed once always passes.
const alarm = 1e-7

// audit runs a mechanism many times on two neighbouring tables and bounds from
// below the ε that it must have. An outcome is two numbers, and an event one in
// which each is at least a bound, or at most. Half of the runs choose the event
// that tells the tables apart best; the others count how often it happens. With
// the bounds of Clopper and Pearson (1934) on both frequencies the result is
// above the true ε with a probability of at most alarm.
func audit(runs int, with, without func() [2]float64) float64 {
	draw := func(f func() [2]float64) [][2]float64 {
		out := make([][2]float64, runs)
		for i := range out {
			out[i] = f()
		}
		return out
	}
	a, b := draw(with), draw(without)
	half := runs / 2
	best, event := math.Inf(-1), func([2]float64) bool { return false }
	swap := false
	for _, e := range events(a[:half:half], b[:half:half]) {
		n, m := count(a[:half], e), count(b[:half], e)
		if eps := lossBound(n, m, half); eps > best {
			best, event, swap = eps, e, false
		}
		if eps := lossBound(m, n, half); eps > best {
			best, event, swap = eps, e, true
		}
	}
	n, m := count(a[half:], event), count(b[half:], event)
	if swap {
		n, m = m, n
	}
	return lossBound(n, m, runs-half)
}

// events are quarter planes with corners at quantiles of the outcomes.
func events(a, b [][2]float64) []func([2]float64) bool {
	var corners [2][]float64
	for d := range corners {
		for _, table := range [][][2]float64{a, b} {
			x := make([]float64, len(table))
			for i := range table {
				x[i] = table[i][d]
			}
			slices.Sort(x)
			for q := 1; q < 10; q++ {
				corners[d] = append(corners[d], x[len(x)*q/10])
			}
		}
		slices.Sort(corners[d])
		corners[d] = append(slices.Compact(corners[d]), math.Inf(-1))
	}
	var out []func([2]float64) bool
	for _, x := range corners[0] {
		for _, y := range corners[1] {
			out = append(out,
				func(o [2]float64) bool { return o[0] >= x && o[1] >= y },
				func(o [2]float64) bool { return !(o[0] > x) && !(o[1] > y) })
		}
	}
	return out
}

func count(outcomes [][2]float64, event func([2]float64) bool) int {
	n := 0
	for _, o := range outcomes {
		if event(o) {
			n++
		}
	}
	return n
}

// lossBound is a lower bound on ln(p/q) for n and m hits in as many runs.
func lossBound(n, m, runs int) float64 {
	if n == 0 {
		return math.Inf(-1)
	}
	if m == runs {
		return math.Inf(-1)
	}
	p := distuv.Beta{Alpha: float64(n), Beta: float64(runs - n + 1)}.Quantile(alarm / 2)
	q := distuv.Beta{Alpha: float64(m + 1), Beta: float64(runs - m)}.Quantile(1 - alarm/2)
	return math.Log(p / q)
}

// trial is a pair of neighbours with a query, and what an outcome is.
type trial struct {
	name    string
	unit    Unit
	query   Query
	with    []row // without: the rows that are not x's
	outcome func(p *plan, t tally) [2]float64
	breaks  []string // faults that the trial must find
}

// faults are mistakes that an implementation could make, put into a scan. None
// can be reached through what the package exports.
var faults = map[string]func(s *Scan){
	"noise divided by 1.185": func(s *Scan) {
		q := &s.plan.questions[0]
		q.count, q.sum = scaled(q.count, 1000, 1185), scaled(q.sum, 1000, 1185)
	},
	"sensitivity off by one": func(s *Scan) {
		q, m := &s.plan.questions[0], int64(s.plan.unit.MaxRows)
		q.count, q.sum = scaled(q.count, m-1, m), scaled(q.sum, m-1, m)
	},
	"no clamping": func(s *Scan) {
		g := &s.plan.measures[0].grid
		g.lower, g.upper = math.Inf(-1), math.Inf(1)
	},
	"no bound on contributions": func(s *Scan) { s.sample.max = 1 << 40 },
}

func scaled(l exact.Laplace, num, den int64) exact.Laplace {
	if l == (exact.Laplace{}) {
		return l
	}
	scale := l.Scale()
	scale.Mul(scale, rat(num, den))
	l, err := exact.NewLaplace(scale)
	if err != nil {
		panic(err)
	}
	return l
}

func repeat(n int, r row) []row { return slices.Repeat([]row{r}, n) }

var others = []row{
	{person: "a", ward: "ICU", days: 20}, {person: "b", ward: "ICU", days: 50},
	{person: "b", ward: "Surgery", days: 10}, {person: "c", ward: "Elsewhere", days: 10},
}

func noisyRows(_ *plan, t tally) [2]float64 { return [2]float64{float64(t.rows[0])} }

// trials have at most four rows a person and cost 1. Person x does the worst
// there is: more rows than that, all in the group looked at and beyond the
// upper bound; or they fill two groups.
func trials() []trial {
	unit := Unit{Column: "patient", MaxRows: 4}
	flood := append(repeat(7, row{person: "x", ward: "ICU", days: 85}), others...)
	spread := append(append(repeat(2, row{person: "x", ward: "ICU"}),
		repeat(2, row{person: "x", ward: "Surgery"})...), others...)
	allButClamp := []string{
		"noise divided by 1.185", "sensitivity off by one", "no bound on contributions"}
	return []trial{
		{"count", unit, Count{Epsilon: 1}, flood, noisyRows, allButClamp},
		{"count by ward", unit, countBy(1), flood, noisyRows, allButClamp},
		{"count, two wards", unit, countBy(1), spread, func(_ *plan, t tally) [2]float64 {
			return [2]float64{float64(t.rows[0]), float64(t.rows[1])}
		}, allButClamp[:2]},
		{"mean by ward", unit, meanBy(1), flood, func(_ *plan, t tally) [2]float64 {
			return [2]float64{float64(t.sums[0]), float64(t.rows[0])}
		}, append(allButClamp, "no clamping")},
		{"mean, as released", unit, meanBy(1), flood, func(p *plan, t tally) [2]float64 {
			rec := p.record(0, t)
			defer rec.Release()
			return [2]float64{value(rec, "mean"), value(rec, "count")}
		}, nil},
		{"one group of two", Unit{Column: "patient", MaxRows: 4, MaxGroups: 1}, countBy(1), spread,
			func(_ *plan, t tally) [2]float64 {
				return [2]float64{float64(t.rows[0]), float64(t.rows[1])}
			}, nil},
	}
}

func value(r arrow.Record, name string) float64 {
	switch a := r.Column(r.Schema().FieldIndices(name)[0]).(type) {
	case interface{ Value(int) float64 }:
		return a.Value(0)
	case interface{ Value(int) int64 }:
		return float64(a.Value(0))
	}
	return math.NaN()
}

// mechanism returns a function that runs a trial on rows once: everything from
// the record to the noisy numbers, in memory that is used again.
func (tr *trial) mechanism(t *testing.T, rows []row, fault string) func() [2]float64 {
	p, err := newPlan(tr.unit, visitSchema, []Query{tr.query})
	if err != nil {
		t.Fatal(err)
	}
	rec := visits(memory.NewGoAllocator(), rows)
	scan := p.newScan(true)
	if fault != "" {
		faults[fault](scan)
	}
	return func() [2]float64 {
		scan.people = column.NewCoder(p.unitType)
		clear(scan.sample.persons)
		scan.sample.n = 0
		if err := scan.Add(rec); err != nil {
			t.Fatal(err)
		}
		return tr.outcome(p, scan.answer()[0])
	}
}

func (tr *trial) loss(t *testing.T, fault string) float64 {
	runs := 200_000
	if fault != "" { // which takes fewer to find
		runs = 100_000
	} else {
		runs /= slower
	}
	if *long {
		runs *= 5
	}
	without := slices.DeleteFunc(slices.Clone(tr.with), func(r row) bool { return r.person == "x" })
	return audit(runs, tr.mechanism(t, tr.with, fault), tr.mechanism(t, without, fault))
}

func TestPrivacy(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 31)
	for _, tr := range trials() {
		got := tr.loss(t, "")
		t.Logf("%s: ε is at least %.3f of 1", tr.name, got)
		if got > 1 {
			t.Errorf("%s: ε is at least %.3f, want at most 1", tr.name, got)
		}
	}
}

// Each fault must be found by the same test, or the test is no good.
func TestPrivacyPower(t *testing.T) {
	if testing.Short() || slower > 1 {
		t.Skip("SKIPPED: long; run it without -short and -race")
	}
	cryptotest.SetGlobalRandom(t, 32)
	for _, tr := range trials() {
		for _, fault := range tr.breaks {
			got := tr.loss(t, fault)
			t.Logf("%s, %s: ε is at least %.3f", tr.name, fault, got)
			if got <= 1 {
				t.Errorf("%s: %s is not found: ε is at least %.3f", tr.name, fault, got)
			}
		}
	}
}

func TestLossBound(t *testing.T) {
	// Clopper and Pearson at 50 of 100, two-sided 1e-7: by bisection on the
	// binomial sums.
	n, runs := 50, 100
	lower := distuv.Beta{Alpha: float64(n), Beta: float64(runs - n + 1)}.Quantile(alarm / 2)
	tail := 0.0
	for k := n; k <= runs; k++ {
		tail += distuv.Binomial{N: float64(runs), P: lower}.Prob(float64(k))
	}
	if math.Abs(tail/(alarm/2)-1) > 1e-3 {
		t.Errorf("P(X >= %d) at the lower bound is %g, want %g", n, tail, alarm/2)
	}
	if got := lossBound(60, 60, 100); got >= 0 {
		t.Errorf("equal tables have an ε of at least %v", got)
	}
	if got := fmt.Sprint(lossBound(0, 5, 10)); got != "-Inf" {
		t.Errorf("no hits: %v", got)
	}
}
