package dp

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/lethe-go/lethe/internal/entropy"
)

// uniformity is the p-value of the sets being equally likely among so many.
func uniformity(sets map[string]int, possible int) float64 {
	n := 0
	for _, c := range sets {
		n += c
	}
	expected := float64(n) / float64(possible)
	stat := float64(possible-len(sets)) * expected
	for _, c := range sets {
		stat += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	return distuv.ChiSquared{K: float64(possible - 1)}.Survival(stat)
}

// byGroup is a sample with one grouping.
func byGroup(most int) *sample {
	return newSample(&plan{unit: Unit{MaxRows: most}, groupings: make([]*grouping, 1)})
}

// addGroups offers one row for each group to person p.
func addGroups(s *sample, src *entropy.Source, p uint32, groups ...uint32) {
	s.grow(int(p) + 1)
	for i := range groups {
		s.add(p, i, &batch{groups: [][]uint32{groups}}, src)
	}
}

// kept lists the groups of the rows kept of a person.
func kept(s *sample, p uint32) string {
	var out []uint32
	for _, e := range s.entries(s.persons[p], nil) {
		out = append(out, s.pages[e>>pageBits].groups[0][e&pageMask])
	}
	slices.Sort(out)
	return fmt.Sprint(out)
}

// Of six rows each of the 20 sets of three is as likely, in whatever shards the
// rows come.
func TestSampleIsUniform(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 41)
	src := entropy.New()
	const runs = 100_000 / slower
	for _, shards := range [][][]uint32{
		{{0, 1, 2, 3, 4, 5}},
		{{5, 1, 3, 0, 2, 4}},
		{{0}, {1, 2, 3, 4, 5}},
		{{0, 1, 2, 3, 4}, {5}},
		{{0, 1, 2}, {3, 4, 5}},
		{{}, {0, 1, 2, 3, 4, 5}},
		{{0, 1}, {2, 3}, {4, 5}},
		{{0, 1, 2, 3}, {}, {4}, {5}},
	} {
		sets := map[string]int{}
		for range runs {
			var all *sample
			for _, rows := range shards {
				s := byGroup(3)
				s.pages = append(s.pages, smallPage())
				s.grow(1)
				addGroups(s, src, 0, rows...)
				if all == nil {
					all = s
					continue
				}
				all.merge(0, s, s.persons[0], [][]uint32{nil}, src)
			}
			if all.persons[0].seen != 6 {
				t.Fatalf("%v: %d rows seen", shards, all.persons[0].seen)
			}
			sets[kept(all, 0)]++
		}
		if p := uniformity(sets, 20); p < alarm {
			t.Errorf("%v: p = %g, sets %v", shards, p, sets)
		}
	}
}

// smallPage is a page for a few rows, so that the test does not clear memory.
func smallPage() page {
	return page{next: make([]uint32, 16), groups: [][]uint32{make([]uint32, 16)}}
}

// Power: two samples merged without regard to how many rows they stand for.
func TestSampleUniformityPower(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 42)
	src := entropy.New()
	sets := map[string]int{}
	for range 100_000 {
		a, b := []uint32{0, 1, 2, 3, 4}, []uint32{5}
		shuffle(a, 3, src)
		both := append(a[:3:3], b...)
		shuffle(both, 3, src)
		both = both[:3]
		slices.Sort(both)
		sets[fmt.Sprint(both)]++
	}
	if p := uniformity(sets, 20); p > alarm {
		t.Errorf("a wrong merge passes with p = %g", p)
	}
}

// People do not disturb each other: as many rows as allowed are kept of each,
// over many pages, and only rows of their own.
func TestSampleManyPeople(t *testing.T) {
	src := entropy.New()
	rng := rand.New(rand.NewPCG(5, 6))
	const people, most = 20_000, 3
	s := byGroup(most)
	seen := make([]int, people)
	for range 60_000 {
		p := uint32(rng.IntN(people))
		addGroups(s, src, p, p)
		seen[p]++
	}
	for p := range s.persons {
		entries := s.entries(s.persons[p], nil)
		if len(entries) != min(seen[p], most) {
			t.Fatalf("%d rows kept of %d", len(entries), seen[p])
		}
		for _, e := range entries {
			if g := s.pages[e>>pageBits].groups[0][e&pageMask]; g != uint32(p) {
				t.Fatalf("a row of person %d is kept for person %d", g, p)
			}
		}
	}
}

// Of rows in four groups, two of them in the last, each pair of groups is as
// likely, and all rows in them stay.
func TestBoundGroupsIsUniform(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 43)
	src := entropy.New()
	sets := map[string]int{}
	for range 60_000 / slower {
		s := byGroup(9)
		s.pages = append(s.pages, smallPage())
		addGroups(s, src, 0, 3, 0, none, 1, 2, 3)
		s.boundGroups(0, 2, nil, src)
		var left []uint32
		rows := 0
		for _, e := range s.entries(s.persons[0], nil) {
			if g := s.pages[0].groups[0][e]; g != none {
				left = append(left, g)
				rows++
			}
		}
		slices.Sort(left)
		left = slices.Compact(left)
		if want := len(left) + boolInt(slices.Contains(left, 3)); rows != want {
			t.Fatalf("%d rows in groups %v", rows, left)
		}
		sets[fmt.Sprint(left)]++
	}
	if p := uniformity(sets, 6); p < alarm {
		t.Errorf("p = %g, sets %v", p, sets)
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestBoundGroupsInResults(t *testing.T) {
	scan := newScan(t, Unit{Column: "patient", MaxRows: 9, MaxGroups: 1}, countBy(exactly))
	var rows []row
	for p := range 100 {
		for _, w := range wards["ward"] {
			rows = append(rows, repeat(2, row{person: fmt.Sprint(p), ward: w})...)
		}
	}
	add(t, scan, rows...)
	sum := int64(0)
	for _, n := range ints(t, results(t, scan)[0], "count") {
		sum += n
	}
	if sum != 200 {
		t.Errorf("%d rows counted, want two of each of 100 people", sum)
	}
}

// What is kept does not depend on batches, order or shards where it is not
// random: without a bound that bites, or summed over all groups with one.
func TestAnyBatchingGivesTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	rows := randomRows(rng, 200)
	perPerson := map[string]int{}
	for _, r := range rows {
		perPerson[r.person]++
	}
	bounded := int64(0)
	for _, n := range perPerson {
		bounded += int64(min(n, 4))
	}
	answer := func(unit Unit, rows []row, batch, shards int, q ...Query) [][]int64 {
		scan := newScan(t, unit, q...)
		parts := []*Scan{scan}
		for len(parts) < shards {
			parts = append(parts, scan.Shard())
		}
		i := 0
		for chunk := range slices.Chunk(rows, batch) {
			add(t, parts[i%shards], chunk...)
			i++
		}
		for i := shards - 1; i > 0; i-- { // as a chain, not all into the first
			if err := parts[i/2].Merge(parts[i]); err != nil {
				t.Fatal(err)
			}
		}
		_, answers, err := scan.sum().answer(scan.source)
		if err != nil {
			t.Fatal(err)
		}
		var out [][]int64
		for _, a := range answers {
			out = append(out, a.cells...)
		}
		return out
	}
	wide, narrow := Unit{Column: "patient", MaxRows: 9}, Unit{Column: "patient", MaxRows: 4}
	var want [][]int64
	for _, batch := range []int{len(rows), 7, 1} {
		for _, shards := range []int{1, 3} {
			rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			got := answer(wide, rows, batch, shards, countBy(1e6), meanBy(1e14),
				Count{Epsilon: 1e6})
			if want == nil {
				want = got
			}
			if !slices.EqualFunc(got, want, slices.Equal) {
				t.Errorf("batch %d, %d shards: %v, want %v", batch, shards, got, want)
			}
			n := answer(narrow, rows, batch, shards, Count{Epsilon: 1e6})[0][0]
			if n != bounded {
				t.Errorf("batch %d, %d shards: %d rows kept, want %d", batch, shards, n, bounded)
			}
		}
	}
}

// Shards may be filled at the same time.
func TestShardsInParallel(t *testing.T) {
	scan := newScan(t, Unit{Column: "patient", MaxRows: 2}, countBy(exactly), meanBy(exactly))
	shards := make([]*Scan, 4)
	errs := make(chan error)
	for i := range shards {
		shards[i] = scan.Shard()
		go func() {
			rec := visits(memory.NewGoAllocator(), repeat(1000, row{person: "x", ward: "ICU"}))
			defer rec.Release()
			errs <- shards[i].Add(rec)
		}()
	}
	for range shards {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	for _, s := range shards {
		if err := scan.Merge(s); err != nil {
			t.Fatal(err)
		}
	}
	recs, err := scan.Results(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range recs {
		if got := ints(t, r, "count")[0]; got != 2 {
			t.Errorf("%d rows of one person", got)
		}
		r.Release()
	}
}
