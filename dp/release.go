package dp

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/lethe-go/lethe/internal/entropy"
)

// answer is what a question came to: noisy numbers, and the noise in them.
type answer struct {
	tally
	noise noise
}

// answer finds groups and bounds and adds the noise, for every question. It may be
// called once, as it changes the sums.
func (d *sums) answer(src *entropy.Source) (*view, []answer, error) {
	v, answers, err := d.prepare(src)
	if err != nil {
		return nil, nil, err
	}
	for i := range answers {
		q := &d.plan.questions[i]
		q.kind.perturb(v, q, &answers[i].tally, answers[i].noise, src)
	}
	return v, answers, nil
}

// prepare is all of answer but for the noise of the results.
func (d *sums) prepare(src *entropy.Source) (*view, []answer, error) {
	v := d.view(d.rest)
	shown := make([][]uint32, len(d.plan.groupings)) // nil for all
	for j, g := range d.plan.groupings {
		if g.private() {
			shown[j], v.groups[j] = d.selectGroups(j, src)
		} else {
			v.groups[j] = g.set()
		}
	}
	answers := make([]answer, len(d.plan.questions))
	if err := v.scale(answers, src); err != nil {
		return nil, nil, err
	}
	v.tally(d.tallies, (*question).late)
	for i := range answers {
		answers[i].tally = d.tallies[i]
		if groups := shown[d.plan.questions[i].grouping]; groups != nil {
			answers[i].tally = d.tallies[i].of(groups)
		}
	}
	return v, answers, nil
}

// selectGroups decides which groups of a roll are shown, by the numbers of people in
// them, and lists them in the order of their keys; not nil.
func (d *sums) selectGroups(j int, src *entropy.Source) ([]uint32, groupSet) {
	roll, rule := d.rolls[j], d.plan.groupings[j].selection
	noisy := make([]int64, len(d.in[j]))
	shown := []uint32{}
	for g, n := range d.in[j] {
		var yes bool
		if yes, noisy[g] = rule.shows(n, src); yes {
			shown = append(shown, uint32(g))
		}
	}
	roll.sort(shown)
	set := roll.set(shown)
	for _, g := range shown {
		set.people = append(set.people, noisy[g])
	}
	return shown, set
}

// scale finds bounds and makes the noise of every question.
func (v *view) scale(answers []answer, src *entropy.Source) error {
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

// tally sums up for the questions that are chosen, on as many processors as there
// are.
func (v *view) tally(tallies []tally, chosen func(*question) bool) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(tallies)) {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(tallies) {
					return
				}
				if q := &v.plan.questions[i]; chosen(q) {
					tallies[i] = q.kind.tally(v, q)
				}
			}
		})
	}
	workers.Wait()
}
