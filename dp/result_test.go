package dp

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/exact"
)

// pointState is what is exact of the points, for one query each.
func pointState(t *testing.T, unit Unit, rows []point, queries ...Query) (*Scan, *view, []answer) {
	t.Helper()
	rec := points(memory.NewGoAllocator(), rows)
	defer rec.Release()
	return stateOf(t, unit, rec, queries...)
}

// stateOf is what is exact of a record, for one query each.
func stateOf(
	t *testing.T, unit Unit, rec arrow.Record, queries ...Query,
) (*Scan, *view, []answer) {
	t.Helper()
	p, err := newPlan(unit, rec.Schema(), queries)
	if err != nil {
		t.Fatal(err)
	}
	scan := p.newScan(true)
	if err := scan.Add(rec); err != nil {
		t.Fatal(err)
	}
	v, answers := prepared(t, scan)
	return scan, v, answers
}

// again draws the noise anew and returns the columns of the result by name.
func again(v *view, i int, a *answer, n noise, src *entropy.Source) map[string][]float64 {
	q := &v.plan.questions[i]
	noisy := tally{spots: a.spots}
	for _, cells := range a.cells {
		noisy.cells = append(noisy.cells, slices.Clone(cells))
	}
	q.kind.perturb(v, q, &noisy, n, src)
	rec := v.record(i, &answer{noisy, a.noise})
	defer rec.Release()
	out := map[string][]float64{}
	for _, name := range append(resultColumns, "value") {
		if len(rec.Schema().FieldIndices(name)) == 1 {
			out[name] = valuesOf(rec, name)
		}
	}
	for _, f := range rec.Schema().Fields() {
		if out[f.Name] != nil && out["value"] == nil && f.Name != "rank" && f.Name != "place" &&
			f.Name != "bin_lower" && f.Name != "bin_upper" {
			out["value"] = out[f.Name]
		}
	}
	return out
}

// The intervals hold what they say at least as often as they say: for Laplace and
// for Gaussian noise, for few people and for many, and results lie in them.
func TestIntervalsCover(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 51)
	rng := rand.New(rand.NewPCG(31, 32))
	runs := 150 / slower
	if long() {
		runs = 2000
	}
	for _, people := range []int{4, 2000} {
		rows := randomPoints(rng, people)
		for _, gaussian := range []bool{false, true} {
			queries := everyQuery(0.5)
			if gaussian {
				queries = gaussianQueries()
			}
			scan, v, answers := pointState(t, Unit{Column: "who", MaxRows: 2}, rows, queries...)
			for i := range answers {
				truth := again(v, i, &answers[i], silence{}, scan.source)["value"]
				hits, n := 0, 0
				for range runs {
					r := again(v, i, &answers[i], answers[i].noise, scan.source)
					for at := range r["value"] {
						lower, x, upper := r["lower"][at], r["value"][at], r["upper"][at]
						// The values of a Top change places; here it is enough that
						// theirs are not below the least.
						if !(lower <= x && x <= upper) && !(x < 0 && lower == 0) {
							t.Fatalf("%s: %v is not in [%v, %v]", queries[i], x, lower, upper)
						}
						if n++; lower <= truth[at]+1e-9 && truth[at]-1e-9 <= upper {
							hits++
						}
					}
				}
				if _, top := queries[i].(Top); top {
					continue
				}
				least := 0.95 - 5.4*math.Sqrt(0.05*0.95/float64(runs))
				if got := float64(hits) / float64(n); got < least {
					t.Errorf("%s, %d people, gaussian %v: %.4f of the intervals hold the result",
						queries[i], people, gaussian, got)
				}
			}
		}
	}
}

func gaussianQueries() []Query {
	by, keys := byWard, wardsAB
	return []Query{
		Count{By: by, Keys: keys, Rho: 0.1},
		Sum{Column: "x", Upper: 80, By: by, Keys: keys, Epsilon: 1, Delta: 1e-5},
		Mean{Column: "x", Upper: 80, By: by, Keys: keys, Rho: 0.1},
		Deviation{Column: "x", Upper: 80, By: by, Keys: keys, Rho: 0.1},
		Correlation{X: boundX, Y: boundY, By: by, Keys: keys, Rho: 0.1},
		Quantiles{Column: "x", Upper: 80, Ranks: []float64{0.5, 0.9}, By: by, Keys: keys, Rho: 0.1},
	}
}

// The mean absolute error of every result made of cells is what theory says it is,
// its noise_scale, for many rows: within 5 %. (Of Gaussian noise √(2/π) of it, and
// of discrete Laplace noise of scale t 2q/(1-q²) with q = exp(-1/t).)
func TestErrorIsTheNoiseScale(t *testing.T) {
	if slower > 1 {
		t.Skip("SKIPPED: long; run it without -race")
	}
	cryptotest.SetGlobalRandom(t, 52)
	rng := rand.New(rand.NewPCG(33, 34))
	rows := randomPoints(rng, 20_000)
	runs := 4000
	for _, gaussian := range []bool{false, true} {
		queries := everyQuery(1)
		factor := 1.0
		if gaussian {
			queries, factor = gaussianQueries(), math.Sqrt(2/math.Pi)
		}
		scan, v, answers := pointState(t, Unit{Column: "who", MaxRows: 2}, rows, queries...)
		for i, q := range queries {
			switch q.(type) {
			case Quantiles, Top:
				continue
			}
			truth := again(v, i, &answers[i], silence{}, scan.source)["value"][0]
			off, scale := 0.0, 0.0
			for range runs {
				r := again(v, i, &answers[i], answers[i].noise, scan.source)
				off += math.Abs(r["value"][0] - truth)
				scale += r["noise_scale"][0] * factor
			}
			if _, laplace := answers[i].noise.(exact.Laplace); laplace &&
				scaleOf(answers[i].noise) < 100 { // of numbers of rows or people
				q := math.Exp(-1 / scaleOf(answers[i].noise))
				scale = float64(runs) * 2 * q / (1 - q*q)
			}
			if math.Abs(off/scale-1) > 0.05 {
				t.Errorf("%s: off by %.5f, theory says %.5f", q, off/float64(runs), scale/float64(runs))
			}
		}
	}
}

// The error of a quantile of evenly spread values is what theory says, within 5 %:
// on every level the noise of the children before the quantile, each with what is
// missing to one of the share of the rows before it, and of the others with that
// share, by the number of rows.
func TestErrorOfQuantiles(t *testing.T) {
	if slower > 1 {
		t.Skip("SKIPPED: long; run it without -race")
	}
	cryptotest.SetGlobalRandom(t, 53)
	src := entropy.New()
	const each = 40
	var even leaves
	for leaf := range uint32(treeLeaves) {
		even.place, even.rows = append(even.place, leaf), append(even.rows, each)
	}
	n := price{epsilon: 1}.must(int64(dense.levels))
	for _, rank := range []float64{0.5, 0.3} {
		var weights []float64
		share := rank
		for range dense.levels {
			k := int(share * float64(dense.fan))
			share = share*float64(dense.fan) - float64(k)
			at := (float64(k) + share) / float64(dense.fan)
			for child := range dense.fan {
				switch {
				case child < k:
					weights = append(weights, 1-at)
				case child > k:
					weights = append(weights, at)
				default:
					weights = append(weights, share-at)
				}
			}
		}
		want := newBlend(n).of(weights...) / (each * treeLeaves)
		off := 0.0
		runs := 3000
		for range runs {
			off += math.Abs(newTree(dense, even, n, src).quantile(rank)/treeLeaves - rank)
		}
		if got := off / float64(runs); math.Abs(got/want-1) > 0.05 {
			t.Errorf("rank %v: off by %.3g, theory says %.3g", rank, got, want)
		}
	}
}
