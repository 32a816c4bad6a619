package lattice

import (
	"maps"
	"slices"

	"github.com/lethe-go/lethe/internal/criterion"
)

// average asks that classes are so few of their members, and unique that no
// more than a share of members is alone.
type (
	average struct{ most float64 }
	unique  struct{ most float64 }
)

func (l average) Holds(sizes []SizeCount) bool {
	classes, members := 0.0, 0.0
	for _, s := range sizes {
		classes += float64(s.Classes)
		members += float64(s.Classes * s.Size)
	}
	return classes <= l.most*members
}

func (l unique) Holds(sizes []SizeCount) bool {
	alone, members := 0.0, 0.0
	for _, s := range sizes {
		if s.Size == 1 {
			alone += float64(s.Classes)
		}
		members += float64(s.Classes * s.Size)
	}
	return alone <= l.most*members
}

func drawnSizes(r source) []SizeLimit {
	return [][]SizeLimit{nil, nil, nil, {average{0.4}}, {average{0.15}}, {unique{0.1}},
		{unique{0.3}, average{0.3}}}[r.IntN(7)]
}

// size is that of a class in what is counted.
func (c *class) size(p *Problem) int64 {
	if p.People != nil {
		return int64(len(c.people))
	}
	return c.rows
}

// limited says which of the classes that are kept still are so after the
// limits of sizes: those of at least the returned size.
func limited(p *Problem, kept []*class) (least int64) {
	all := map[int64]int64{}
	for _, c := range kept {
		all[c.size(p)]++
	}
	for sizes := slices.Sorted(maps.Keys(all)); len(sizes) > 0; sizes = sizes[1:] {
		var counts []SizeCount
		for _, n := range sizes {
			counts = append(counts, SizeCount{n, all[n]})
		}
		if holds(p, counts) {
			return least
		}
		least = sizes[0] + 1
	}
	return least
}

func holds(p *Problem, sizes []SizeCount) bool {
	for _, l := range p.Sizes {
		if !l.Holds(sizes) {
			return false
		}
	}
	return true
}

// populate adds a population: of each tuple, and of tuples without rows, as one
// more column of criteria.
func populate(r source, p *Problem, add func(key []uint64) (fresh bool)) {
	for range r.IntN(6) {
		key := make([]uint64, p.Layout.Words())
		for j, c := range p.Columns {
			p.Layout.Put(key, j, []uint32{uint32(r.IntN(len(c.Codes[0])))})
		}
		if add(key) {
			p.Rows = append(p.Rows, 0)
		}
	}
	people := Sensitive{Start: []int{0}, Values: 1,
		Criteria: []criterion.Criterion{criterion.Population{K: int64(1 + r.IntN(12))}}}
	presence := Sensitive{Start: []int{0}, Values: 2, Rest: true,
		Criteria: []criterion.Criterion{criterion.Presence{Min: float64(r.IntN(3)) / 8,
			Max: float64(4+r.IntN(5)) / 8}}}
	for _, rows := range p.Rows {
		outside := int64(r.IntN(4))
		if rows == 0 {
			outside++
		}
		people.Item, people.Rows = append(people.Item, 0), append(people.Rows, rows+outside)
		people.Start = append(people.Start, len(people.Item))
		for v, n := range []int64{rows, outside} {
			if n > 0 {
				presence.Item, presence.Rows = append(presence.Item, uint32(v)), append(presence.Rows, n)
			}
		}
		presence.Start = append(presence.Start, len(presence.Item))
	}
	p.Sensitive = append(p.Sensitive, []Sensitive{people, presence}[r.IntN(2)])
	for i := range p.Sensitive[:len(p.Sensitive)-1] { // nobody has values in the new tuples
		c := &p.Sensitive[i]
		for len(c.Start) < len(p.Rows)+1 {
			c.Start = append(c.Start, len(c.Item))
		}
	}
	for p.People != nil && len(p.People.Start) < len(p.Rows)+1 {
		p.People.Start = append(p.People.Start, len(p.People.ID))
	}
}
