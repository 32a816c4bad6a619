package dp

import (
	"math"
	"slices"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/entropy"
)

// Each test here carries out an attack on a naive implementation, on which it must
// succeed, and then on ours.

// victim is told apart in these tests by being in the table or not.
const victim = -7

// exactCells is the numbers of a query without noise.
func exactCells(t *testing.T, unit Unit, rows []point, q Query) []int64 {
	t.Helper()
	_, _, answers := pointState(t, unit, rows, q)
	var out []int64
	for _, cells := range answers[0].cells {
		out = append(out, cells...)
	}
	return out
}

// The victim's row makes the rows around it round differently (Casacuberta et al.
// 2022, Widespread underestimation of sensitivity in differentially private
// libraries and how to fix it, CCS, arXiv:2207.10635): the naive sum of values
// clamped to [-2^52, 2^52] moves by far more than one of them.
func TestAttackRounding(t *testing.T) {
	const bound = 1 << 52
	var rows []point
	for who := range 4000 {
		rows = append(rows, point{who: who, x: 0.5})
	}
	with := append([]point{{who: victim, x: bound}}, rows...)
	naive := func(rows []point) float64 {
		sum := 0.0
		for _, r := range rows {
			sum += max(-bound, min(r.x, bound))
		}
		return sum
	}
	// Added to 2^52, each half is rounded away.
	if moved := bound - (naive(with) - naive(rows)); moved < 1000 {
		t.Errorf("the attack fails on the naive sum: it is off by %v", moved)
	}
	q := Sum{Column: "x", Lower: -bound, Upper: bound, Epsilon: 1}
	unit := Unit{Column: "who", MaxRows: 1}
	g, err := fromZero(-bound, bound)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(with)
	if moved := exactCells(t, unit, with, q)[0] - exactCells(t, unit, rows, q)[0]; moved > g.most() {
		t.Errorf("the sum moved by %d, most is %d", moved, g.most())
	}
}

// A value that is infinite or not a number makes a naive sum say so, whatever the
// noise.
func TestAttackInfinities(t *testing.T) {
	for _, x := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		naive := 1.0 + x + 12.5 // with noise
		if finite(naive) {
			t.Error("the attack fails on the naive sum")
		}
		rows := []point{{who: 1, x: 1}, {who: victim, x: x, y: 2}}
		for _, q := range everyQuery(1) {
			recs := answersOf(t, Unit{Column: "who", MaxRows: 1}, rows, 2, 1, q)
			for _, f := range recs[0].Schema().Fields() {
				if f.Type.ID() != arrow.FLOAT64 {
					continue
				}
				for _, v := range valuesOf(recs[0], f.Name) {
					if !finite(v) {
						t.Errorf("%s: %s is %v", q, f.Name, v)
					}
				}
			}
		}
	}
}

// Two large integers wrap around in a naive sum, which then is off by 2^64.
func TestAttackOverflow(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "who", Type: arrow.PrimitiveTypes.Int64},
		{Name: "x", Type: arrow.PrimitiveTypes.Int64}}, nil)
	values := []int64{math.MaxInt64, math.MaxInt64, math.MinInt64, math.MinInt64 + 1, 5}
	table := func(n int) arrow.Record {
		b := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
		defer b.Release()
		for who, x := range values[:n] {
			b.Field(0).(*array.Int64Builder).Append(int64(who))
			b.Field(1).(*array.Int64Builder).Append(x)
		}
		return b.NewRecord()
	}
	naive := int64(0)
	for _, x := range values[:2] {
		naive += x
	}
	if naive > 0 {
		t.Error("the attack fails on the naive sum")
	}
	const lower, upper = math.MinInt64, math.MaxInt64
	want := 0.0
	for n := range len(values) + 1 {
		s, err := New(Config{Total: Budget{Epsilon: free}, Unit: Unit{Column: "who", MaxRows: 1}})
		if err != nil {
			t.Fatal(err)
		}
		scan, err := s.NewScan(schema, Sum{Column: "x", Lower: lower, Upper: upper, Epsilon: free})
		if err != nil {
			t.Fatal(err)
		}
		rec := table(n)
		if err := scan.Add(rec); err != nil {
			t.Fatal(err)
		}
		rec.Release()
		if n > 0 {
			want += float64(values[n-1])
		}
		if got := floats(t, results(t, scan)[0], "sum")[0]; math.Abs(got-want) > 0x1p40 {
			t.Errorf("%d values: sum %v, want %v", n, got, want)
		}
	}
}

// A person whose rows come in many batches, files or shards is bounded in each of
// them alone by a naive implementation, and so counts as often as there are.
func TestAttackSplitPerson(t *testing.T) {
	rows := slices.Repeat([]point{{who: victim, ward: "a", x: 80}}, 60)
	const most, batch = 2, 5
	naive := 0
	for chunk := range slices.Chunk(rows, batch) {
		naive += min(len(chunk), most)
	}
	if naive <= most {
		t.Error("the attack fails on the naive count")
	}
	for _, shards := range []int{1, 2, 12} {
		recs := answersOf(t, Unit{Column: "who", MaxRows: most}, rows, batch, shards,
			Count{Epsilon: free}, Sum{Column: "x", Upper: 80, Epsilon: free})
		if got := ints(t, recs[0], "count")[0]; got != most {
			t.Errorf("%d shards: %d rows of one person", shards, got)
		}
		if got := floats(t, recs[1], "sum")[0]; math.Abs(got-most*80) > 1e-3 {
			t.Errorf("%d shards: a sum of %v of one person", shards, got)
		}
	}
}

// A group that is there only if the victim is gives a naive result a row more,
// whatever the noise; so does a key that only one person has.
func TestAttackGroups(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 71)
	rows := []point{{who: 1, ward: "a"}, {who: 2, ward: "a"}}
	with := append([]point{{who: victim, ward: "rare"}}, rows...)
	naive := func(rows []point) int {
		groups := map[string]int{}
		for _, r := range rows {
			groups[r.ward]++
		}
		return len(groups)
	}
	if naive(rows) == naive(with) {
		t.Error("the attack fails on the naive grouping")
	}
	unit := Unit{Column: "who", MaxRows: 3}
	keys := map[string][]string{"ward": {"a", "rare", "empty"}}
	for _, table := range [][]point{nil, rows, with} {
		recs := answersOf(t, unit, table, 1, 1, Count{By: byWard, Keys: keys, Epsilon: 1})
		if got := texts(t, recs[0], "ward"); !slices.Equal(got, keys["ward"]) {
			t.Errorf("groups %v", got)
		}
	}
	const runs = 300
	shown := 0
	for range runs {
		recs := answersOf(t, unit, with, 9, 1, Groups{By: byWard, Rule: TruncatedGeometric,
			Epsilon: 1, Delta: 1e-6}, Count{By: byWard, Epsilon: 1})
		shown += int(recs[1].NumRows())
	}
	if shown > 0 { // three people at δ = 1e-6
		t.Errorf("groups of one and two people are shown %d times", shown)
	}
}

// TestPrivacyOfGroups has neighbours one of whom has a person in three groups nobody else
// is in, and in none with others: any of them is shown with a probability of at
// most δ.
func TestPrivacyOfGroups(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 72)
	src := entropy.New()
	const delta = 0.2
	runs := 20_000 / slower
	if long() {
		runs = 1_000_000
	}
	for _, rule := range []Rule{TruncatedGeometric, LaplaceThreshold, GaussianThreshold} {
		for _, wrong := range []bool{false, true} {
			groups := 3
			q := Groups{By: byWard, Rule: rule, Epsilon: 1, Delta: delta}
			s, err := newSelection(q, groups)
			if wrong { // the bound on groups, off by one
				s, err = newSelection(q, groups-1)
			}
			if err != nil {
				t.Fatal(err)
			}
			atLeastOne := 0
			for range runs {
				shown := false
				for range groups {
					yes, _ := s.shows(1, src)
					shown = shown || yes
				}
				if shown {
					atLeastOne++
				}
			}
			bound := delta
			if rule == GaussianThreshold {
				bound = delta / 2
			}
			least := clopperPearson(atLeastOne, runs)
			if !wrong && least > bound {
				t.Errorf("%s: shown with a probability of at least %v, want at most %v", rule, least,
					bound)
			}
			// A threshold is an integer, and so may be safe by a margin that hides
			// an error of one.
			if wrong && rule == TruncatedGeometric && least <= bound {
				t.Errorf("%s: an error of one is not found: %v", rule, least)
			}
		}
	}
}

// A group that others are in too tells at most ε, with δ, of whether one more
// person is: all numbers of people, both answers.
func TestPrivacyOfOneGroup(t *testing.T) {
	for _, c := range [][2]float64{{1, 1e-3}, {0.2, 0.05}} {
		s, err := newSelection(Groups{Rule: TruncatedGeometric, Epsilon: c[0], Delta: c[1]}, 1)
		if err != nil {
			t.Fatal(err)
		}
		e, tight := math.Exp(c[0]), 0.0
		for n := range len(s.keep.p) + 2 {
			p, q := s.keep.probability(n), s.keep.probability(n+1)
			for _, over := range []float64{q - e*p, p - e*q, (1 - p) - e*(1-q), (1 - q) - e*(1-p)} {
				tight = max(tight, over)
				if over > c[1]*(1+1e-12) {
					t.Errorf("ε=%v, %d people: δ is %v, want %v", c[0], n, over, c[1])
				}
			}
		}
		if tight < c[1]*(1-1e-9) {
			t.Errorf("ε=%v: δ is %v of %v: not optimal", c[0], tight, c[1])
		}
	}
}
