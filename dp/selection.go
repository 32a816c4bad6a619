package dp

import (
	"fmt"
	"math/big"

	"github.com/lethe-go/lethe/internal/decimal"
	"github.com/lethe-go/lethe/internal/entropy"
)

// selection decides which groups are shown, by their numbers of people.
//
// Privacy. A person is in at most most groups. In those that others are in too,
// their number of people changes by one. Those that nobody else is in are there
// for one of two neighbours only, with one person each.
//
// TruncatedGeometric decides each group by itself, at (ε/most, δ/most); see
// keeping. What a neighbour's table does not have is as a group of zero people,
// which is never shown, so that no group is special and the decisions compose to
// (ε, δ) by basic composition.
//
// The thresholds add noise to the numbers of people, of which the sensitivity is
// that of People, so that the noisy numbers of the groups both tables have are
// ε-private, or (ε, δ/2) with Gaussian noise. A group with one person is shown
// with a probability of at most δ/most (δ/2/most), and so any of the at most most
// groups of one neighbour only with at most η = δ (δ/2). Both together are private
// for ε and the sum: let a(S) be the probability of answers S that show none of
// those groups on the table without them, and b(S) that of the same for the other
// table before it is looked at those groups, which are independent. Then
// a ≤ e^ε·b + δ' with δ' = 0 (δ/2), and the answer of the other table is in S with
// probability p between (1-η)·b and b + η. If a ≥ p, a - e^ε·p is at most
// a - (1-η)(a - δ') ≤ η + δ'; and p - e^ε·a ≤ b + η - e^ε·a ≤ η + δ'.
//
// MinPeople. A rule is applied to the number of people less MinPeople-1, and to no
// group with fewer people than MinPeople: as a group of zero people it is never
// shown, and the numbers that are looked at still change by at most one.
type selection struct {
	fewest int64 // MinPeople, at least one

	keep      keeping // of TruncatedGeometric
	noise     noise   // of a threshold; nil else
	threshold int64   // the least noisy number that is shown
}

func newSelection(q Groups, most int) (*selection, error) {
	s := &selection{fewest: int64(max(1, q.MinPeople))}
	share := big.NewRat(1, int64(most))
	epsilon, delta := decimal.Of(q.Epsilon), decimal.Of(q.Delta)
	switch q.Rule {
	case TruncatedGeometric:
		var err error
		s.keep, err = newKeeping(epsilon.Mul(epsilon, share), delta.Mul(delta, share))
		return s, err
	case LaplaceThreshold:
		return s, s.setThreshold(price{epsilon: q.Epsilon}, q.Delta, most)
	case GaussianThreshold:
		return s, s.setThreshold(price{epsilon: q.Epsilon, delta: q.Delta / 2}, q.Delta/2, most)
	}
	return nil, fmt.Errorf("rule is %q, want %s, %s or %s", q.Rule, TruncatedGeometric,
		LaplaceThreshold, GaussianThreshold)
}

// setThreshold finds the least threshold that one person with noise reaches with a
// probability of at most delta/most. The noise is above a tail with half the
// probability of being beyond it on either side.
func (s *selection) setThreshold(p price, delta float64, most int) error {
	l, err := p.loss()
	if err != nil {
		return err
	}
	if s.noise, err = l.noise(ones(most)); err != nil {
		return err
	}
	alpha := min(2*delta/float64(most)*(1-spare), 0.5)
	if !(alpha > 0) {
		return errTinyDelta
	}
	s.threshold = 1 + s.noise.Tail(alpha) + 1
	return nil
}

// shows decides a group with a number of people, and gives the noisy number that
// is told with it, if any.
func (s *selection) shows(people int64, src *entropy.Source) (yes bool, noisy int64) {
	rest := people - (s.fewest - 1)
	if rest < 1 {
		return false, 0
	}
	if s.noise == nil {
		return s.keep.shows(rest, src), 0
	}
	noisy = s.noise.Add(src, rest)
	return noisy >= s.threshold, noisy + s.fewest - 1
}
