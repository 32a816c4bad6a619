package accounting

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Renyi bounds the Rényi divergence of some steps at a list of orders, for
// every two neighbouring tables, but for a probability of failure (Mironov 2017,
// Rényi differential privacy, CSF). It composes by addition, and is looser than
// a LossDistribution. It is a Curve. It does not change and is safe for
// concurrent use; the zero value is refused.
type Renyi struct {
	orders, divergence []float64
	slack              float64
	between            relation
}

// DefaultOrders are 1.1 to 10.9 by tenths, 11 to 63, 128, 256, 512 and 1024.
func DefaultOrders() []float64 {
	var orders []float64
	for i := 11; i < 110; i++ {
		orders = append(orders, float64(i)/10)
	}
	for i := 11; i < 64; i++ {
		orders = append(orders, float64(i))
	}
	return append(orders, 128, 256, 512, 1024)
}

// NewRenyi composes the steps at the given orders, each above 1 and finite, nil
// for DefaultOrders.
func NewRenyi(orders []float64, steps ...Step) (*Renyi, error) {
	if orders == nil {
		orders = DefaultOrders()
	}
	all, between, err := models(steps)
	for _, a := range orders {
		if !(a > 1) || math.IsInf(a, 1) {
			err = errors.Join(err, fmt.Errorf("an order is %v, want it above 1", a))
		}
	}
	if len(orders) == 0 {
		err = errors.Join(err, errors.New("no order"))
	}
	if err != nil {
		return nil, mistakes(err)
	}
	r := &Renyi{orders: slices.Clone(orders), divergence: make([]float64, len(orders)),
		between: between}
	kept := 0.0 // ln(1-slack)
	for i, m := range all {
		if m.renyi == nil {
			return nil, fmt.Errorf("accounting: step %d: %v has no known Rényi divergence; "+
				"use NewLossDistribution", i+1, steps[i].Mechanism)
		}
		count := float64(steps[i].Count)
		for j, d := range m.renyi(r.orders) {
			d = up(d)
			if math.IsNaN(d) {
				d = math.Inf(1) // out of the range of numbers
			}
			r.divergence[j] += count * d
		}
		kept += count * math.Log1p(-m.slack)
	}
	r.slack = -math.Expm1(kept)
	return r, nil
}

func (r *Renyi) check() error {
	if r == nil || len(r.orders) == 0 {
		return errors.New("no divergence; make one by NewRenyi")
	}
	return nil
}

// Compose is the divergence of both together. Both must have the same orders.
func (r *Renyi) Compose(other *Renyi) (*Renyi, error) {
	if err := mistakes(r.check(), other.check()); err != nil {
		return nil, err
	}
	if !slices.Equal(r.orders, other.orders) {
		return nil, errors.New("accounting: orders differ, want them equal")
	}
	between, err := r.between.with(other.between)
	if err != nil {
		return nil, mistakes(err)
	}
	out := &Renyi{orders: r.orders, divergence: slices.Clone(r.divergence), between: between}
	for i, d := range other.divergence {
		out.divergence[i] += d
	}
	out.slack = r.slack + other.slack - r.slack*other.slack
	return out, nil
}

// Orders are those that r knows.
func (r *Renyi) Orders() []float64 { return slices.Clone(r.orders) }

// Divergence is the bound at each of the Orders.
func (r *Renyi) Divergence() []float64 { return slices.Clone(r.divergence) }

// Epsilon is the least ε that the divergences give with delta, which must lie in
// (0, 1): with divergence D at order α,
//
//	ε = D + ln(1-1/α) - ln(α·δ)/(α-1)
//
// (Canonne, Kamath and Steinke 2020, Proposition 12; Balle, Barthe, Gaboardi,
// Hsu and Sato 2020, Hypothesis testing interpretations and Rényi differential
// privacy, AISTATS, Theorem 21). It is 0 where the total variation distance is
// at most delta by the inequality of Bretagnolle and Huber. It is +Inf if the
// probability of failure is not below delta.
func (r *Renyi) Epsilon(delta float64) (float64, error) {
	if err := mistakes(r.check(), checkDelta(delta)); err != nil {
		return 0, err
	}
	// δ of the whole is slack + (1-slack)·δ of the rest.
	delta = (delta - r.slack) / (1 - r.slack)
	if delta <= 0 {
		return math.Inf(1), nil
	}
	best := math.Inf(1)
	for i, a := range r.orders {
		d := r.divergence[i]
		if math.Sqrt(-math.Expm1(-d)) <= delta {
			return 0, nil
		}
		if a > 1.001 {
			best = min(best, d+math.Log1p(-1/a)-math.Log(a*delta)/(a-1))
		}
	}
	return max(0, up(best)), nil
}

// Delta is the least δ that the divergences give with epsilon, which must be at
// least 0, by the same inequalities.
func (r *Renyi) Delta(epsilon float64) (float64, error) {
	if err := mistakes(r.check(), checkEpsilon(epsilon)); err != nil {
		return 0, err
	}
	best := 1.0
	for i, a := range r.orders {
		d := r.divergence[i]
		// δ(ε) is at most the total variation distance, and the divergence of
		// order 1 at most D.
		best = min(best, math.Sqrt(-math.Expm1(-d)))
		if a > 1.001 {
			best = min(best, math.Exp((a-1)*(d-epsilon+math.Log1p(-1/a))-math.Log(a)))
		}
	}
	return min(1, up(r.slack+(1-r.slack)*best)), nil
}
