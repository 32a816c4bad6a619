package dp

import (
	"math"
	"testing"
	"testing/cryptotest"

	"github.com/lethe-go/lethe/internal/entropy"
)

// The intervals hold what they say at least as often as they say, and for a
// count hardly more often.
func TestIntervalsCover(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 51)
	src := entropy.New()
	p, err := newPlan(Unit{Column: "patient", MaxRows: 3}, visitSchema,
		[]Query{countBy(0.5), meanBy(0.5)})
	if err != nil {
		t.Fatal(err)
	}
	const runs = 40_000 / slower
	g := &p.measures[0].grid
	for _, rows := range []int64{0, 1, 10, 100, 10_000} {
		hits := [2]int{}
		for range runs / 3 {
			counts := tally{rows: []int64{rows, rows, rows}}
			p.questions[0].perturb(counts, src)
			rec := p.record(0, counts)
			lo, up := ints(t, rec, "lower"), ints(t, rec, "upper")
			for i := range lo {
				if lo[i] <= rows && rows <= up[i] {
					hits[0]++
				}
			}
			rec.Release()

			means := tally{rows: []int64{rows, rows, rows}}
			for _, x := range []float64{0, 17.3, 60} {
				means.sums = append(means.sums, rows*int64(g.steps(x)))
			}
			p.questions[1].perturb(means, src)
			rec = p.record(1, means)
			low, upp, mid := floats(t, rec, "lower"), floats(t, rec, "upper"), floats(t, rec,
				"mean")
			for i, x := range []float64{0, 17.3, 60} {
				if rows == 0 || low[i] <= x && x <= upp[i] {
					hits[1]++
				}
				if !(low[i] <= mid[i] && mid[i] <= upp[i]) {
					t.Fatalf("mean %v is outside its interval [%v, %v]", mid[i], low[i], upp[i])
				}
			}
			rec.Release()
		}
		n := float64(runs / 3 * 3)
		sd := math.Sqrt(0.05 * 0.95 / n)
		if got := float64(hits[0]) / n; got < 0.95-5.4*sd || got > 0.98 {
			t.Errorf("%d rows: %.4f of the intervals hold the count", rows, got)
		}
		if got := float64(hits[1]) / n; got < 0.95-5.4*sd {
			t.Errorf("%d rows: %.4f of the intervals hold the mean", rows, got)
		}
	}
}

// The mean absolute error of a count is that of the noise, 2q/(1-q²) with
// q = exp(-ε/MaxRows), within 5 %; that of the mean of many rows is close to
// the noise of its sum divided by their number, and of its count times the
// distance from the middle.
func TestAccuracy(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 52)
	src := entropy.New()
	p, err := newPlan(Unit{Column: "patient", MaxRows: 2}, visitSchema,
		[]Query{Count{Epsilon: 0.5}, Mean{Column: "days", Upper: 60, Epsilon: 0.5}})
	if err != nil {
		t.Fatal(err)
	}
	const runs, rows = 40_000, 5000
	count, mean := 0.0, 0.0
	g := &p.measures[0].grid
	for range runs {
		a := tally{rows: []int64{rows}}
		p.questions[0].perturb(a, src)
		count += math.Abs(float64(a.rows[0] - rows))
		b := tally{rows: []int64{rows}, sums: []int64{rows * int64(g.steps(30))}}
		p.questions[1].perturb(b, src)
		mean += math.Abs(g.value(float64(b.sums[0])/float64(b.rows[0])) - 30)
	}
	q := math.Exp(-0.5 / 2)
	if want := 2 * q / (1 - q*q); math.Abs(count/runs/want-1) > 0.05 {
		t.Errorf("count is off by %.3f, theory says %.3f", count/runs, want)
	}
	if want := 2 * 30 / 0.25 / rows; math.Abs(mean/runs/want-1) > 0.05 {
		t.Errorf("mean is off by %.5f, theory says %.5f", mean/runs, want)
	}
}
