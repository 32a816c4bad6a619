package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lethe-go/lethe/dp"
)

// What is asked of the visits in these tests. Nobody has more visits than most, so
// that no row is left out and all that is wrong with a result is its noise.
const (
	visitsAsked = 20_000
	most        = 40
	highest     = 60.0 // days
	runs        = 200
	epsilon     = 1.0
)

var ranks = []float64{0.25, 0.5, 0.9}

// Over 200 runs counts, sums and means of days are off by what their noise_scale
// says, and quantiles by what theory does, within 5 %; and means and quantiles by no more than with the algorithms of
// Google's library at the same ε.
func TestStatisticsAreAsGoodAsTheySay(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 81)
	rows := table(t, visitsAsked, 5)
	days, byPerson := map[string][]float64{}, map[string]int{}
	for _, r := range rows {
		days[r.ward] = append(days[r.ward], min(float64(r.days), highest))
		if byPerson[r.national]++; byPerson[r.national] > most {
			t.Fatal("somebody has more visits")
		}
	}
	var wards []string
	for ward, list := range days {
		if slices.Sort(list); len(list) > 500 {
			wards = append(wards, ward)
		}
	}
	slices.Sort(wards)
	keys := map[string][]string{"ward": wards}
	by := []string{"ward"}
	queries := []dp.Query{
		dp.Count{By: by, Keys: keys, Epsilon: epsilon},
		dp.Sum{Column: "stay_days", Upper: highest, By: by, Keys: keys, Epsilon: epsilon},
		dp.Mean{Column: "stay_days", Upper: highest, By: by, Keys: keys, Epsilon: epsilon},
		dp.Quantiles{Column: "stay_days", Upper: highest, Ranks: ranks, By: by, Keys: keys,
			Epsilon: epsilon},
	}
	names := []string{"count", "sum", "mean", "quantile"}
	truth := func(i, row int) float64 {
		list := days[wards[row%len(wards)]]
		switch i {
		case 0:
			return float64(len(list))
		case 1, 2:
			sum := 0.0
			for _, x := range list {
				sum += x
			}
			if i == 2 {
				sum /= float64(len(list))
			}
			return sum
		}
		list = days[wards[row/len(ranks)]]
		return list[int(math.Ceil(ranks[row%len(ranks)]*float64(len(list))))-1]
	}
	visits := records(t)
	off, scale, n := make([]float64, 4), make([]float64, 4), make([]float64, 4)
	for range runs {
		for i, rec := range ask(t, visits, queries) {
			values, scales := numbers(rec, names[i]), numbers(rec, "noise_scale")
			for row, x := range values {
				off[i] += math.Abs(x - truth(i, row))
				scale[i] += scales[row]
				n[i]++
			}
			rec.Release()
		}
	}
	scale[3] = theory(days, wards, truth) * n[3]
	for i, name := range names {
		if math.Abs(off[i]/scale[i]-1) > 0.05 {
			t.Errorf("%s: off by %.4f, theory says %.4f", name, off[i]/n[i], scale[i]/n[i])
		}
	}
	mean, quantile := google(days, wards, truth)
	t.Logf("means: off by %.4f, Google's by %.4f; quantiles: %.4f (theory: %.4f) and %.4f", off[2]/n[2],
		mean, off[3]/n[3], scale[3]/n[3], quantile)
	if off[2]/n[2] > mean || off[3]/n[3] > quantile {
		t.Error("that is worse than Google's")
	}
}

// records are all visits.
func records(t *testing.T) []arrow.Record {
	t.Helper()
	reader := visits(visitsAsked, 5)
	defer reader.Release()
	var all []arrow.Record
	for reader.Next() {
		rec := reader.Record()
		rec.Retain()
		t.Cleanup(rec.Release)
		all = append(all, rec)
	}
	return all
}

// ask answers queries about all visits, in a session of their own.
func ask(t *testing.T, visits []arrow.Record, queries []dp.Query) []arrow.Record {
	t.Helper()
	session, err := dp.New(dp.Config{Total: dp.Budget{Epsilon: 4 * epsilon},
		Unit: dp.Unit{Column: "national_id", MaxRows: most}})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := array.NewRecordReader(visitSchema, visits)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Release()
	results, err := session.Run(t.Context(), reader, queries...)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func numbers(rec arrow.Record, name string) []float64 {
	var out []float64
	switch a := rec.Column(rec.Schema().FieldIndices(name)[0]).(type) {
	case *array.Float64:
		out = a.Float64Values()
	case *array.Int64:
		for _, x := range a.Int64Values() {
			out = append(out, float64(x))
		}
	}
	return out
}

// google is how much means and quantiles by ward are off with the algorithms of
// Google's library (Go, v4): a sum of distances from the middle and a count, at half
// of ε each; and a walk down a noisy tree of 16^4 leaves that leaves out what is
// less than 0.0075 of a node.
func google(
	days map[string][]float64, wards []string, truth func(i, row int) float64,
) (mean, quantile float64) {
	noise := laplace(rand.New(rand.NewPCG(82, 83)))
	for range runs {
		for w, ward := range wards {
			list, sum := days[ward], 0.0
			for _, x := range list {
				sum += x - highest/2
			}
			sum += noise(most * highest / 2 / (epsilon / 2))
			count := max(1, math.Round(float64(len(list))+noise(most/(epsilon/2))))
			mean += math.Abs(max(0, min(highest/2+sum/count, highest)) - truth(2, w))
			tree := googleTree{list: list, noise: func() float64 { return noise(4 * most / epsilon) },
				nodes: map[[2]int][16]float64{}}
			for i, rank := range ranks {
				quantile += math.Abs(tree.quantile(rank)*highest - truth(3, w*len(ranks)+i))
			}
		}
	}
	return mean / float64(runs*len(wards)), quantile / float64(runs*len(wards)*len(ranks))
}

// laplace draws Laplace noise of a scale.
func laplace(rng *rand.Rand) func(scale float64) float64 {
	return func(scale float64) float64 {
		x := rng.ExpFloat64() * scale
		if rng.Uint32()&1 == 0 {
			x = -x
		}
		return x
	}
}

// theory is how much quantiles by ward are off as dp.Quantiles states its mechanism:
// each of the 61 whole numbers of days has a leaf, on one level, whose number of rows
// gets noise. What is nearest to these numbers, not negative and of the same sum, is
// found by halving: by how much each has to be made smaller.
func theory(days map[string][]float64, wards []string, truth func(i, row int) float64) float64 {
	noise := laplace(rand.New(rand.NewPCG(84, 85)))
	const draws = 3000
	off := 0.0
	for range draws {
		for w, ward := range wards {
			var leaves [highest + 1]float64
			sum := 0.0
			for _, x := range days[ward] {
				leaves[int(x)]++
			}
			for i, n := range leaves {
				leaves[i] = math.Round(n + noise(most/epsilon))
				sum += leaves[i]
			}
			low, high := -1e6, 1e6
			for range 60 {
				less, rest := (low+high)/2, 0.0
				for _, n := range leaves {
					rest += max(0, n-less)
				}
				if rest > sum {
					low = less
				} else {
					high = less
				}
			}
			for i, rank := range ranks {
				leaf, before := -1, 0.0
				for before < rank*sum-1e-6 && leaf < highest {
					leaf++
					before += max(0, leaves[leaf]-low)
				}
				off += math.Abs(float64(leaf) - truth(3, w*len(ranks)+i))
			}
		}
	}
	return off / draws / float64(len(wards)*len(ranks))
}

type googleTree struct {
	list  []float64 // sorted
	noise func() float64
	nodes map[[2]int][16]float64
}

func (g *googleTree) children(level, prefix int) [16]float64 {
	if c, ok := g.nodes[[2]int{level, prefix}]; ok {
		return c
	}
	var c [16]float64
	span := highest / math.Pow(16, float64(level+1))
	for i := range c {
		from, _ := slices.BinarySearch(g.list, span*float64(prefix*16+i))
		to, _ := slices.BinarySearch(g.list, span*float64(prefix*16+i+1))
		if span*float64(prefix*16+i+1) >= highest {
			to = len(g.list)
		}
		c[i] = math.Round(float64(to-from) + g.noise())
	}
	g.nodes[[2]int{level, prefix}] = c
	return c
}

func (g *googleTree) quantile(rank float64) float64 {
	level, prefix := 0, 0
	for ; level < 4; level++ {
		c := g.children(level, prefix)
		total, kept := 0.0, 0.0
		for _, n := range c {
			total += max(0, n)
		}
		for i, n := range c {
			if n <= 0 || n < total*0.0075 {
				c[i] = 0
			}
			kept += c[i]
		}
		if kept == 0 {
			break
		}
		part, last := 0.0, 0
		for i, n := range c {
			if n == 0 {
				continue
			}
			last = i
			if part += n / kept; part >= rank-1e-6 {
				break
			}
		}
		share := c[last] / kept
		rank = max(0, min((rank-(part-share))/share, 1))
		prefix = prefix*16 + last
	}
	return (float64(prefix) + rank) / math.Pow(16, float64(level))
}
