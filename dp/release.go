package dp

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/lethe-go/lethe/internal/entropy"
)

// answer is what a question came to: noisy numbers, and the noise in them.
type answer struct {
	tally
	noise noise
}

// answer bounds the groups, finds groups and bounds, sums up the sample and adds
// the noise, for every question. It may be called once on a scan, as it changes
// the sample.
func (s *Scan) answer() (*view, []answer, error) {
	v := s.view()
	answers := make([]answer, len(s.plan.questions))
	if err := v.prepare(answers, s.source); err != nil {
		return nil, nil, err
	}
	v.tally(answers)
	for i := range answers {
		q := &s.plan.questions[i]
		q.kind.perturb(v, q, &answers[i].tally, answers[i].noise, s.source)
	}
	return v, answers, nil
}

// view bounds in how many groups people are and finds groups.
func (s *Scan) view() *view {
	n := len(s.plan.groupings)
	v := &view{plan: s.plan, sample: s.sample, groups: make([]groupSet, n), people: make([][]int64, n)}
	for j, g := range s.plan.groupings {
		size, most := g.size, s.plan.unit.MaxGroups
		if g.private() {
			size = s.rolls[j].len()
		}
		if g.private() || s.plan.countsPeople(j) {
			v.people[j] = make([]int64, size)
		}
		if v.people[j] != nil || most > 0 && size > most {
			s.sample.boundGroups(j, most, v.people[j], s.source)
		}
		if g.private() {
			v.groups[j], v.people[j] = s.selectGroups(j, v.people[j])
		} else {
			v.groups[j] = g.set()
		}
	}
	return v
}

// countsPeople says whether a question about a grouping is one of people.
func (p *plan) countsPeople(grouping int) bool {
	return slices.ContainsFunc(p.questions, func(q question) bool {
		switch q.kind.(type) {
		case peopling, topping:
			return q.grouping == grouping && len(q.by) > 0
		}
		return false
	})
}

// selectGroups decides which groups of a roll are shown, by the numbers of people
// in them, and numbers the rows kept by those. It returns them and how many people
// are in each.
func (s *Scan) selectGroups(j int, people []int64) (groupSet, []int64) {
	roll, rule := s.rolls[j], s.plan.groupings[j].selection
	noisy := make([]int64, len(people))
	var shown []uint32
	for g, n := range people {
		var yes bool
		if yes, noisy[g] = rule.shows(n, s.source); yes {
			shown = append(shown, uint32(g))
		}
	}
	roll.sort(shown)
	set := roll.set(shown)
	place := make([]uint32, len(people))
	for g := range place {
		place[g] = none
	}
	counts := make([]int64, len(shown))
	for i, g := range shown {
		place[g], counts[i] = uint32(i), people[g]
		set.people = append(set.people, noisy[g])
	}
	s.sample.eachPage(func(p *page, n int) {
		for i, g := range p.groups[j][:n] {
			if g != none {
				p.groups[j][i] = place[g]
			}
		}
	})
	return set, counts
}

// prepare finds bounds and makes the noise of every question.
func (v *view) prepare(answers []answer, src *entropy.Source) error {
	v.grids = make([]grid, len(v.plan.measures))
	for i, m := range v.plan.measures {
		v.grids[i] = m.grid
	}
	for i := range answers {
		q := &v.plan.questions[i]
		grids := make([]grid, len(q.measures))
		for j, m := range q.measures {
			if find := v.plan.measures[m].find; find != nil {
				_, bounds, err := q.noises(v.plan.unit, q.probe())
				if err == nil {
					v.grids[m], err = v.find(m, bounds[j], src)
				}
				if err != nil {
					return err
				}
			}
			grids[j] = v.grids[m]
		}
		var err error
		if answers[i].noise, _, err = q.noises(v.plan.unit, grids); err != nil {
			return err
		}
	}
	return nil
}

// tally sums up for all questions, on as many processors as there are.
func (v *view) tally(answers []answer) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(answers)) {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(answers) {
					return
				}
				q := &v.plan.questions[i]
				answers[i].tally = q.kind.tally(v, q)
			}
		})
	}
	workers.Wait()
}
