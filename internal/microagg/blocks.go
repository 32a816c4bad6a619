package microagg

import (
	"context"
	"sync"
)

// blockOrder lists the points so that near ones are near in the list: it
// splits them at the median of the dimension of the largest variance, again
// and again, until no part has more than size points. It returns the ends of
// the parts.
func blockOrder(p Points, size int) (order []int32, ends []int) {
	order = indices(p.Len())
	var wg sync.WaitGroup
	var split func(part []int32, depth int)
	split = func(part []int32, depth int) {
		if len(part) <= size {
			return
		}
		half := len(part) / 2
		p.selectAt(part, half, p.widest(part))
		if depth < 4 {
			wg.Go(func() { split(part[:half], depth+1) })
		} else {
			split(part[:half], depth+1)
		}
		split(part[half:], depth+1)
	}
	split(order, 0)
	wg.Wait()
	var end func(from, to int)
	end = func(from, to int) {
		if to-from <= size {
			ends = append(ends, to)
			return
		}
		half := from + (to-from)/2
		end(from, half)
		end(half, to)
	}
	end(0, len(order))
	return order, ends
}

// widest is the dimension in which some points vary most.
func (p Points) widest(part []int32) int {
	best, most := 0, -1.0
	for j := range p.D {
		sum, squares := 0.0, 0.0
		for _, i := range part {
			x := p.X[int(i)*p.D+j]
			sum += x
			squares += x * x
		}
		if v := squares - sum*sum/float64(len(part)); v > most {
			best, most = j, v
		}
	}
	return best
}

// selectAt orders points so that none before the place at is larger in a
// dimension than any behind it. Equal ones are ordered by their numbers.
func (p Points) selectAt(part []int32, at, dimension int) {
	less := func(a, b int32) bool {
		x, y := p.X[int(a)*p.D+dimension], p.X[int(b)*p.D+dimension]
		return x < y || x == y && a < b
	}
	for lo, hi := 0, len(part)-1; lo < hi; {
		mid := lo + (hi-lo)/2 // the median of three
		if less(part[mid], part[lo]) {
			part[mid], part[lo] = part[lo], part[mid]
		}
		if less(part[hi], part[lo]) {
			part[hi], part[lo] = part[lo], part[hi]
		}
		if less(part[hi], part[mid]) {
			part[hi], part[mid] = part[mid], part[hi]
		}
		pivot := part[mid]
		i, j := lo, hi
		for i <= j {
			for less(part[i], pivot) {
				i++
			}
			for less(pivot, part[j]) {
				j--
			}
			if i <= j {
				part[i], part[j] = part[j], part[i]
				i++
				j--
			}
		}
		switch {
		case at <= j:
			hi = j
		case at >= i:
			lo = i
		default:
			return
		}
	}
}

// mdavBlocks is MDAV in each block of the order, on all cores.
func mdavBlocks(
	ctx context.Context, p Points, k int, order []int32, ends []int, workers int,
) ([]int32, error) {
	class := make([]int32, p.Len())
	first := make([]int32, len(ends)) // class number a block starts at: at most n/k classes
	begin := 0
	for b, end := range ends {
		if b > 0 {
			first[b] = first[b-1] + int32((begin-blockStart(ends, b-1))/k) + 1
		}
		begin = end
	}
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			m := newMDAV(p, k)
			for b := w; b < len(ends); b += workers {
				left := append([]int32(nil), order[blockStart(ends, b):ends[b]]...)
				if _, errs[w] = m.run(ctx, left, class, first[b]); errs[w] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return class, nil
}

func blockStart(ends []int, b int) int {
	if b == 0 {
		return 0
	}
	return ends[b-1]
}
