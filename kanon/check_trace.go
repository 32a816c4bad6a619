package kanon

import (
	"cmp"
	"slices"
)

// trace is what the rows of one person look like to somebody who knows that
// they are one person's: how often each class occurs among them. It is the sum
// over the rows of two mixed numbers of 64 bits each, so that people whose rows
// differ have the same trace with a chance of about one in 2^128.
type trace [2]uint64

// extended is the trace with one more row.
func extended(t trace, class uint32) trace {
	t[0] += mixed(uint64(class) + 0x9e3779b97f4a7c15)
	t[1] += mixed(uint64(class) + 0xd1b54a32d192ed03)
	return t
}

// mixed is the finalizer of SplitMix64 (Steele, Lea, Flood 2014, Fast
// splittable pseudorandom number generators, OOPSLA, doi:10.1145/2660193.2660195).
func mixed(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// countPeople counts the people in each class, and the classes of each person.
func (c *Checker) countPeople(classes, people []uint32) {
	c.peopleIn = extendedTo(c.peopleIn, c.classes.len())
	c.people.pairs(classes, people, func(i int) { c.peopleIn[classes[i]]++ })
	for i, class := range classes {
		person := people[i]
		if more := int(person) + 1 - len(c.traces); more > 0 {
			c.traces = append(c.traces, make([]trace, more)...)
		}
		c.traces[person] = extended(c.traces[person], class)
	}
}

// linked counts the groups of people with one trace by their size in people.
func (c *Checker) linked() []SizeCount {
	traces := slices.Clone(c.traces[min(1, len(c.traces)):]) // nullCode is nobody
	slices.SortFunc(traces, func(a, b trace) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	sizes := []int64{}
	for i, t := range traces {
		if i > 0 && t == traces[i-1] {
			sizes[len(sizes)-1]++
		} else {
			sizes = append(sizes, 1)
		}
	}
	return sizeCounts(sizes)
}
