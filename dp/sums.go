package dp

import (
	"fmt"
	"slices"
)

// sums are what the rows kept of some people come to before any noise: for every
// question the exact numbers of all groups that were met, and for every grouping
// the people in each. What bounds a person has been applied, and whose a row was is
// forgotten, so that the sums of different people add up to those of all of them,
// whatever their order: the numbers that noise is added to are the same as those of
// one scan of all rows, of which the same were drawn.
//
// Rows themselves are kept only where a question's bounds are to be found: which
// numbers they add is not known before.
type sums struct {
	plan    *plan
	rolls   []*roll   // by grouping; nil for public keys
	rows    int64     // summed up
	people  int64     // of whom a row was seen
	in      [][]int64 // by grouping: people in each group; nil where nobody asks
	tallies []tally   // by question; without any for those that are late
	rest    *sample   // rows of nobody, for questions whose bounds are to be found; or nil
}

// newSums are those of nobody.
func newSums(p *plan, rolls []*roll) *sums {
	d := &sums{plan: p, rolls: rolls, in: make([][]int64, len(p.groupings)),
		tallies: make([]tally, len(p.questions))}
	for j, g := range p.groupings {
		if g.private() || p.countsPeople(j) {
			d.in[j] = make([]int64, d.size(j))
		}
	}
	return d
}

// size is how many groups of a grouping were met, or could be with public keys.
func (d *sums) size(grouping int) int {
	if roll := d.rolls[grouping]; roll != nil {
		return roll.len()
	}
	return d.plan.groupings[grouping].size
}

// view shows the questions what is known without finding anything.
func (d *sums) view(rows *sample) *view {
	v := &view{plan: d.plan, sums: d, sample: rows, grids: make([]grid, len(d.plan.measures)),
		groups: make([]groupSet, len(d.plan.groupings))}
	for i, m := range d.plan.measures {
		v.grids[i] = m.grid
	}
	return v
}

// sum bounds in how many groups people are and sums up their rows. It may be called
// once on a scan, as it changes the sample and keeps parts of it.
func (s *Scan) sum() *sums {
	d := newSums(s.plan, s.rolls)
	d.rows, d.people = int64(s.sample.n), s.sample.people()
	most := s.plan.unit.MaxGroups
	for j, in := range d.in {
		if in != nil || most > 0 && d.size(j) > most {
			s.sample.boundGroups(j, most, in, s.source)
		}
	}
	d.view(s.sample).tally(d.tallies, func(q *question) bool { return !q.late() })
	if s.plan.keepsRows() {
		d.rest = s.sample
		d.rest.forget()
	}
	return d
}

// countsPeople says whether a question about a grouping is one of people.
func (p *plan) countsPeople(grouping int) bool {
	return slices.ContainsFunc(p.questions, func(q question) bool {
		return q.ofPeople() && q.grouping == grouping && len(q.by) > 0
	})
}

// keepsRows says whether there is a question whose bounds are to be found.
func (p *plan) keepsRows() bool {
	return slices.ContainsFunc(p.questions, func(q question) bool { return q.loose() })
}

// merge takes in the sums of other people, of the same plan, which are of no use
// afterwards.
func (d *sums) merge(o *sums) error {
	if d.rows+o.rows > maxEntries {
		return fmt.Errorf("more than %d rows; lower max_rows", maxEntries)
	}
	maps := make([][]uint32, len(d.rolls))
	for j, roll := range d.rolls {
		if roll == nil {
			continue
		}
		var err error
		if maps[j], err = roll.merge(o.rolls[j]); err != nil {
			return err
		}
	}
	d.rows, d.people = d.rows+o.rows, d.people+o.people
	for j := range d.in {
		d.in[j] = addAt(d.in[j], o.in[j], maps[j], d.size(j))
	}
	for i := range d.tallies {
		q := &d.plan.questions[i]
		if !q.late() {
			d.tallies[i].add(&o.tallies[i], maps[q.grouping], d.size(q.grouping))
		}
	}
	if o.rest != nil {
		if d.rest == nil {
			d.rest = newSample(d.plan)
			d.rest.forget()
		}
		for e := range uint32(o.rest.n) {
			d.rest.copy(d.rest.link(new(person)), o.rest, e, maps)
		}
	}
	return nil
}

// add takes in the numbers of others. to is the number of each of their groups,
// nil for the same; there are so many groups now.
func (t *tally) add(o *tally, to []uint32, groups int) {
	if t.cells == nil {
		t.cells = make([][]int64, len(o.cells))
	}
	for i := range o.cells {
		t.cells[i] = addAt(t.cells[i], o.cells[i], to, groups)
	}
	if o.spots == nil {
		return
	}
	if t.spots == nil {
		t.spots = &spots{start: []int{0}}
	}
	t.spots = t.spots.merge(o.spots, to, groups)
}

// addAt adds numbers by group to those of others.
func addAt(x, others []int64, to []uint32, groups int) []int64 {
	if others == nil {
		return x
	}
	x = append(x, make([]int64, groups-len(x))...)
	for g, n := range others {
		if to != nil {
			g = int(to[g])
		}
		x[g] += n
	}
	return x
}
