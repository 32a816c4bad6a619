package lattice

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Classes are the same, and numbered alike, by cells and by a hash, from the
// tuples and from a table between.
func TestClassesByCellsAndByHash(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		p := newSearch(drawn(r, 200))
		s := p.newScratch()
		p.setBase(s)
		levels, between := make([]uint8, len(p.Columns)), make([]uint8, len(p.Columns))
		for j := range levels {
			low := p.Columns[j].Min
			levels[j] = uint8(low + r.IntN(p.Columns[j].Max-low+1))
			between[j] = uint8(low + r.IntN(int(levels[j])-low+1))
		}
		p.rollUp(s, p.base, between, math.MaxInt)
		sources := []*table{p.base, p.keep(s, p.base, between)}
		want := classesByMap(p, levels)
		for _, most := range []int{fewCells, 0} {
			for _, from := range sources {
				s.classes.most = most
				if !p.rollUp(s, from, levels, len(want)) {
					t.Fatalf("seed %d: more than %d classes", seed, len(want))
				}
				if s.classes.few != (most > 0) {
					t.Fatalf("seed %d: cells %v with room for %d", seed, s.classes.few, most)
				}
				var got []string
				for c, rows := range s.rows {
					got = append(got, fmt.Sprintf("%v %d", s.classes.labels(c), rows))
				}
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d: classes %v, want %v", seed, got, want)
				}
				checkFound(t, p, s, levels)
				checkLost(t, p, s, levels)
				if len(want) > 1 && p.rollUp(s, from, levels, 0) {
					t.Fatalf("seed %d: %d classes are not more than none", seed, len(want))
				}
			}
		}
	}
}

// classesByMap lists labels and rows of the classes by their first tuple.
func classesByMap(p *search, levels []uint8) []string {
	rows := map[string]int64{}
	var order []string
	for i, n := range p.Rows {
		name := fmt.Sprint(labelsOf(p, i, levels))
		if _, ok := rows[name]; !ok {
			order = append(order, name)
		}
		rows[name] += n
	}
	for i, name := range order {
		order[i] = fmt.Sprintf("%s %d", name, rows[name])
	}
	return order
}

func labelsOf(p *search, tuple int, levels []uint8) (labels []uint32) {
	w := p.Layout.Words()
	for j, l := range levels {
		v := p.Layout.Code(p.Keys[tuple*w:(tuple+1)*w], j)
		labels = append(labels, p.Columns[j].Codes[l][v])
	}
	return labels
}

func checkFound(t *testing.T, p *search, s *scratch, levels []uint8) {
	t.Helper()
	p.eachTuple(s, func(tuple int, class uint32) {
		got, want := s.classes.labels(int(class)), labelsOf(p, tuple, levels)
		if !slices.Equal(got, want) {
			t.Fatalf("tuple %d is in class %v, want %v", tuple, got, want)
		}
	})
}

// Every second class is lost, in two parts.
func checkLost(t *testing.T, p *search, s *scratch, levels []uint8) {
	t.Helper()
	want := make([]map[uint32]int64, len(levels))
	s.forget(p, levels)
	for c := 0; c < len(s.rows); c += 2 {
		s.lose(c, s.rows[c]-1)
		for j, label := range s.classes.labels(c) {
			if want[j] == nil {
				want[j] = map[uint32]int64{}
			}
			want[j][label] += s.rows[c]
		}
	}
	p.lost(s)
	for c := 0; c < len(s.rows); c += 2 {
		s.lose(c, 1)
	}
	for j, count := range p.lost(s) {
		for label, rows := range count {
			if rows != want[j][uint32(label)] {
				t.Fatalf("%v rows lost of column %d, want %v", count, j, want[j])
			}
		}
	}
}

// More classes than K and the limit allow are no solution, fewer may be one.
func TestMostClasses(t *testing.T) {
	p := &search{Problem: &Problem{Rows: []int64{3, 3, 1}, K: 3, Limit: 1}, n: 7}
	if got := p.mostClasses(); got != 3 { // two of three rows and one of one
		t.Errorf("%d classes at most, want 3", got)
	}
	p.Rows[2] = 0 // a tuple of a population: a class may be without rows
	if got := p.mostClasses(); got != math.MaxInt {
		t.Errorf("%d classes at most, want no bound", got)
	}
}
