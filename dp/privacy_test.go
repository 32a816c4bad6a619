package dp

import (
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"testing/cryptotest"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/lethe-go/lethe/dp/accounting"
	"github.com/lethe-go/lethe/internal/entropy"
)

// alarm is the probability that one statistical test fails a right build. All
// run on a fixed stream, so that a build that passed once always passes.
const alarm = 1e-7

// long says whether to run every audit in full, with a million runs on either of
// two neighbours.
func long() bool { return os.Getenv("LETHE_LONG") != "" }

// runs is how often a mechanism is run: noise that is a little too small takes most
// to find.
func runs(fault string) int {
	switch {
	case long():
		return 1_000_000
	case fault == tooLittle:
		return 160_000
	case fault != "":
		return 20_000
	}
	return 20_000 / slower
}

const tooLittle = "noise divided by 1.185"

// audit runs a mechanism on two neighbouring tables and bounds from below the ε
// that it must have beside the given δ. An event is an outcome of at least a
// bound, or of at most: an outcome is how much likelier noisy numbers are on one
// table than on the other, so that no events tell the tables apart better (Neyman
// and Pearson 1933). Half of the runs choose the event; the others count how often
// it happens. With the bounds of Clopper and Pearson (1934) on both frequencies the
// result is above the true ε with a probability of at most alarm.
func audit(runs int, delta float64, with, without func() float64) float64 {
	half := runs / 2
	draw := func(f func() float64) (choose, count []float64) {
		out := make([]float64, runs)
		for i := range out {
			out[i] = f()
		}
		choose, count = out[:half:half], out[half:]
		slices.Sort(choose)
		slices.Sort(count)
		return choose, count
	}
	a, aCount := draw(with)
	b, bCount := draw(without)
	best, bound, below, swap := math.Inf(-1), 0.0, false, false
	for q := 1; q < 400; q++ {
		for _, table := range [][]float64{a, b} {
			x := table[half*q/400]
			for _, low := range []bool{false, true} {
				n, m := hits(a, x, low), hits(b, x, low)
				if eps := promise(n, m, half, delta); eps > best {
					best, bound, below, swap = eps, x, low, false
				}
				if eps := promise(m, n, half, delta); eps > best {
					best, bound, below, swap = eps, x, low, true
				}
			}
		}
	}
	n, m := hits(aCount, bound, below), hits(bCount, bound, below)
	if swap {
		n, m = m, n
	}
	return lossBound(n, m, runs-half, delta)
}

// hits is how many of the sorted outcomes are at least x, or below it.
func hits(sorted []float64, x float64, below bool) int {
	at, _ := slices.BinarySearch(sorted, x)
	if below {
		return at
	}
	return len(sorted) - at
}

// promise is about what lossBound will be for an event, to choose one by.
func promise(n, m, runs int, delta float64) float64 {
	over := float64(n) - delta*float64(runs)
	if over <= 0 {
		return math.Inf(-1)
	}
	few := float64(m) + 8
	return math.Log(over/few) - 5.4*math.Sqrt(float64(n)/(over*over)+1/few)
}

// lossBound is a lower bound on ln((p-delta)/q) for n and m hits in as many runs.
func lossBound(n, m, runs int, delta float64) float64 {
	if n == 0 || m == runs || float64(n) <= delta*float64(runs) {
		return math.Inf(-1)
	}
	p, q := clopperPearson(n, runs), 1-clopperPearson(runs-m, runs)
	if p <= delta {
		return math.Inf(-1)
	}
	return math.Log((p - delta) / q)
}

// clopperPearson is a lower bound on the probability of what happened n times.
func clopperPearson(n, runs int) float64 {
	if n == 0 {
		return 0
	}
	low, high := 0.0, 1.0
	for range 60 {
		if p := (low + high) / 2; mathext.RegIncBeta(float64(n), float64(runs-n+1), p) < alarm/2 {
			low = p
		} else {
			high = p
		}
	}
	return low
}

// trial is a pair of neighbours with a query, and the faults that the audit of it
// must find.
type trial struct {
	name   string
	unit   Unit
	query  Query
	with   []row // without: the rows that are not x's
	breaks []string
	// first says that noise that is too little is looked for in a short test, too.
	first bool
	whole bool // takes days for a column of an integer type
}

// claim is the ε that is audited: the query's, or 1 for Gaussian noise.
func (tr *trial) claim() float64 {
	if cost := tr.query.Cost(); cost.Epsilon > 0 {
		return cost.Epsilon
	}
	return 1
}

// faults are mistakes that an implementation could make, put into a scan. None
// can be reached through what the package exports.
var faults = map[string]func(s *Scan){
	tooLittle: func(s *Scan) {
		a := s.plan.questions[0].ask
		a.price.epsilon *= 1.185
		a.price.rho *= 1.185 * 1.185
	},
	"sensitivity off by one": func(s *Scan) {
		a := s.plan.questions[0].ask
		right := a.sensitivity
		a.sensitivity = func(u Unit, groups int, grids []grid) sensitivity {
			u.MaxRows--
			return right(u, groups, grids)
		}
	},
	"no clamping": func(s *Scan) {
		for _, m := range s.plan.measures {
			m.grid.lower, m.grid.upper = math.Inf(-1), math.Inf(1)
		}
	},
	"no bound on contributions": func(s *Scan) { s.sample.max = 1 << 40 },
	"no bound on groups": func(s *Scan) {
		a, most := s.plan.questions[0].ask, s.plan.unit.MaxGroups
		right := a.sensitivity
		a.sensitivity = func(u Unit, groups int, grids []grid) sensitivity {
			u.MaxGroups = most
			return right(u, groups, grids)
		}
		s.plan.unit.MaxGroups = 0
	},
}

// state is everything exact that is left of a table before noise is drawn. All
// rows of x are alike, or fewer than the bound on rows, so that the random sample
// of them is always the same: to draw the noise again and again from one state is
// to run everything from the first record on. Which of x's groups stay is random
// where there are too many, and what is promised holds for each choice; nobody else
// may have too many, or the two states would differ in that, too.
type state struct {
	v     *view
	q     *question
	tally tally
	noise noise
	src   *entropy.Source
}

func (tr *trial) state(t *testing.T, rows []row, fault string) *state {
	t.Helper()
	p, err := newPlan(tr.unit, visitSchema, []Query{tr.query})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range p.measures {
		m.grid.whole = tr.whole
	}
	scan := p.newScan(true)
	if fault != "" {
		faults[fault](scan)
	}
	add(t, scan, rows...)
	v, answers := prepared(t, scan)
	return &state{v, &v.plan.questions[0], answers[0].tally, answers[0].noise, scan.source}
}

// prepared does what Scan.Results does before it adds noise.
func prepared(t *testing.T, scan *Scan) (*view, []answer) {
	t.Helper()
	v, answers, err := scan.sum().prepare(scan.source)
	if err != nil {
		t.Fatal(err)
	}
	return v, answers
}

// numbers are those noise is added to, with noise or without: the cells of all
// groups, or the nodes of the first group's tree on the way to a leaf.
func (s *state) numbers(n noise, leaf int) []float64 {
	var out []float64
	if _, ok := s.q.kind.(ranking); ok {
		form := s.q.grid(s.v, 0).shape()
		tree := newTree(form, s.tally.spots.group(0), n, s.src)
		for level := range form.levels {
			at := node{level, leaf / power(form.fan, form.levels-level)}
			out = append(out, tree.children(at)...)
		}
		return out
	}
	noisy := tally{spots: s.tally.spots}
	for _, cells := range s.tally.cells {
		noisy.cells = append(noisy.cells, slices.Clone(cells))
	}
	s.q.kind.perturb(s.v, s.q, &noisy, n, s.src)
	for _, cells := range noisy.cells {
		for _, x := range cells {
			out = append(out, float64(x))
		}
	}
	return out
}

// silence is noise that is always zero.
type silence struct{}

func (silence) Add(_ *entropy.Source, x int64) int64 { return x }
func (silence) Tail(float64) int64                   { return 0 }

// likelihood is how much likelier noisy numbers are with the one exact numbers than
// with the others, for noise of the family.
func likelihood(n noise, noisy, x, y []float64) float64 {
	sum := 0.0
	for i := range noisy {
		if _, ok := n.(gaussian); ok {
			sum += (noisy[i] - (x[i]+y[i])/2) * (x[i] - y[i])
		} else {
			sum += math.Abs(noisy[i]-y[i]) - math.Abs(noisy[i]-x[i])
		}
	}
	return sum
}

// loss audits a trial. Gaussian noise is held against the δ that continuous
// Gaussian noise of the standard deviation promised has at ε = 1: the least there
// is, and less than what the price says.
func (tr *trial) loss(t *testing.T, fault string) float64 {
	without := slices.DeleteFunc(slices.Clone(tr.with), func(r row) bool { return r.person == "x" })
	a, b := tr.state(t, tr.with, fault), tr.state(t, without, fault)
	leaf := 0
	if _, ok := a.q.kind.(ranking); ok && len(a.tally.spots.place) > 0 {
		leaf = int(slices.Max(a.tally.spots.group(0).place)) // x's
	}
	x, y := a.numbers(silence{}, leaf), b.numbers(silence{}, leaf)
	delta := 0.0
	if _, ok := a.noise.(gaussian); ok {
		var err error
		if delta, err = (accounting.GaussianDP{Mu: gaussianMu}).Delta(1); err != nil {
			t.Fatal(err)
		}
	}
	return audit(runs(fault), delta,
		func() float64 { return likelihood(a.noise, a.numbers(a.noise, leaf), x, y) },
		func() float64 { return likelihood(b.noise, b.numbers(b.noise, leaf), x, y) })
}

// gaussianMu is the sensitivity by the standard deviation of noise of ρ = 1/2.
const gaussianMu = 1

func repeat(n int, r row) []row { return slices.Repeat([]row{r}, n) }

var others = []row{
	{person: "a", ward: "ICU", days: 20}, {person: "b", ward: "ICU", days: 50},
	{person: "b", ward: "Surgery", days: 10}, {person: "c", ward: "Elsewhere", days: 10},
}

// trials have at most four rows a person. Person x does the worst there is: more
// rows than that, all in the group looked at and beyond the upper bound; or in the
// middle of the bounds, where a correlation is most sensitive; or in many groups.
func trials() []trial {
	unit := Unit{Column: "patient", MaxRows: 4}
	days := Variable{Column: "days", Upper: 60}
	flood := append(repeat(7, row{person: "x", ward: "ICU", days: 85}), others...)
	middle := append(repeat(7, row{person: "x", ward: "ICU", days: 30}), others...)
	far := append(repeat(2, row{person: "x", ward: "ICU"}),
		append(repeat(2, row{person: "x", ward: "Surgery"}), others...)...)
	spread := append([]row{{person: "x", ward: "ICU"}, {person: "x", ward: "Surgery"},
		{person: "x", ward: "Children"}}, others...)
	counted := []string{
		tooLittle, "sensitivity off by one", "no bound on contributions"}
	clamped := append(slices.Clone(counted), "no clamping")
	two := Unit{Column: "patient", MaxRows: 2}
	return []trial{
		{"count", unit, Count{Epsilon: 1}, flood, counted, true, false},
		{"count by ward", unit, countBy(1), flood, counted, false, false},
		{"count, two wards", unit, countBy(1), far, counted[:2], false, false},
		{"count, gaussian", unit, Count{Rho: 0.5}, flood, counted, false, false},
		{"people", unit, People{Epsilon: 1}, flood, counted[:1], false, false},
		{"people by ward", two, People{By: []string{"ward"}, Keys: wards, Epsilon: 1},
			append([]row{{person: "x", ward: "ICU"}, {person: "x", ward: "Surgery"}}, others...),
			counted[:2], false, false},
		{"people of one ward", Unit{Column: "patient", MaxRows: 4, MaxGroups: 1},
			People{By: []string{"ward"}, Keys: wards, Epsilon: 1}, spread[:5:5],
			[]string{tooLittle, "no bound on groups"}, false, false},
		{"sum by ward", unit, Sum{Column: "days", Lower: -10, Upper: 60, By: []string{"ward"},
			Keys: wards, Epsilon: 1}, flood, clamped, false, false},
		{"mean by ward", unit, meanBy(1), flood, clamped, false, false},
		{"mean, gaussian", unit, Mean{Column: "days", Upper: 60, Rho: 0.5}, flood, clamped, true, false},
		{"variance", unit, Variance{Column: "days", Upper: 60, Epsilon: 1}, flood, clamped, false, false},
		{"deviation", unit, Deviation{Column: "days", Upper: 60, Epsilon: 1}, flood, clamped, false, false},
		{"covariance", unit, Covariance{X: days, Y: days, Epsilon: 1}, flood, clamped, false, false},
		// Six numbers have to be far off together for the whole loss, which takes
		// many runs; a larger ε shows more.
		{"correlation", two, Correlation{X: days, Y: days, Epsilon: 2}, middle, counted, false, false},
		{"correlation, at a bound", two, Correlation{X: days, Y: days, Rho: 0.5}, flood, clamped, false, false},
		{"quantiles", two, Quantiles{Column: "days", Upper: 60, Ranks: []float64{0.5},
			By: []string{"ward"}, Keys: wards, Epsilon: 1}, flood, counted, false, false},
		{"quantiles, gaussian", two, Quantiles{Column: "days", Upper: 60, Ranks: []float64{0.5},
			Rho: 0.5}, flood, counted, false, false},
		{"quantiles of whole numbers", two, Quantiles{Column: "days", Upper: 60,
			Ranks: []float64{0.5}, Epsilon: 1}, flood, counted, false, true},
		{"histogram", unit, Histogram{Column: "days", Edges: []float64{0, 30, 60, 90}, Epsilon: 1},
			flood, counted, false, false},
		{"top", two, Top{Column: "ward", K: 1, Keys: wards, Epsilon: 1},
			append([]row{{person: "x", ward: "ICU"}, {person: "x", ward: "Surgery"}}, others...),
			counted[:2], false, false},
	}
}

func TestPrivacy(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 31)
	for _, tr := range trials() {
		t.Run(tr.name, func(t *testing.T) {
			got := tr.loss(t, "")
			t.Logf("ε is at least %.3f of %v", got, tr.claim())
			if got > tr.claim() {
				t.Errorf("ε is at least %.3f, want at most %v", got, tr.claim())
			}
		})
	}
}

// Each fault must be found by the same test, or the test is no good.
func TestPrivacyPower(t *testing.T) {
	if testing.Short() || slower > 1 {
		t.Skip("SKIPPED: long; run it without -short and -race")
	}
	cryptotest.SetGlobalRandom(t, 32)
	for _, tr := range trials() {
		t.Run(tr.name, func(t *testing.T) {
			for _, fault := range tr.breaks {
				if !long() && (fault == tooLittle && !tr.first || tr.name == "correlation") {
					continue // which takes more runs
				}
				got := tr.loss(t, fault)
				t.Logf("%s: ε is at least %.3f", fault, got)
				if got <= tr.claim() {
					t.Errorf("%s is not found: ε is at least %.3f", fault, got)
				}
			}
		})
	}
}

func TestLossBound(t *testing.T) {
	// Clopper and Pearson at 50 of 100, two-sided 1e-7: by bisection on the
	// binomial sums.
	n, runs := 50, 100
	lower := clopperPearson(n, runs)
	tail := 0.0
	for k := n; k <= runs; k++ {
		tail += distuv.Binomial{N: float64(runs), P: lower}.Prob(float64(k))
	}
	if math.Abs(tail/(alarm/2)-1) > 1e-3 {
		t.Errorf("P(X >= %d) at the lower bound is %g, want %g", n, tail, alarm/2)
	}
	if got := lossBound(60, 60, 100, 0); got >= 0 {
		t.Errorf("equal tables have an ε of at least %v", got)
	}
	if got := fmt.Sprint(lossBound(0, 5, 10, 0)); got != "-Inf" {
		t.Errorf("no hits: %v", got)
	}
}
