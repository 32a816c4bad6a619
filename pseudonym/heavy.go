package pseudonym

import (
	"cmp"
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
type tally struct {
	total int64
	lost  int64 // by which every counter was lowered
	more  bool  // there were more than counters distinct values
	size  int
	slots []slot // open addressing; nil, or twice counters
	spare []slot // of the same length, once needed
}

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
		t.slots = make([]slot, 2*counters)
	}
	for {
		s := t.find(hash)
		if s.count > 0 {
			s.count += n
			return
		}
		if t.size < counters {
			*s = slot{hash, n}
			t.size++
			return
		}
		// One of each of counters+1 values is struck out. That takes counters units
		// off the counters each time, so it costs a constant a value.
		t.more = true
		least := n
		for i := range t.slots {
			if c := t.slots[i].count; c > 0 {
				least = min(least, c)
			}
		}
		t.lower(least)
		if n -= least; n == 0 {
			return
		}
	}
}

// find returns the slot of a hash or the free one where it belongs.
func (t *tally) find(hash uint64) *slot {
	const mask = 2*counters - 1
	for i := hash & mask; ; i = (i + 1) & mask {
		if s := &t.slots[i]; s.count == 0 || s.hash == hash {
			return s
		}
	}
}

// lower lowers every counter by n and drops those that reach zero.
func (t *tally) lower(n int64) {
	old := t.slots
	if t.spare == nil {
		t.spare = make([]slot, 2*counters)
	}
	clear(t.spare)
	t.slots, t.spare, t.size = t.spare, old, 0
	t.lost += n
	for _, s := range old {
		if s.count > n {
			s.count -= n
			*t.find(s.hash) = s
			t.size++
		}
	}
}

// merge adds what another tally has counted, which stays as it is.
func (t *tally) merge(o *tally) {
	t.total += o.total
	t.lost += o.lost
	t.more = t.more || o.more
	if o.size == 0 {
		return
	}
	if t.slots == nil {
		t.slots = make([]slot, 2*counters)
	}
	var rest []slot // of the other, for which there was no room
	for _, s := range o.slots {
		if s.count == 0 {
			continue
		}
		if have := t.find(s.hash); have.count > 0 {
			have.count += s.count
		} else if t.size < counters {
			*have = s
			t.size++
		} else {
			rest = append(rest, s)
		}
	}
	if len(rest) == 0 {
		return
	}
	// Lowering all by the first counter too many leaves at most counters.
	t.more = true
	for _, s := range t.slots {
		if s.count > 0 {
			rest = append(rest, s)
		}
	}
	slices.SortFunc(rest, func(a, b slot) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.hash, b.hash))
	})
	cut := rest[counters].count
	t.lost += cut
	t.slots, t.size = make([]slot, 2*counters), 0
	for _, s := range rest[:counters] {
		if s.count > cut {
			s.count -= cut
			*t.find(s.hash) = s
			t.size++
		}
	}
}

// distinct returns the number of distinct values, or counters+1 and false if there
// are at least that many.
func (t *tally) distinct() (int64, bool) {
	if t.more {
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
