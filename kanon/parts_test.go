package kanon

import (
	"bytes"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/lattice"
	"pgregory.net/rapid"
)

// Sixteen combinations of a column a of eight values in four pairs in two
// halves, and a column b of two: those of the first half of a are twelve.
func TestDivideByHand(t *testing.T) {
	halves := lattice.Column{
		Codes: [][]uint32{{0, 1, 2, 3, 4, 5, 6, 7}, {0, 0, 1, 1, 2, 2, 3, 3},
			{0, 0, 0, 0, 1, 1, 1, 1}, {0, 0, 0, 0, 0, 0, 0, 0}},
		Shares: [][]float64{slices.Repeat([]float64{1. / 8}, 8),
			slices.Repeat([]float64{1. / 4}, 4), {.5, .5}, {1}},
		Least: 1. / 8, Max: 3,
	}
	two := lattice.Column{Codes: [][]uint32{{0, 1}, {0, 0}}, Shares: [][]float64{{.6, .6}, {1}},
		Least: .6, Max: 1}
	d := &divider{
		columns: []*lattice.Column{&halves, &two}, order: []int{0, 1}, whole: make([]bool, 2),
		free: make([]bool, 2), floor: []int{1, 0}, most: 8,
		codes:  [][]uint32{{0, 0, 2, 2, 4, 6}, {0, 1, 0, 1, 0, 1}},
		tuples: []int64{4, 4, 3, 1, 3, 1},
	}
	root := d.divide()
	// Halves of a spare 16·0.5, labels of b 16·0.4. Then the first half is too
	// large: pairs of a spare 12·0.25, labels of b 12·0.4.
	if root.column != 0 || root.level != 2 || root.others ||
		!slices.Equal(root.labels, []uint32{0, 1}) {
		t.Fatalf("root %+v", root)
	}
	first, second := root.below[0], root.below[1]
	if first.tuples != 12 || second.tuples != 4 || len(second.below) > 0 {
		t.Fatalf("halves of %d and %d", first.tuples, second.tuples)
	}
	if first.column != 1 || first.level != 0 || !slices.Equal(first.fixed, []int{2, 1}) ||
		!slices.Equal(first.below[0].fixed, []int{2, 0}) {
		t.Fatalf("first half %+v", first)
	}
	leaves := root.leaves()
	var sizes []int64
	for i, p := range leaves {
		if p.first != i || p.last != i+1 {
			t.Errorf("leaf %d is from %d to %d", i, p.first, p.last)
		}
		sizes = append(sizes, p.tuples)
	}
	if !slices.Equal(sizes, []int64{7, 5, 4}) || root.last != 3 || first.last != 2 {
		t.Fatalf("leaves of %v", sizes)
	}
	// Ten may be listed: the last has less than its share of them.
	for i, rows := range []int64{70, 20, 50} {
		leaves[i].rows = rows
	}
	leaves[2].tuples = 2
	giveBudgets(leaves, 10)
	if leaves[0].budget != 6 || leaves[1].budget != 1 || leaves[2].budget != 2 {
		t.Fatalf("budgets %d, %d and %d", leaves[0].budget, leaves[1].budget, leaves[2].budget)
	}
}

// A label of few combinations stays with others, and a column is not divided
// below what is seen of it.
func TestDivideKeepsFewTogether(t *testing.T) {
	c := lattice.Column{
		Codes:  [][]uint32{{0, 1, 2, 3}, {0, 0, 0, 0}},
		Shares: [][]float64{{.25, .25, .25, .25}, {1}}, Least: .25, Max: 1,
	}
	d := &divider{
		columns: []*lattice.Column{&c}, order: []int{0}, whole: []bool{false}, free: []bool{false},
		floor: []int{0}, most: 16, codes: [][]uint32{{0, 1, 2, 3}}, tuples: []int64{20, 1, 9, 0},
	}
	d.codes[0], d.tuples = d.codes[0][:3], d.tuples[:3]
	root := d.divide() // one is less than an eighth of sixteen, and takes the nine along
	if !slices.Equal(root.labels, []uint32{0}) || !root.others || len(root.below) != 2 ||
		root.below[1].tuples != 10 || root.side(0) != 0 || root.side(3) != 1 {
		t.Fatalf("root %+v", root)
	}
	d.floor[0] = 1
	if root := d.divide(); len(root.below) > 0 {
		t.Fatalf("root %+v", root)
	}
}

// A list of tuples gives back what was written, and accepts nothing else.
func TestTupleList(t *testing.T) {
	got := writeList([]uint32{3, 5, 3, 9, 300, 0}, 2, []uint32{0, 1, 2}, []uint32{0, 1, 0})
	if want := []byte{12, 5, 0, 18, 1, 252, 0xEA, 1, 0, 0}; !bytes.Equal(got, want) {
		t.Errorf("bytes %v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 4).Draw(t, "columns")
		size := rapid.SampledFrom([]int{2, 5, 300, 70000}).Draw(t, "size")
		sizes := slices.Repeat([]int{size}, m)
		drawn := rapid.SliceOfN(rapid.SliceOfN(rapid.Uint32Range(0, uint32(size-1)), m, m), 0, 150)
		tuples := drawn.Draw(t, "tuples")
		slices.SortFunc(tuples, slices.Compare)
		tuples = slices.CompactFunc(tuples, slices.Equal)
		number := make([]uint32, len(tuples))
		for i := range number {
			number[i] = uint32(rapid.IntRange(0, 400).Draw(t, "number"))
		}
		b := writeList(slices.Concat(tuples...), m, identity(len(tuples)), number)
		i := 0
		l, err := openList(b, sizes, func(tuple []uint32, n uint32) bool {
			i++
			return slices.Equal(tuple, tuples[i-1]) && n == number[i-1]
		})
		if err != nil || i != len(tuples) {
			t.Fatalf("%d tuples of %d, %v", i, len(tuples), err)
		}
		scratch := make([]uint32, m)
		for i, tuple := range tuples {
			if n, ok := l.find(tuple, scratch); !ok || n != number[i] {
				t.Fatalf("tuple %d is not found", i)
			}
		}
		other := rapid.SliceOfN(rapid.Uint32Range(0, uint32(size-1)), m, m).Draw(t, "other")
		_, want := slices.BinarySearchFunc(tuples, other, slices.Compare)
		if _, ok := l.find(other, scratch); ok != want {
			t.Fatalf("another tuple: found is %v", ok)
		}
		if len(b) == 0 {
			return
		}
		bad := slices.Clone(b)
		bad[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		var read [][]uint32
		var numbers []uint32
		_, err = openList(bad, sizes, func(tuple []uint32, n uint32) bool {
			read, numbers = append(read, slices.Clone(tuple)), append(numbers, n)
			return true
		})
		again := writeList(slices.Concat(read...), m, identity(len(read)), numbers)
		if err == nil && !bytes.Equal(again, bad) {
			t.Fatal("a list is accepted that nothing writes")
		}
		n := 0
		count := func([]uint32, uint32) bool { n++; return true }
		if _, err := openList(b[:len(b)-1], sizes, count); err == nil && n != len(tuples)-1 {
			t.Fatal("a list that was cut within a tuple is accepted")
		}
	})
}

// Values are made alike where that costs least for what it saves.
func TestFloorByHand(t *testing.T) {
	people := []person{
		{id: "a", age: 21, zip: "100"}, {id: "b", age: 22, zip: "100"}, {id: "c", age: 21, zip: "101"},
		{id: "d", age: 22, zip: "101"}, {id: "e", age: 71, zip: "200"}, {id: "f", age: 72, zip: "200"},
	}
	rec := encoding{}.record(t, memory.NewGoAllocator(), people)
	defer rec.Release()
	a := mustNew(t, localConfig())
	c := mustCount(t, a, rec)
	var domains []*domain
	for i, q := range a.cfg.Quasi {
		d, err := newDomain(q, c.coders[i])
		if err != nil {
			t.Fatal(err)
		}
		domains = append(domains, d)
	}
	s := &partsSearch{spilledSearch: a.newSpilledSearch(c, domains, c.beforehand(domains)),
		local: a.newLocalSolver(domains)}
	for _, d := range domains {
		s.firsts = append(s.firsts, [][]uint32{d.firstValues(0), d.firstValues(1), d.firstValues(2)})
	}
	for room, want := range map[int][]int{
		6: {0, 0},
		// Zips 10* make 4 of 6, at a third of 4 rows' domain; ages make 5 of 6 at more.
		4: {1, 0},
		1: {2, 2},
	} {
		at := s.coarsen(c, &partWork{at: []int{0, 0}, part: &part{fixed: []int{2, 2}}, room: room})
		if !slices.Equal(at, want) {
			t.Errorf("room for %d: levels %v, want %v", room, at, want)
		}
	}
	if at := s.coarsen(c, &partWork{at: []int{0, 0}, part: &part{fixed: []int{1, 0}}, room: 1}); !slices.Equal(at,
		[]int{1, 0}) {
		t.Errorf("within a part: levels %v", at)
	}
}
