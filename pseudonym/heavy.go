package pseudonym

import (
	"math/bits"
	"slices"
)

// counters is how many distinct values a tally counts: exactly up to there, and
// with an error of at most one part in counters of the total beyond.
const counters = 4096

// tally counts values, given as hashes, in bounded memory. It is the summary of
// Misra and Gries (1982), Finding repeated elements, Science of Computer
// Programming 2(2), which Agarwal et al. (2013), Mergeable summaries, ACM TODS
// 38(4), show to merge without loss: the count of a value is at least its
// counter and at most its counter plus lost, and lost is at most
// total/(counters+1).
//
// There are up to twice counters of them before they are lowered, so that to
// lower them costs little a value.
type tally struct {
	total int64
	lost  int64 // by which every counter was lowered
	size  int   // below mostCounters
	slots []slot
}

const (
	mostCounters = 2 * counters
	tallySlots   = 2 * mostCounters // a power of two, half of it free
)

type slot struct {
	hash  uint64
	count int64 // 0: free
}

// add counts a value n times.
func (t *tally) add(hash uint64, n int64) {
	t.total += n
	t.insert(hash, n)
}

func (t *tally) insert(hash uint64, n int64) {
	if t.slots == nil {
		t.slots = make([]slot, tallySlots)
	}
	s := t.find(hash)
	if s.count > 0 {
		s.count += n
		return
	}
	*s = slot{hash, n}
	if t.size++; t.size == mostCounters {
		t.lower()
	}
}

// find returns the slot of a hash or the free one where it belongs.
func (t *tally) find(hash uint64) *slot {
	const mask = tallySlots - 1
	for i := hash & mask; ; i = (i + 1) & mask {
		if s := &t.slots[i]; s.count == 0 || s.hash == hash {
			return s
		}
	}
}

// lower lowers every counter by the first of them, by size, that is one too many,
// and drops those that reach zero. That takes as much off each of counters+1
// values, which is why lost is at most total/(counters+1).
func (t *tally) lower() {
	kept := make([]slot, 0, mostCounters)
	counts := make([]uint64, 0, mostCounters)
	for _, s := range t.slots {
		if s.count > 0 {
			kept, counts = append(kept, s), append(counts, uint64(s.count))
		}
	}
	by := int64(largestBut(counters, counts))
	t.lost += by
	t.size = 0
	clear(t.slots)
	for _, s := range kept {
		if s.count > by {
			*t.find(s.hash) = slot{s.hash, s.count - by}
			t.size++
		}
	}
}

// largestBut is the largest of the numbers, which are more than n, but for the n
// largest. It finds it byte by byte from the first that any has, and leaves the
// numbers in another order.
func largestBut(n int, numbers []uint64) uint64 {
	for shift := bits.Len64(slices.Max(numbers)) &^ 7; shift >= 0; shift -= 8 {
		var times [256]int
		for _, x := range numbers {
			times[byte(x>>shift)]++
		}
		at := 255
		for ; n >= times[at]; at-- {
			n -= times[at]
		}
		same := numbers[:0]
		for _, x := range numbers {
			if byte(x>>shift) == byte(at) {
				same = append(same, x)
			}
		}
		numbers = same
	}
	return numbers[0]
}

// merge adds what another tally has counted, which stays as it is.
func (t *tally) merge(o *tally) {
	t.total += o.total
	t.lost += o.lost
	for _, s := range o.slots {
		if s.count > 0 {
			t.insert(s.hash, s.count)
		}
	}
}

// distinct returns the number of distinct values, or counters+1 and false if there
// are at least that many.
func (t *tally) distinct() (int64, bool) {
	if t.lost > 0 || t.size > counters {
		return counters + 1, false
	}
	return int64(t.size), true
}

// top returns a number that the most frequent value does not exceed, and
// misses by at most total/(counters+1).
func (t *tally) top() int64 {
	most := int64(0)
	for _, s := range t.slots {
		most = max(most, s.count)
	}
	return most + t.lost
}
