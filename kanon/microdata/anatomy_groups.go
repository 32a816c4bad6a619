package microdata

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"slices"

	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/tuple"
)

// groups draws, as long as L values have rows left, one row of each of the L
// values that have the most. What is left then, at most one row of a value,
// joins a group that lacks the value.
func (a Anatomy) groups(c tuple.Column) (group []int32, groups int, err error) {
	buckets := make(bucketHeap, c.Coder.Len())
	for i := range buckets {
		buckets[i].value = uint32(i)
	}
	for row, code := range c.Codes {
		buckets[code].rows = append(buckets[code].rows, int32(row))
	}
	over := 0
	for _, b := range buckets {
		if len(b.rows) > len(c.Codes)/a.L {
			over++
		}
	}
	if over > 0 {
		return nil, 0, fmt.Errorf("kanon/microdata: anatomy: column %q: %d values have more than "+
			"one row in %d each, so that no groups of %d different values exist; lower l",
			a.Sensitive, over, a.L, a.L)
	}
	random := entropy.New()
	for _, b := range buckets {
		for left := len(b.rows); left > 1; left-- {
			at := int(random.Uint64n(uint64(left)))
			b.rows[left-1], b.rows[at] = b.rows[at], b.rows[left-1]
		}
	}
	group = make([]int32, len(c.Codes))
	for row := range group {
		group[row] = ungrouped
	}
	buckets = slices.DeleteFunc(buckets, func(b bucket) bool { return len(b.rows) == 0 })
	heap.Init(&buckets)
	drawn := make([]bucket, a.L)
	for len(buckets) >= a.L {
		for i := range drawn {
			drawn[i] = heap.Pop(&buckets).(bucket)
			last := len(drawn[i].rows) - 1
			group[drawn[i].rows[last]] = int32(groups)
			drawn[i].rows = drawn[i].rows[:last]
		}
		for _, b := range drawn {
			if len(b.rows) > 0 {
				heap.Push(&buckets, b)
			}
		}
		groups++
	}
	for _, b := range buckets {
		for _, row := range b.rows {
			to := lacking(c, b.value, group, groups, random)
			if to < 0 {
				return nil, 0, errors.New("kanon/microdata: anatomy: a row is left that fits no group")
			}
			group[row] = int32(to)
		}
	}
	return group, groups, nil
}

// ungrouped is the group of a row that has none yet.
const ungrouped = -1

// lacking is the first group without a value, from a random one on. It is asked
// for fewer than L rows in all.
func lacking(c tuple.Column, value uint32, group []int32, groups int, random *entropy.Source) int {
	if groups == 0 {
		return -1
	}
	holds := make([]bool, groups)
	for row, code := range c.Codes {
		if code == value && group[row] != ungrouped {
			holds[group[row]] = true
		}
	}
	from := int(random.Uint64n(uint64(groups)))
	for i := range groups {
		if at := (from + i) % groups; !holds[at] {
			return at
		}
	}
	return -1
}

// bucket is the rows of a value that are in no group yet.
type bucket struct {
	value uint32
	rows  []int32
}

// bucketHeap has the bucket of the most rows first.
type bucketHeap []bucket

func (h bucketHeap) Len() int { return len(h) }
func (h bucketHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(len(h[j].rows), len(h[i].rows)), cmp.Compare(h[i].value, h[j].value)) < 0
}
func (h bucketHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *bucketHeap) Push(x any)   { *h = append(*h, x.(bucket)) }
func (h *bucketHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
