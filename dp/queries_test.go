package dp

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// point is a row of the tables of these tests: who, a group of two columns, and two
// numbers, NaN for a null.
type point struct {
	who        int
	ward, year string
	x, y       float64
}

var pointSchema = arrow.NewSchema([]arrow.Field{
	{Name: "who", Type: arrow.PrimitiveTypes.Int64},
	{Name: "ward", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "year", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "x", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "y", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
}, nil)

// points makes a record; with a dictionary for the ward if that is asked for.
func points(mem memory.Allocator, rows []point) arrow.Record {
	b := array.NewRecordBuilder(mem, pointSchema)
	defer b.Release()
	text := func(i int, s string) {
		if b := b.Field(i).(*array.StringBuilder); s == "" {
			b.AppendNull()
		} else {
			b.Append(s)
		}
	}
	number := func(i int, x float64) {
		if b := b.Field(i).(*array.Float64Builder); x != x {
			b.AppendNull()
		} else {
			b.Append(x)
		}
	}
	for _, r := range rows {
		b.Field(0).(*array.Int64Builder).Append(int64(r.who))
		text(1, r.ward)
		text(2, r.year)
		number(3, r.x)
		number(4, r.y)
	}
	return b.NewRecord()
}

// randomPoints has people of one to four rows; y follows x.
func randomPoints(rng *rand.Rand, people int) []point {
	var rows []point
	for who := range people {
		for range 1 + rng.IntN(4) {
			p := point{who: who, ward: []string{"a", "b", "c", ""}[rng.IntN(4)],
				year: []string{"2019", "2020"}[rng.IntN(2)], x: rng.NormFloat64()*20 + 40}
			p.y = p.x/2 + rng.NormFloat64()*9
			switch rng.IntN(12) {
			case 0:
				p.x = math.NaN()
			case 1:
				p.y = math.NaN()
			}
			rows = append(rows, p)
		}
	}
	rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return rows
}

// clamped lists the pairs of a group that are used, both moved into their bounds.
func clamped(rows []point, ward string, both bool) (x, y []float64) {
	for _, r := range rows {
		if r.ward != ward || r.x != r.x || both && r.y != r.y {
			continue
		}
		x, y = append(x, max(0, min(r.x, 80))), append(y, max(-10, min(r.y, 50)))
	}
	return x, y
}

func meanOf(x []float64) float64 { return total(x) / float64(len(x)) }

func covarianceOf(x, y []float64) float64 {
	sum, mx, my := 0.0, meanOf(x), meanOf(y)
	for i := range x {
		sum += (x[i] - mx) * (y[i] - my)
	}
	return sum / float64(len(x))
}

// free is a cost at which noise is smaller than the tolerance of these tests.
const free = 1e13

var (
	byWard  = []string{"ward"}
	wardsAB = map[string][]string{"ward": {"b", "a"}}
	boundX  = Variable{Column: "x", Upper: 80}
	boundY  = Variable{Column: "y", Lower: -10, Upper: 50}
)

// everyQuery has one query of each kind by public keys.
func everyQuery(epsilon float64) []Query {
	by, keys := byWard, wardsAB
	return []Query{
		Count{By: by, Keys: keys, Epsilon: epsilon},
		People{By: by, Keys: keys, Epsilon: epsilon},
		Sum{Column: "x", Upper: 80, By: by, Keys: keys, Epsilon: epsilon},
		Mean{Column: "x", Upper: 80, By: by, Keys: keys, Epsilon: epsilon},
		Variance{Column: "x", Upper: 80, By: by, Keys: keys, Epsilon: epsilon},
		Deviation{Column: "x", Upper: 80, By: by, Keys: keys, Epsilon: epsilon},
		Covariance{X: boundX, Y: boundY, By: by, Keys: keys, Epsilon: epsilon},
		Correlation{X: boundX, Y: boundY, By: by, Keys: keys, Epsilon: epsilon},
		Quantiles{Column: "x", Upper: 80, Ranks: []float64{0.5, 0.1}, By: by, Keys: keys,
			Epsilon: epsilon},
		Histogram{Column: "x", Edges: []float64{0, 20, 40, 80}, By: by, Keys: keys, Epsilon: epsilon},
		Top{Column: "year", K: 1, By: by, Keys: map[string][]string{"ward": {"b", "a"},
			"year": {"2019", "2020", "2021"}}, Epsilon: epsilon},
	}
}

// value is what a result is about, by row.
func valuesOf(rec arrow.Record, name string) []float64 {
	var out []float64
	switch a := rec.Column(rec.Schema().FieldIndices(name)[0]).(type) {
	case *array.Float64:
		out = slices.Clone(a.Float64Values())
	case *array.Int64:
		for _, v := range a.Int64Values() {
			out = append(out, float64(v))
		}
	}
	return out
}

// answersOf runs queries over rows in batches and shards.
func answersOf(
	t *testing.T, unit Unit, rows []point, batch, shards int, queries ...Query,
) []arrow.Record {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	s, err := New(Config{Total: Budget{Epsilon: 1e18, Delta: 0.9}, Unit: unit})
	if err != nil {
		t.Fatal(err)
	}
	scan, err := s.NewScan(pointSchema, queries...)
	if err != nil {
		t.Fatal(err)
	}
	parts := []*Scan{scan}
	for len(parts) < shards {
		parts = append(parts, scan.Shard())
	}
	i := 0
	for chunk := range slices.Chunk(rows, batch) {
		rec := points(mem, chunk)
		if err := parts[i%shards].Add(rec); err != nil {
			t.Fatal(err)
		}
		rec.Release()
		i++
	}
	for _, part := range parts[1:] {
		if err := scan.Merge(part); err != nil {
			t.Fatal(err)
		}
	}
	return results(t, scan)
}

// Every query gives what plain floating point gives, in any batches and shards.
func TestEveryQueryAgainstPlainArithmetic(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	rows := randomPoints(rng, 900)
	unit := Unit{Column: "who", MaxRows: 4}
	for _, shape := range [][2]int{{len(rows), 1}, {7, 1}, {50, 3}} {
		rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		recs := answersOf(t, unit, rows, shape[0], shape[1], everyQuery(free)...)
		for g, ward := range []string{"b", "a"} {
			x, _ := clamped(rows, ward, false)
			xs, ys := clamped(rows, ward, true)
			count, people, years := 0.0, map[int]bool{}, map[string]map[int]bool{}
			for _, r := range rows {
				if r.ward == ward {
					count++
					people[r.who] = true
					if years[r.year] == nil {
						years[r.year] = map[int]bool{}
					}
					years[r.year][r.who] = true
				}
			}
			bins := make([]float64, 3)
			for _, r := range rows {
				if r.ward == ward && r.x >= 0 && r.x <= 80 {
					bins[min(2, int(r.x/20))]++
				}
			}
			slices.Sort(x)
			rank := func(q float64) float64 { return x[int(math.Ceil(q*float64(len(x))))-1] }
			near := func(i int, name string, at int, want, tolerance float64) {
				t.Helper()
				if got := valuesOf(recs[i], name)[at]; !(math.Abs(got-want) <= tolerance) {
					t.Errorf("%v, ward %s: %s is %v, want %v", shape, ward, name, got, want)
				}
			}
			near(0, "count", g, count, 0)
			near(1, "people", g, float64(len(people)), 0)
			near(2, "sum", g, total(x), 1e-3)
			near(3, "mean", g, meanOf(x), 1e-5)
			near(3, "count", g, float64(len(x)), 0)
			near(4, "variance", g, covarianceOf(x, x), 1e-3)
			near(5, "deviation", g, math.Sqrt(covarianceOf(x, x)), 1e-4)
			near(6, "covariance", g, covarianceOf(xs, ys), 1e-3)
			near(6, "count", g, float64(len(xs)), 0)
			near(7, "correlation", g, covarianceOf(xs, ys)/
				math.Sqrt(covarianceOf(xs, xs)*covarianceOf(ys, ys)), 1e-5)
			near(8, "quantile", 2*g, rank(0.5), 80.0/treeLeaves)
			near(8, "quantile", 2*g+1, rank(0.1), 80.0/treeLeaves)
			for b, want := range bins {
				near(9, "count", 3*g+b, want, 0)
			}
			most := max(len(years["2019"]), len(years["2020"]))
			near(10, "people", g, float64(most), 0)
		}
	}
}

// Groups that are found have the same numbers as the same groups given, sorted by
// their keys, whatever the order of the rows; a null is in no group.
func TestFoundGroups(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	rows := randomPoints(rng, 400)
	unit := Unit{Column: "who", MaxRows: 4}
	by := []string{"ward", "year"}
	keys := map[string][]string{"ward": {"a", "b", "c"}, "year": {"2019", "2020"}}
	var want []float64
	for _, rule := range []Rule{TruncatedGeometric, LaplaceThreshold, GaussianThreshold} {
		for _, shape := range [][2]int{{len(rows), 1}, {7, 1}, {11, 4}} {
			rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			recs := answersOf(t, unit, rows, shape[0], shape[1],
				Count{By: by, Epsilon: free}, Count{By: by, Keys: keys, Epsilon: free},
				Groups{By: by, Rule: rule, Epsilon: 40, Delta: 0.1},
				Top{By: []string{"ward"}, Column: "year", K: 2, Epsilon: free})
			if want == nil {
				want = valuesOf(recs[1], "count")
			}
			if got := valuesOf(recs[0], "count"); !slices.Equal(got, want) {
				t.Errorf("%s, %v: counts %v, want %v", rule, shape, got, want)
			}
			for _, name := range by {
				if !slices.Equal(texts(t, recs[0], name), texts(t, recs[1], name)) ||
					!slices.Equal(texts(t, recs[0], name), texts(t, recs[2], name)) {
					t.Errorf("%s: groups %v", rule, recs[2])
				}
			}
			if recs[3].NumRows() != 6 || !slices.Equal(valuesOf(recs[3], "place"),
				[]float64{1, 2, 1, 2, 1, 2}) {
				t.Errorf("top: %v", recs[3])
			}
		}
	}
}

// With thresholds the noisy numbers of people come along, and a group with fewer
// people than the minimum is never shown.
func TestGroupsWithThresholds(t *testing.T) {
	var rows []point
	for g, people := range []int{1, 9, 10, 60, 300} {
		for who := range people {
			rows = append(rows, point{who: who, ward: fmt.Sprint(g), year: "2020"})
		}
	}
	unit := Unit{Column: "who", MaxRows: 5}
	for _, rule := range []Rule{TruncatedGeometric, LaplaceThreshold, GaussianThreshold} {
		recs := answersOf(t, unit, rows, 100, 1,
			Groups{By: byWard, Rule: rule, MinPeople: 10, Epsilon: 1000, Delta: 0.1})
		got := texts(t, recs[0], "ward")
		if !slices.Contains(got, "4") || !slices.Contains(got, "3") || slices.Contains(got, "1") ||
			slices.Contains(got, "0") {
			t.Errorf("%s shows %v", rule, got)
		}
		if rule == LaplaceThreshold && valuesOf(recs[0], "people")[len(got)-1] != 300 {
			t.Errorf("%v", recs[0])
		}
	}
}

// Bounds that are found are powers of two around most values, and what is made of
// them is what the bounds given would make.
func TestFoundBounds(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 94) // an empty bin passes with falseBin
	rng := rand.New(rand.NewPCG(25, 26))
	var rows []point
	for who := range 5000 {
		rows = append(rows, point{who: who, x: 100 + rng.Float64()*300, y: -3 + rng.Float64()*2})
	}
	rows = append(rows, point{who: -1, x: 1e30}, point{who: -2, x: math.Inf(-1)},
		point{who: -3, x: math.NaN()})
	unit := Unit{Column: "who", MaxRows: 1}
	recs := answersOf(t, unit, rows, 700, 2,
		Mean{Column: "x", BoundsShare: 0.25, Epsilon: 20},
		Mean{Column: "y", BoundsShare: 0.25, Epsilon: 8, Delta: 1e-6},
		Quantiles{Column: "x", BoundsShare: 0.5, Ranks: []float64{0.5}, Epsilon: 20},
		Sum{Column: "x", BoundsShare: 0.5, Epsilon: 1e6})
	for i, want := range [][2]float64{{64, 512}, {-4, -1}, {64, 512}} {
		lower, upper := valuesOf(recs[i], "bound_lower")[0], valuesOf(recs[i], "bound_upper")[0]
		if lower != want[0] || upper != want[1] {
			t.Errorf("query %d: bounds %v and %v, want %v", i, lower, upper, want)
		}
	}
	if got := valuesOf(recs[0], "mean")[0]; math.Abs(got-250) > 5 {
		t.Errorf("mean %v", got)
	}
	// With next to no noise a single value makes a bin.
	if upper := valuesOf(recs[3], "bound_upper")[0]; upper < 1e24 {
		t.Errorf("bound %v", upper)
	}
	empty := answersOf(t, unit, nil, 1, 1, Mean{Column: "x", BoundsShare: 0.5, Epsilon: 1})
	if lower := valuesOf(empty[0], "bound_lower")[0]; !finite(lower) {
		t.Errorf("bounds of nothing: %v", empty[0])
	}
}

// Bounds of both columns, or of one, are found, each for its share of the cost, and
// the noise of the result is that of the rest.
func TestFoundBoundsOfTwo(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 95)
	rng := rand.New(rand.NewPCG(35, 36))
	var rows []point
	for who := range 4000 {
		x := 20 + rng.Float64()*40
		rows = append(rows, point{who: who, x: x, y: -x/32 + rng.Float64()})
	}
	rows = append(rows, point{who: -1, x: math.NaN(), y: -1}, point{who: -2, x: 33, y: math.NaN()})
	xs, ys := []float64{}, []float64{}
	for _, r := range rows[:4000] {
		xs, ys = append(xs, r.x), append(ys, r.y)
	}
	unit := Unit{Column: "who", MaxRows: 1}
	foundX, foundY := Variable{Column: "x", BoundsShare: 0.3}, Variable{Column: "y", BoundsShare: 0.2}
	givenY := Variable{Column: "y", Lower: -4, Upper: 4}
	const epsilon = 40
	for _, q := range []Query{
		Covariance{X: foundX, Y: foundY, Epsilon: epsilon},
		Covariance{X: foundX, Y: givenY, Epsilon: epsilon},
		Correlation{X: foundX, Y: foundY, Epsilon: epsilon},
		Correlation{X: givenY, Y: foundX, Epsilon: epsilon},
		Covariance{X: foundX, Y: foundY, Epsilon: epsilon, Delta: 1e-6},
	} {
		_, v, answers := pointState(t, unit, rows, q)
		rec := answersOf(t, unit, rows, 300, 2, q)[0]
		want, name := covarianceOf(xs, ys), "covariance"
		var x, y Variable
		switch q := q.(type) {
		case Covariance:
			x, y = q.X, q.Y
		case Correlation:
			x, y, name = q.X, q.Y, "correlation"
			want /= math.Sqrt(covarianceOf(xs, xs) * covarianceOf(ys, ys))
		}
		if got := valuesOf(rec, name)[0]; math.Abs(got-want) > 0.02*math.Abs(want) {
			t.Errorf("%v: %v, want %v", q, got, want)
		}
		bounds := map[string][2]float64{"x": {16, 64}, "y": {-2, 0.5}}
		share := 1.0
		for _, side := range []struct {
			prefix string
			of     Variable
		}{{"", x}, {"y_", y}} {
			found := len(rec.Schema().FieldIndices(side.prefix+"bound_lower")) == 1
			if found != (side.of.BoundsShare > 0) {
				t.Fatalf("%v: %v", q, rec.Schema())
			}
			share -= side.of.BoundsShare
			if !found {
				continue
			}
			lower := valuesOf(rec, side.prefix+"bound_lower")[0]
			upper := valuesOf(rec, side.prefix+"bound_upper")[0]
			if want := bounds[side.of.Column]; lower != want[0] || upper != want[1] {
				t.Errorf("%v: bounds of %s are %v and %v, want %v", q, side.of.Column, lower, upper, want)
			}
		}
		scale := float64(v.grids[0].width()) / (epsilon * share)
		if rho := q.Cost().Rho; rho > 0 {
			scale = float64(v.grids[0].width()) / math.Sqrt(2*rho*share)
		} else if name == "correlation" {
			scale *= 1.5
		}
		if got := scaleOf(answers[0].noise); math.Abs(got/scale-1) > 1e-6 {
			t.Errorf("%v: noise of %v, want %v", q, got, scale)
		}
	}
}

func TestMagnitudes(t *testing.T) {
	for _, x := range []float64{0, 1, -1, 1.5, 2, -3, 1e-5, 1e-20, -1e-20, 1e23, -1e23,
		math.SmallestNonzeroFloat64} {
		lower, upper := ends(magnitude(x))
		if !(lower <= x && x <= upper) || lower >= upper {
			t.Errorf("%v is in the bin from %v to %v", x, lower, upper)
		}
	}
	if magnitude(math.Inf(1)) != 2*magnitudes || magnitude(math.Inf(-1)) != 0 ||
		magnitude(math.MaxFloat64) != 2*magnitudes {
		t.Error("infinities are not in the last bins")
	}
}

// Of several ranks none is above a higher one, at any noise.
func TestQuantilesAreMonotone(t *testing.T) {
	rng := rand.New(rand.NewPCG(27, 28))
	rows := randomPoints(rng, 300)
	ranks := make([]float64, 99)
	for i := range ranks {
		ranks[i] = float64(i+1) / 100
	}
	for _, epsilon := range []float64{0.01, 0.1, 1, 10, free} {
		recs := answersOf(t, Unit{Column: "who", MaxRows: 2}, rows, 100, 1,
			Quantiles{Column: "x", Upper: 80, Ranks: ranks, Epsilon: epsilon})
		if got := valuesOf(recs[0], "quantile"); !slices.IsSortedFunc(got, cmp.Compare[float64]) {
			t.Errorf("ε=%v: %v", epsilon, got)
		}
	}
}

func TestQueryMistakes(t *testing.T) {
	s, err := New(Config{Total: Budget{Epsilon: 1, Delta: 0.1}, Unit: Unit{Column: "who",
		MaxRows: 2}})
	if err != nil {
		t.Fatal(err)
	}
	for want, q := range map[string]Query{
		`query "top 0 ": no column`:                       Top{Epsilon: 1},
		`query "top 0 ward": k is 0, want at least 1`:     Top{Column: "ward", Epsilon: 1},
		"rule is \"\", want truncated_geometric, laplace": Groups{By: byWard, Epsilon: 1, Delta: 0.1},
		"delta is 0, want it in (0, 1)":                   Groups{By: byWard, Epsilon: 1},
		"by: no column":                                   Groups{Epsilon: 1, Delta: 0.1},
		"min_people is -1":                                Groups{By: byWard, MinPeople: -1},
		"edges: 1, want at least 2":                       Histogram{Column: "x", Edges: []float64{1}},
		"edges: more than 4096 bins": Histogram{Column: "x", By: byWard,
			Edges: make([]float64, 5000)},
		"edges: entry 2 is 1, want finite":           Histogram{Column: "x", Edges: []float64{1, 1}},
		"ranks: none":                                Quantiles{Column: "x", Upper: 1},
		"ranks: entry 1 is 1, want it above 0":       Quantiles{Ranks: []float64{1}},
		"bounds_share is 1, want":                    Sum{Column: "x", BoundsShare: 1},
		"lower is 1 and upper 2 beside bounds_share": Mean{Lower: 1, Upper: 2, BoundsShare: 0.5},
		"rho is 1 beside epsilon 1":                  Count{Epsilon: 1, Rho: 1},
		"rho is -1, want a positive":                 Count{Rho: -1},
		"delta is 2, want it in [0, 1)":              People{Epsilon: 1, Delta: 2},
		`ask for the groups by ward too`:             Variance{Column: "x", Upper: 1, By: byWard, Epsilon: 1},
		`query "correlation , ": no column`:          Correlation{},
		"both together take all of the cost": Covariance{Epsilon: 1,
			X: Variable{Column: "x", BoundsShare: 0.5}, Y: Variable{Column: "y", BoundsShare: 0.5}},
		"known in ρ alone": Sum{Column: "x", Upper: 1, Rho: 1},
		`query "covariance x, y": lower is 0 and upper 0, want`: Covariance{X: boundX, Y: Variable{Column: "y"}},
	} {
		if err := s.Check(q); err == nil || !contains(err, want) {
			t.Errorf("%v: %v, want %q", q, err, want)
		}
	}
	found := Groups{By: byWard, Rule: LaplaceThreshold, Epsilon: 0.1, Delta: 0.01}
	if err := s.Check(found, found); err == nil || !contains(err, "asked for twice") {
		t.Errorf("%v", err)
	}
	if err := s.Check(Count{By: byWard, Epsilon: 0.1}, found); err != nil {
		t.Error(err)
	}
}

// Every query says how its answer is made private, and of which noise.
func TestMechanisms(t *testing.T) {
	for i, q := range append(everyQuery(1), gaussianQueries()...) {
		want := "discrete Laplace noise on "
		if i >= len(everyQuery(1)) {
			want = "Gaussian noise on "
		}
		if got := q.Mechanism(); !strings.HasPrefix(got, want) || strings.Contains(got, "bounds, and") {
			t.Errorf("%s: %s", q, got)
		}
	}
	for want, q := range map[string]Query{
		"truncated geometric selection by the number of people": Groups{Rule: TruncatedGeometric},
		"Gaussian noise on the number of people, which is told from a threshold on": Groups{
			Rule: GaussianThreshold, Epsilon: 1, Delta: 0.1},
		"Gaussian noise on four sums, and on the numbers of values by magnitude, for bounds": Covariance{
			Y: Variable{BoundsShare: 0.1}, Rho: 1},
	} {
		if got := q.Mechanism(); got != want {
			t.Errorf("%s: %s", q, got)
		}
	}
}
