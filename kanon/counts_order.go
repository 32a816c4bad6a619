package kanon

import (
	"math/bits"
	"slices"
)

// keyOrder puts numbers of keys, of w words each, in the ascending order of the
// keys, the last word first, in place: spilling must not take as much memory
// again as what is spilled.
type keyOrder struct {
	keys []uint64
	w    int
}

// fewKeys are sorted by comparing them.
const fewKeys = 48

// sort sorts by the digits of eight bits from the highest on, of keys that are
// alike in all before.
func (k *keyOrder) sort(order []uint32) {
	for word := k.w - 1; word >= 0; word-- {
		all, some := ^uint64(0), uint64(0)
		for _, n := range order {
			key := k.keys[int(n)*k.w+word]
			all &= key
			some |= key
		}
		if differ := all ^ some; differ != 0 {
			k.from(order, word, max(0, bits.Len64(differ)-8))
			return
		}
	}
}

// from sorts by the eight bits of a word from a shift on, and then by those
// below: what McIlroy, Bostic and McIlroy (1993) call the American flag sort.
func (k *keyOrder) from(order []uint32, word, shift int) {
	if len(order) <= fewKeys {
		slices.SortFunc(order, k.compare)
		return
	}
	keys, w := k.keys[word:], k.w
	var next, end [256]int
	for _, n := range order {
		end[keys[int(n)*w]>>shift&255]++
	}
	sum := 0
	for d, n := range end {
		next[d] = sum
		sum += n
		end[d] = sum
	}
	for d := range next {
		for next[d] < end[d] {
			n := order[next[d]]
			to := keys[int(n)*w] >> shift & 255
			if int(to) == d {
				next[d]++
				continue
			}
			order[next[d]], order[next[to]] = order[next[to]], n
			next[to]++
		}
	}
	if shift == 0 && word == 0 {
		return
	}
	lo := 0
	for _, hi := range end {
		if shift > 0 {
			k.from(order[lo:hi], word, max(0, shift-8))
		} else {
			k.from(order[lo:hi], word-1, 64-8)
		}
		lo = hi
	}
}

func (k *keyOrder) compare(a, b uint32) int {
	x, y := k.keys[int(a)*k.w:int(a+1)*k.w], k.keys[int(b)*k.w:int(b+1)*k.w]
	for i := k.w - 1; i >= 0; i-- {
		if x[i] != y[i] {
			if x[i] < y[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}
