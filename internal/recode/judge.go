package recode

import (
	"math"
)

// judge says which sets of items may be a class.
type judge struct {
	s *solver
	// weight of an item is its rows or, where there are people, how many it has:
	// the people of a class are at most the sum.
	weight []int64
	simple bool // the weight decides

	start []int    // people of each item
	ids   []uint32 //
	stamp []uint32 // by person
	turn  uint32

	values []*valueJudge // a sensitive column
}

func newJudge(s *solver) *judge {
	j := &judge{s: s, weight: s.rows, simple: s.People == nil && len(s.Sensitive) == 0}
	if s.People != nil {
		j.takePeople()
	}
	for i := range s.Sensitive {
		j.values = append(j.values, newValueJudge(s, &s.Sensitive[i]))
	}
	return j
}

// takePeople lists the distinct people of each item.
func (j *judge) takePeople() {
	s, p := j.s, j.s.People
	tuples, first := s.tuplesOf()
	j.stamp = make([]uint32, p.Count)
	j.start = make([]int, 1, s.items()+1)
	j.weight = make([]int64, s.items())
	for it := range s.items() {
		turn := j.nextTurn()
		for _, t := range tuples[first[it]:first[it+1]] {
			for _, id := range p.ID[p.Start[t]:p.Start[t+1]] {
				if j.stamp[id] != turn {
					j.stamp[id] = turn
					j.ids = append(j.ids, id)
				}
			}
		}
		j.start = append(j.start, len(j.ids))
		j.weight[it] = int64(j.start[it+1] - j.start[it])
	}
}

// tuplesOf lists the tuples of each item: those of item i are
// tuples[first[i]:first[i+1]].
func (s *solver) tuplesOf() (tuples []uint32, first []int) {
	first = make([]int, s.items()+2)
	for _, it := range s.item {
		first[it+2]++
	}
	for i := 2; i < len(first); i++ {
		first[i] += first[i-1]
	}
	tuples = make([]uint32, len(s.item))
	for t, it := range s.item {
		tuples[first[it+1]] = uint32(t)
		first[it+1]++
	}
	return tuples, first[:s.items()+1]
}

func (j *judge) nextTurn() uint32 {
	if j.turn == math.MaxUint32 {
		clear(j.stamp)
		j.turn = 0
	}
	j.turn++
	return j.turn
}

// holds says whether the union of some sets of items, without one of them, may
// be a class; weight is that of all.
func (j *judge) holds(weight int64, without int32, sets ...[]int32) bool {
	if weight < j.s.K {
		return false
	}
	if j.simple {
		return true
	}
	if j.s.People != nil && !j.manyPeople(without, sets) {
		return false
	}
	for _, v := range j.values {
		if !v.holds(without, sets) {
			return false
		}
	}
	return true
}

func (j *judge) manyPeople(without int32, sets [][]int32) bool {
	turn, n := j.nextTurn(), int64(0)
	for _, set := range sets {
		for _, it := range set {
			if it == without {
				continue
			}
			if j.weight[it] >= j.s.K {
				return true
			}
			for _, id := range j.ids[j.start[it]:j.start[it+1]] {
				if j.stamp[id] != turn {
					j.stamp[id] = turn
					if n++; n >= j.s.K {
						return true
					}
				}
			}
		}
	}
	return false
}

// sum is the weight of items.
func (s *solver) sum(items []int32) (n int64) {
	for _, it := range items {
		n += s.judge.weight[it]
	}
	return n
}

// nobody stands for no item in holds.
const nobody = int32(-1)

// fork is a judge for another goroutine.
func (j *judge) fork() *judge {
	f := *j
	f.stamp, f.turn = make([]uint32, len(j.stamp)), 0
	f.values = nil
	for _, v := range j.values {
		f.values = append(f.values, v.fork())
	}
	return &f
}
