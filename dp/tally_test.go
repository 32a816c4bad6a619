package dp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
)

// tallyQueries make every part of the sums: numbers, places, people and rows, by
// public keys and by groups that are found.
func tallyQueries() []Query {
	both := []string{"ward", "year"}
	return append(shardQueries(),
		Histogram{Column: "x", Edges: []float64{0, 20, 40, 80}, By: both, Epsilon: free},
		Quantiles{Column: "y", BoundsShare: 0.5, Ranks: []float64{0.5}, By: byWard, Epsilon: free},
		Covariance{X: Variable{Column: "x", BoundsShare: 0.5}, Y: boundY, By: byWard, Epsilon: free},
		People{By: both, Epsilon: free}, People{Epsilon: free},
		Top{Column: "year", K: 1, By: byWard, Epsilon: free})
}

func newShard(t testing.TB, unit Unit, queries ...Query) *Scan {
	t.Helper()
	shard, err := NewShard(unit, pointSchema, queries...)
	if err != nil {
		t.Fatal(err)
	}
	return shard
}

func newRoot(t testing.TB, unit Unit, queries ...Query) *Scan {
	t.Helper()
	p, err := newPlan(unit, pointSchema, queries)
	if err != nil {
		t.Fatal(err)
	}
	return p.newScan(true)
}

func addPoints(t testing.TB, scan *Scan, rows []point) {
	t.Helper()
	rec := points(memory.NewGoAllocator(), rows)
	defer rec.Release()
	if err := scan.Add(rec); err != nil {
		t.Fatal(err)
	}
}

// talliesOf are the tallies of the parts of people of rows in shards, each worked on
// by itself as another process would.
func talliesOf(
	t testing.TB, unit Unit, rows []point, shards, parts int, queries ...Query,
) (tallies [][]byte) {
	t.Helper()
	d := Division{Parts: parts, Key: []byte("a key of a division")}
	of := make([][][]byte, parts)
	for chunk := range slices.Chunk(rows, (len(rows)+shards-1)/shards) {
		shard := newShard(t, unit, queries...)
		addPoints(t, shard, chunk)
		pieces, err := shard.MarshalParts(d)
		if err != nil {
			t.Fatal(err)
		}
		for i, piece := range pieces {
			of[i] = append(of[i], piece)
		}
	}
	for _, pieces := range of {
		scan := newShard(t, unit, queries...)
		for _, piece := range pieces {
			if err := scan.MergeBinary(piece); err != nil {
				t.Fatal(err)
			}
		}
		tally, err := scan.MarshalTally()
		if err != nil {
			t.Fatal(err)
		}
		tallies = append(tallies, tally)
	}
	return tallies
}

func mergeTallies(t testing.TB, scan *Scan, tallies [][]byte) {
	t.Helper()
	for _, data := range tallies {
		if err := scan.MergeTally(data); err != nil {
			t.Fatal(err)
		}
	}
}

// before noise: everything that it is added to, and the groups it is of.
func before(t testing.TB, scan *Scan) string {
	t.Helper()
	v, answers, err := scan.total().prepare(scan.source)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i, a := range answers {
		set := v.groups[v.plan.questions[i].grouping]
		fmt.Fprintln(&b, v.plan.questions[i].query, set.keys, a.cells)
		if a.spots != nil {
			fmt.Fprintln(&b, *a.spots)
		}
	}
	fmt.Fprintln(&b, v.grids)
	return b.String()
}

// Where nothing has to be left out, the numbers of any shards and parts are exactly
// those of one scan, for every query.
func TestTalliesAddUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(61, 62))
	rows := randomPoints(rng, 300)
	unit := Unit{Column: "who", MaxRows: 4}
	whole := newRoot(t, unit, tallyQueries()...)
	addPoints(t, whole, rows)
	want := before(t, whole)
	for _, n := range []struct{ shards, parts int }{{1, 1}, {3, 1}, {1, 5}, {4, 3}, {2, 70}} {
		tallies := talliesOf(t, unit, rows, n.shards, n.parts, tallyQueries()...)
		rng.Shuffle(len(tallies), func(i, j int) { tallies[i], tallies[j] = tallies[j], tallies[i] })
		scan := newRoot(t, unit, tallyQueries()...)
		mergeTallies(t, scan, tallies)
		if diff := cmp.Diff(want, before(t, scan)); diff != "" {
			t.Fatalf("%+v (-one scan +parts):\n%s", n, diff)
		}
		// A worker between may merge them all, as everyone.
		between := newShard(t, unit, tallyQueries()...)
		mergeTallies(t, between, tallies)
		all, err := between.MarshalTally()
		if err != nil {
			t.Fatal(err)
		}
		scan = newRoot(t, unit, tallyQueries()...)
		mergeTallies(t, scan, [][]byte{all})
		if diff := cmp.Diff(want, before(t, scan)); diff != "" {
			t.Fatalf("%+v, merged in between (-one scan +parts):\n%s", n, diff)
		}
	}
}

// Of the rows of a person in three shards each pair is as likely to be kept, and each
// pair of their groups as likely to be counted. Everybody here has groups of their own.
func TestTalliesBoundAlike(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 63)
	const people = 700
	var rows []point
	var wards []string
	for i := range 3 {
		for who := range people {
			rows = append(rows, point{who: who, ward: fmt.Sprint(who, " ", i)})
			wards = append(wards, rows[len(rows)-1].ward)
		}
	}
	keys := map[string][]string{"ward": wards}
	queries := []Query{Count{By: byWard, Keys: keys, Epsilon: free},
		People{By: byWard, Keys: keys, Epsilon: free}}
	for name, unit := range map[string]Unit{
		"rows":   {Column: "who", MaxRows: 2},
		"groups": {Column: "who", MaxRows: 3, MaxGroups: 2},
	} {
		sets := map[string]int{}
		for range 20 / slower {
			scan := newRoot(t, unit, queries...)
			mergeTallies(t, scan, talliesOf(t, unit, rows, 3, 2, queries...))
			sums := scan.total()
			counts := sums.tallies[0].cells[0]
			if !slices.Equal(counts, sums.in[0]) {
				t.Fatalf("%s: rows %v of people %v", name, counts, sums.in[0])
			}
			for who := range people {
				sets[fmt.Sprint(counts[who], counts[people+who], counts[2*people+who])]++
			}
		}
		if p := uniformity(sets, 3); p < alarm || len(sets) != 3 {
			t.Errorf("%s: p = %g, sets %v", name, p, sets)
		}
	}
}

// Parts have everybody once, and nobody can foresee without the key which.
func TestDivision(t *testing.T) {
	rows := make([]point, 4000)
	for i := range rows {
		rows[i] = point{who: i, ward: fmt.Sprint("w", i%3)}
	}
	unit := Unit{Column: "who", MaxRows: 1}
	shard := newShard(t, unit, Count{Epsilon: 1})
	addPoints(t, shard, rows)
	var first [][]uint32
	for _, key := range []string{"one key, 16 bytes", "another, 16 bytes"} {
		d := Division{Parts: 4, Key: []byte(key)}
		parts, err := d.divide(shard.people, shard.present())
		if err != nil {
			t.Fatal(err)
		}
		var all []uint32
		for _, part := range parts {
			if len(part) < 850 || len(part) > 1150 { // 5.5 standard deviations from 1000
				t.Errorf("%d of 4000 people in a part", len(part))
			}
			all = append(all, part...)
		}
		slices.Sort(all)
		if !slices.Equal(all, shard.present()) {
			t.Error("somebody is missing or there twice")
		}
		if first == nil {
			first = parts
		} else if slices.Equal(first[0], parts[0]) {
			t.Error("the key changes nothing")
		}
	}
	for _, d := range []Division{{}, {Parts: 2}, {Parts: -1, Key: []byte("one key, 16 bytes")},
		{Parts: 1 << 20, Key: []byte("one key, 16 bytes")}, {Parts: 2, Key: []byte("short")}} {
		if _, err := shard.MarshalParts(d); err == nil {
			t.Errorf("%d parts and a key of %d bytes are accepted", d.Parts, len(d.Key))
		}
	}
}

func TestTalliesRefused(t *testing.T) {
	unit := Unit{Column: "who", MaxRows: 4}
	queries := tallyQueries()
	rows := randomPoints(rand.New(rand.NewPCG(64, 65)), 30)
	tallies := talliesOf(t, unit, rows, 2, 3, queries...)
	others := talliesOf(t, unit, rows, 2, 2, queries...)
	fewer := talliesOf(t, Unit{Column: "who", MaxRows: 4, MaxGroups: 1}, rows, 1, 1, queries...)
	scan := newRoot(t, unit, queries...)
	mergeTallies(t, scan, tallies[:2])
	rec := points(memory.NewGoAllocator(), rows)
	defer rec.Release()
	shard := newShard(t, unit, queries...)
	addPoints(t, shard, rows)
	piece, err := shard.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	pieces, err := shard.MarshalParts(Division{Parts: 2, Key: []byte("a key of a division")})
	if err != nil {
		t.Fatal(err)
	}
	of := newShard(t, unit, queries...) // of a part
	if err := of.MergeBinary(pieces[0]); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{scan.complete(), "the tallies of 1 of 3 parts are missing"},
		{scan.MergeTally(tallies[0]), "the tally of part 0 was merged already"},
		{scan.MergeTally(others[1]), "different divisions"},
		{scan.MergeTally(fewer[0]), "a tally of other queries"},
		{scan.MergeTally(piece), "malformed tally"},
		{scan.Add(rec), "takes tallies and no rows"},
		{scan.MergeBinary(piece), "takes tallies and no rows"},
		{scan.Merge(scan.Shard()), "takes tallies and no rows"},
		{shard.MergeTally(tallies[0]), "has rows and takes no tallies"},
		{of.MergeBinary(pieces[1]), "one part of one division"},
		{of.MergeBinary(piece), "one part of one division"},
		{of.Add(rec), "one part of one division"},
		{second(of.MarshalParts(Division{Parts: 2, Key: []byte("a key of a division")})), "a part already"},
		{second(scan.MarshalTally()), "this scan has results"},
		{second(scan.Results(t.Context())), "the tallies of 1 of 3 parts are missing"},
	} {
		if c.err == nil || !contains(c.err, c.want) {
			t.Errorf("%v, want %q", c.err, c.want)
		}
	}
	if err := scan.MergeTally(tallies[2]); err != nil {
		t.Fatal(err)
	}
	results(t, scan)
	for n := 0; n < len(tallies[0]); n += 1 + n/50 {
		if err := newRoot(t, unit, queries...).MergeTally(tallies[0][:n]); err == nil {
			t.Fatalf("%d bytes of %d are accepted", n, len(tallies[0]))
		}
	}
	if err := newRoot(t, unit, queries...).MergeTally(append(bytes.Clone(tallies[0]), 0)); err == nil {
		t.Error("a byte more is accepted")
	}
}

func second[T any](_ T, err error) error { return err }

// Any bytes give an error or sums that so many rows and people can come to.
func FuzzMergeTally(f *testing.F) {
	unit := Unit{Column: "who", MaxRows: 2}
	rows := randomPoints(rand.New(rand.NewPCG(66, 67)), 4)
	data := talliesOf(f, unit, rows, 1, 1, tallyQueries()...)[0]
	const head = len(tallyMagic) + 32
	f.Add(data[head:])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		scan := newRoot(t, unit, tallyQueries()...)
		if err := scan.MergeTally(append(bytes.Clone(data[:head]), body...)); err != nil {
			return
		}
		d := scan.total()
		if d.rows > maxEntries || d.people > d.rows {
			t.Fatalf("%d people of %d rows", d.people, d.rows)
		}
		if _, _, err := d.answer(scan.source); err != nil {
			t.Fatal(err)
		}
	})
}
