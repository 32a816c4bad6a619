package lattice

import (
	"cmp"
	"context"
	"slices"
)

// descend finds a good vector to compare with: down from the highest levels by
// the best single step as long as that helps, and on by climb.
func (p *search) descend(ctx context.Context, ss []*scratch) error {
	at := p.highest()
	for {
		var next [][]uint8
		for j := range at {
			if at[j] > uint8(p.Columns[j].Min) {
				next = append(next, moved(at, j, -1))
			}
		}
		before := p.best
		if err := p.try(ctx, ss, next); err != nil {
			return err
		}
		if p.best == before || p.best == nil {
			break
		}
		at = p.best.levels
	}
	return p.climb(ctx, ss)
}

// climb goes on from the best vector by single steps and exchanges of one level
// between two columns, as long as that helps.
func (p *search) climb(ctx context.Context, ss []*scratch) error {
	for p.best != nil {
		before := p.best
		if err := p.try(ctx, ss, p.neighbours(before.levels)); err != nil {
			return err
		}
		if p.best == before {
			break
		}
	}
	return nil
}

func moved(levels []uint8, j, by int) []uint8 {
	v := slices.Clone(levels)
	v[j] = uint8(int(v[j]) + by)
	return v
}

func (p *search) neighbours(levels []uint8) [][]uint8 {
	var all [][]uint8
	for up := -1; up < len(levels); up++ {
		v := levels
		if up >= 0 {
			if int(levels[up]) == p.Columns[up].Max {
				continue
			}
			v = moved(levels, up, 1)
			all = append(all, v)
		}
		for down := range levels {
			if down != up && int(v[down]) > p.Columns[down].Min {
				all = append(all, moved(v, down, -1))
			}
		}
	}
	return all
}

// try evaluates those of the vectors that are new and may be the best.
func (p *search) try(ctx context.Context, ss []*scratch, vectors [][]uint8) error {
	return p.each(ctx, ss, len(vectors), func(s *scratch, i int) {
		v := vectors[i]
		if !p.known(v) && !p.excluded(v, *p.records.Load(), make([]float64, len(v))) {
			p.evaluate(s, v)
		}
	})
}

// firstBound is the first bound of the vectors from the given levels on.
func (p *search) firstBound(levels []uint8) float64 {
	parts := make([]float64, len(levels))
	for j, l := range levels {
		parts[j] = p.measure.first(j, int(l))
	}
	return p.measure.join(parts)
}

// enumerate lists the vectors that may be the best by the first bound, from
// general to specific, unless there are more than MaxCandidates.
func (p *search) enumerate() (list []uint8, few bool) {
	m := len(p.Columns)
	rest := make([]float64, m+1) // least bound of the columns from j on
	rest[m] = p.measure.join(nil)
	for j := m - 1; j >= 0; j-- {
		rest[j] = p.measure.join2(p.measure.first(j, p.Columns[j].Min), rest[j+1])
	}
	var found []uint8
	at := make([]uint8, m)
	bar, full := p.bar(), false
	var walk func(j int, bound float64)
	walk = func(j int, bound float64) {
		if j == m {
			if full = len(found)/m >= MaxCandidates; !full {
				found = append(found, at...)
			}
			return
		}
		for l := p.Columns[j].Min; l <= p.Columns[j].Max && !full; l++ {
			next := p.measure.join2(bound, p.measure.first(j, l))
			if p.measure.join2(next, rest[j+1]) > bar {
				break // parts do not fall with the level
			}
			at[j] = uint8(l)
			walk(j+1, next)
		}
	}
	walk(0, p.measure.join(nil))
	if full {
		return nil, false
	}
	return p.sorted(found), true
}

// sorted orders vectors by falling sum of levels, those of larger first bound
// first: general vectors are cheap and teach much about those below.
func (p *search) sorted(found []uint8) []uint8 {
	m := len(p.Columns)
	n := len(found) / m
	type entry struct {
		at    int32
		sum   int32
		bound float64
	}
	order := make([]entry, n)
	for i := range order {
		v := found[i*m : (i+1)*m]
		e := entry{int32(i), int32(levelSum(v)), p.measure.join(nil)}
		for j, l := range v {
			e.bound = p.measure.join2(e.bound, p.measure.first(j, int(l)))
		}
		order[i] = e
	}
	slices.SortFunc(order, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.sum, a.sum), cmp.Compare(b.bound, a.bound), cmp.Compare(a.at, b.at))
	})
	out := make([]uint8, 0, len(found))
	for _, e := range order {
		out = append(out, found[int(e.at)*m:(int(e.at)+1)*m]...)
	}
	return out
}

// visit evaluates every candidate that is not ruled out by then.
func (p *search) visit(ctx context.Context, ss []*scratch, candidates []uint8) error {
	m := len(p.Columns)
	return p.each(ctx, ss, len(candidates)/m, func(s *scratch, i int) {
		v := candidates[i*m : (i+1)*m]
		if !p.excluded(v, *p.records.Load(), s.bound) && !p.known(v) {
			p.evaluate(s, v)
		}
	})
}
