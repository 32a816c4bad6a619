package accounting

import (
	"fmt"
	"math"
)

// farLoss is from where on Q is too small a number to share mass by; all of it
// is moved up.
const farLoss = 600

// maxPoints bounds a grid.
const maxPoints = 1 << 24

// connect puts the privacy loss of one direction on a grid so that δ at each of
// its points is exact, and between them, as a function of e^ε, on the line that
// connects the dots; δ is convex there, so that this is an upper bound and the
// least one on the grid (Doroshenko, Ghazi, Kamath, Kumar and Manurangsi 2022,
// Connect the dots: tighter discrete approximations of privacy loss
// distributions, PoPETs 2022(4), arXiv:2207.04380).
//
// The mass P of the losses between two points, and Q of the other distribution,
// is shared by the points so that both stay what they are. For a lower point l
// the upper one gets (P - e^l·Q)/(1 - e^-h), whose numerator is the integral of
// P·(1 - e^(l-loss)).
//
// Removing a person, the loss is ln(P/Q) with P = qA + (1-q)B and Q = B; adding
// one, P = B and Q = qA + (1-q)B.
func (b *base) connect(h float64, add bool) (*pmf, error) {
	if b.mixed != nil {
		return b.connectMixed(h, add)
	}
	q := b.q()
	lowest, highest := math.Inf(1), math.Inf(-1)
	atoms := make([]point, 0, len(b.atoms))
	for _, o := range b.atoms {
		p := point{sampledLoss(q, o.loss), q*o.a + (1-q)*o.b}
		if add {
			p = point{-p.loss, o.b}
		}
		if p.mass > 0 {
			atoms = append(atoms, p)
			if !math.IsInf(p.loss, 1) {
				lowest, highest = min(lowest, p.loss), max(highest, p.loss)
			}
		}
	}
	if b.tails != nil {
		low, high := sampledLoss(q, b.lower), sampledLoss(q, b.upper)
		if add {
			low, high = -high, -low
		}
		lowest, highest = min(lowest, low), max(highest, high)
	}
	if lowest > highest {
		lowest, highest = 0, 0 // all is infinite
	}
	if !((highest-lowest)/h < maxPoints && math.Abs(lowest)/h < 1e12 && highest/h < 1e12) {
		return nil, fmt.Errorf("losses from %.3g to %.3g need more than %d points of interval %v; "+
			"enlarge the interval", lowest, highest, maxPoints, h)
	}
	d := &pmf{interval: h, first: int(math.Floor(lowest / h))}
	d.p = make([]float64, int(math.Ceil(highest/h))-d.first+1)
	for _, o := range atoms {
		d.addAtom(o)
	}
	if b.tails != nil {
		d.addTails(b, q, add)
	}
	d.trim()
	return d, nil
}

// connectMixed is the sum of what each part of a mixture is on the grid: δ of the
// mixture is the sum of theirs.
func (b *base) connectMixed(h float64, add bool) (*pmf, error) {
	d := &pmf{interval: h, first: math.MaxInt}
	parts := make([]*pmf, len(b.mixed))
	last := math.MinInt
	for i, w := range b.mixed {
		one, err := w.connect(h, add)
		if err != nil {
			return nil, err
		}
		parts[i] = one
		d.first, last = min(d.first, one.first), max(last, one.first+len(one.p))
	}
	if last-d.first > maxPoints {
		return nil, fmt.Errorf("losses need more than %d points of interval %v; enlarge the interval",
			maxPoints, h)
	}
	d.p = make([]float64, last-d.first)
	for i, one := range parts {
		weight := b.mixed[i].weight
		for j, p := range one.p {
			d.p[one.first-d.first+j] += weight * p
		}
		d.inf += weight * one.inf
	}
	return d, nil
}

// point is the mass of the outcomes of one privacy loss.
type point struct{ loss, mass float64 }

func (d *pmf) addAtom(o point) {
	if math.IsInf(o.loss, 1) {
		d.inf += o.mass
		return
	}
	x := o.loss / d.interval
	i := int(math.Floor(x)) - d.first
	i = max(0, min(i, len(d.p)-1))
	over := o.loss - d.loss(i)
	if over <= 0 || i == len(d.p)-1 {
		// On a point of the grid but for rounding.
		d.p[i] += o.mass
		return
	}
	upper := o.mass * min(1, math.Expm1(-over)/math.Expm1(-d.interval))
	d.p[i+1] += upper
	d.p[i] += o.mass - upper
}

// addTails shares the continuum of b, bin by bin.
func (d *pmf) addTails(b *base, q float64, add bool) {
	at := func(loss float64) (p, q0 tail) {
		if add {
			a, c := b.tails(unsampledLoss(q, -loss))
			m := mix(q, a, c)
			return tail{c.above, c.below}, tail{m.above, m.below}
		}
		a, c := b.tails(unsampledLoss(q, loss))
		return mix(q, a, c), c
	}
	width := -math.Expm1(-d.interval)
	p0, q0 := at(d.loss(0))
	d.p[0] += p0.below // moved up
	for i := range len(d.p) - 1 {
		p1, q1 := at(d.loss(i + 1))
		if mass := between(p0, p1); mass > 0 {
			upper := mass
			if l := d.loss(i); l < farLoss {
				upper = max(0, min((mass-math.Exp(l)*between(q0, q1))/width, mass))
			}
			d.p[i+1] += upper
			d.p[i] += mass - upper
		}
		p0, q0 = p1, q1
	}
	// Of what is beyond the last point it keeps e^l·Q, and the rest counts as
	// infinite.
	kept := 0.0
	if l := d.loss(len(d.p) - 1); l < farLoss {
		kept = min(p0.above, math.Exp(l)*q0.above)
	}
	d.p[len(d.p)-1] += kept
	d.inf += p0.above - kept
}

// trim cuts zeros off both ends.
func (d *pmf) trim() {
	for len(d.p) > 1 && d.p[len(d.p)-1] == 0 {
		d.p = d.p[:len(d.p)-1]
	}
	for len(d.p) > 1 && d.p[0] == 0 {
		d.p, d.first = d.p[1:], d.first+1
	}
}
