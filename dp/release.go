package dp

import "github.com/lethe-go/lethe/internal/entropy"

// tally holds a number of rows for each group and, for a mean, a sum in grid
// steps. First they are exact and then noisy.
type tally struct {
	rows, sums []int64
}

// answer sums up the sample and adds the noise, for every query. It may be
// called once on a sample, as it changes it.
func (s *Scan) answer() []tally {
	if most := s.plan.unit.MaxGroups; most > 0 {
		for j, g := range s.plan.groupings {
			if g.size > most {
				s.sample.boundGroups(j, most, s.source)
			}
		}
	}
	answers := make([]tally, len(s.plan.questions))
	for i := range answers {
		q := &s.plan.questions[i]
		answers[i] = s.sample.tally(q, s.plan.groupings[q.grouping].size)
	}
	for i := range answers {
		s.plan.questions[i].perturb(answers[i], s.source)
	}
	return answers
}

// tally counts and sums the kept rows. Integers make the result the same in any
// order. Nothing overflows: there are at most maxEntries = 2^31 rows of at most
// 2^gridBits = 2^30 steps each, and exact.Laplace takes 2^62 - 1.
func (s *sample) tally(q *question, size int) tally {
	t := tally{rows: make([]int64, size)}
	if q.measure >= 0 {
		t.sums = make([]int64, size)
	}
	for i := range s.pages {
		n := min(pageRows, s.n-i*pageRows)
		groups := s.pages[i].groups[q.grouping][:n]
		if q.measure < 0 {
			for _, g := range groups {
				if g != none {
					t.rows[g]++
				}
			}
			continue
		}
		values := s.pages[i].values[q.measure][:n]
		for j, g := range groups {
			if v := values[j]; g != none && v != skip {
				t.rows[g]++
				t.sums[g] += int64(v)
			}
		}
	}
	return t
}

// perturb adds the noise.
func (q *question) perturb(t tally, src *entropy.Source) {
	for i, n := range t.rows {
		t.rows[i] = q.count.Add(src, n)
	}
	for i, n := range t.sums {
		t.sums[i] = q.sum.Add(src, n)
	}
}
