package kanon

import (
	"slices"
)

// pairLog is a set of (tuple, person) pairs: a sorted part without
// duplicates, and a tail that is sorted into it when it has grown half as large.
// That takes eight bytes a pair and no hashing.
type pairLog struct {
	sorted []uint64
	tail   []uint64
}

// minTail is the least tail that is worth sorting.
const minTail = 1 << 19

func pairOf(tuple, person uint32) uint64 { return uint64(tuple)<<32 | uint64(person) }

func (l *pairLog) add(tuples, people []uint32) {
	for i, t := range tuples {
		l.tail = append(l.tail, pairOf(t, people[i]))
	}
	if len(l.tail) >= max(minTail, len(l.sorted)/2) {
		l.settle()
	}
}

// settle empties the tail and returns all pairs in order.
func (l *pairLog) settle() []uint64 {
	if len(l.tail) == 0 {
		return l.sorted
	}
	sortPairs(l.tail)
	tail := slices.Compact(l.tail)
	if len(l.sorted) == 0 {
		l.sorted, l.tail = append(l.sorted, tail...), l.tail[:0]
		return l.sorted
	}
	fresh := 0
	for i, j := 0, 0; j < len(tail); j++ {
		for i < len(l.sorted) && l.sorted[i] < tail[j] {
			i++
		}
		if i == len(l.sorted) || l.sorted[i] != tail[j] {
			tail[fresh] = tail[j]
			fresh++
		}
	}
	// Merge from the back, in place.
	i, j := len(l.sorted)-1, fresh-1
	l.sorted = slices.Grow(l.sorted, fresh)[:len(l.sorted)+fresh]
	for k := len(l.sorted) - 1; j >= 0; k-- {
		if i >= 0 && l.sorted[i] > tail[j] {
			l.sorted[k] = l.sorted[i]
			i--
		} else {
			l.sorted[k] = tail[j]
			j--
		}
	}
	l.tail = l.tail[:0]
	return l.sorted
}

// sortPairs sorts by digits of 11 bits from the last, leaving out those in
// which all pairs agree.
func sortPairs(a []uint64) {
	if len(a) < 1<<12 {
		slices.Sort(a)
		return
	}
	const digit = 11
	all, any := ^uint64(0), uint64(0)
	for _, v := range a {
		all &= v
		any |= v
	}
	from, to := a, make([]uint64, len(a))
	for shift := uint(0); shift < 64; shift += digit {
		if (any&^all)>>shift&(1<<digit-1) == 0 {
			continue
		}
		var at [1 << digit]int
		for _, v := range from {
			at[v>>shift&(1<<digit-1)]++
		}
		sum := 0
		for i, n := range at {
			at[i] = sum
			sum += n
		}
		for _, v := range from {
			d := v >> shift & (1<<digit - 1)
			to[at[d]] = v
			at[d]++
		}
		from, to = to, from
	}
	if len(a) > 0 && &from[0] != &a[0] {
		copy(a, from)
	}
}
