package lattice

import (
	"container/heap"
	"context"
	"errors"
	"math"
	"slices"
)

// DefaultEffort is how many vectors a best-effort search counts the classes of
// where the problem does not say.
const DefaultEffort = 4096

// ErrNoneFound is the error of a best-effort search that met no vector which
// satisfies the models; there may be one.
var ErrNoneFound = errors.New("no vector of levels found that satisfies the models")

// round is how many regions are halved between two looks at what was found. It
// is fixed, so that the number of workers does not change the search.
const round = 16

// region is the vectors from low to high, both included, in every column.
type region struct {
	low, high []uint8
	above     *record // of high
	bound     float64 // none of the vectors has a lower value
	number    int     // in the order of making
}

// bestEffort searches by branch and bound where there are too many vectors to
// look at: it halves the region whose bound is lowest, counts the classes at
// the top of the lower half, which bounds all vectors in it and is a vector
// that may be the best itself, and drops regions that cannot hold a better one
// than is known. It is stopped by p.Effort, or by the deadline of ctx.
//
// The result is a value that no vector is below: that of the best vector where
// no region is left, the lowest bound of a region otherwise.
func (p *search) bestEffort(ctx context.Context, ss []*scratch) (float64, error) {
	p.freeze(true)
	defer p.freeze(false)
	root := &region{low: p.lowest(), high: p.highest(), above: (*p.records.Load())[0]}
	root.bound = p.regionBound(root)
	open := regions{root}
	effort := p.Effort
	if effort <= 0 {
		effort = DefaultEffort
	}
	for made, spent := 1, 0; len(open) > 0 && spent < effort; {
		least := open[0].bound
		lower := make([]*region, 0, round)
		for len(open) > 0 && len(lower) < round {
			r := heap.Pop(&open).(*region)
			if r.bound > p.bar() || slices.Equal(r.low, r.high) {
				continue // counted when the region was made
			}
			a, b := p.halves(r)
			a.number, b.number = made, made+1
			made += 2
			lower = append(lower, a)
			if b.bound = p.regionBound(b); b.bound <= p.bar() {
				heap.Push(&open, b)
			}
		}
		err := p.each(ctx, ss, len(lower), func(s *scratch, i int) {
			lower[i].above = p.evaluate(s, lower[i].high)
		})
		if err != nil {
			return least, err
		}
		spent += len(lower)
		if p.freeze(true) {
			if err := p.climb(ctx, ss); err != nil {
				return least, err
			}
			p.freeze(true)
		}
		for _, r := range lower {
			if r.above.part == nil { // beyond the limit, as all below
				continue
			}
			if r.bound = p.regionBound(r); r.bound <= p.bar() {
				heap.Push(&open, r)
			}
		}
	}
	value := math.Inf(1)
	if p.best != nil {
		value = p.best.score.value
	}
	if len(open) > 0 {
		if p.best == nil {
			return value, ErrNoneFound
		}
		value = min(value, open[0].bound)
	}
	return value, nil
}

// freeze keeps the bar where it is, at the best vector so far, so that what is
// counted in a round does not depend on which of its vectors comes first. It
// says whether the best has changed since.
func (p *search) freeze(on bool) (changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = on
	if p.best == nil {
		return false
	}
	bar := math.Float64bits(p.slack(p.best.score.value))
	return p.limit.Swap(bar) != bar
}

// regionBound joins, for each column, the least part that it adds at a level of
// the region.
func (p *search) regionBound(r *region) float64 {
	parts := make([]float64, len(r.low))
	for j := range parts {
		known := slices.Min(r.above.part[j][r.low[j] : r.high[j]+1])
		parts[j] = max(known, p.measure.first(j, int(r.low[j])))
	}
	return p.measure.join(parts)
}

// halves splits a region in the column whose part may change most in it, the
// widest where none does. The upper half has the top of the whole.
func (p *search) halves(r *region) (lower, upper *region) {
	best, most, widest := 0, -1.0, 0
	for j := range r.low {
		wide := int(r.high[j]) - int(r.low[j])
		if wide == 0 {
			continue
		}
		d := p.measure.first(j, int(r.high[j])) - p.measure.first(j, int(r.low[j]))
		if math.IsNaN(d) { // both without a bound
			d = 0
		}
		if d > most || d == most && wide > widest {
			best, most, widest = j, d, wide
		}
	}
	middle := (r.low[best] + r.high[best]) / 2
	lower = &region{low: r.low, high: slices.Clone(r.high)}
	lower.high[best] = middle
	upper = &region{low: slices.Clone(r.low), high: r.high, above: r.above}
	upper.low[best] = middle + 1
	return lower, upper
}

// regions is a heap: the lowest bound first.
type regions []*region

func (h regions) Len() int { return len(h) }
func (h regions) Less(i, j int) bool {
	if h[i].bound != h[j].bound {
		return h[i].bound < h[j].bound
	}
	return h[i].number < h[j].number
}
func (h regions) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *regions) Push(x any)   { *h = append(*h, x.(*region)) }
func (h *regions) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	*h = (*h)[:last]
	return r
}
