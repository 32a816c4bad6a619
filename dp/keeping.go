package dp

import (
	"errors"
	"math/big"

	"github.com/lethe-go/lethe/internal/entropy"
)

// keeping is the optimal rule of partition selection for one group: with n people
// it is kept with probability p(n), where p(0) = 0 and
//
//	p(n) = min(e^ε·p(n-1) + δ, 1 - e^-ε·(1 - p(n-1) - δ), 1)
//
// which is as large as (ε, δ)-differential privacy allows (Desfontaines, Voss,
// Gipson and Mandayam 2022, arXiv:2006.03684, Theorem 1). The probabilities are
// held in units of 2^-128 and rounded down, from p(n-1) as it was rounded, with e^ε
// from below and e^-ε from above: so that the ones held satisfy
//
//	p(n) ≤ e^ε·p(n-1) + δ  and  1 - p(n-1) ≤ e^ε·(1 - p(n)) + δ
//
// exactly, which with p(n-1) ≤ p(n) is (ε, δ)-differential privacy of keeping the
// group or not.
type keeping struct {
	p []word128 // p[n-1] is p(n); from len(p)+1 on it is one
}

// word128 is a number below one in units of 2^-128.
type word128 struct{ high, low uint64 }

const (
	keepBits = 128
	// mostSteps bounds the numbers of people for which the rule is uncertain.
	mostSteps = 1 << 20
)

var errTinyDelta = errors.New("delta is too small for groups to be found; raise it or lower " +
	"max_groups")

func newKeeping(epsilon, delta *big.Rat) (keeping, error) {
	one := new(big.Int).Lsh(big.NewInt(1), keepBits)
	// A smaller ε is more private; beyond this it changes nothing.
	if most := big.NewRat(64, 1); epsilon.Cmp(most) > 0 {
		epsilon = most
	}
	growth, shrink := expBounds(epsilon)
	d := new(big.Int).Lsh(delta.Num(), keepBits)
	d.Quo(d, delta.Denom())
	if d.Sign() == 0 {
		return keeping{}, errTinyDelta
	}
	var k keeping
	for p := new(big.Int); ; {
		rise := new(big.Int).Mul(p, growth)
		rise.Add(rise.Rsh(rise, keepBits), d)
		lack := new(big.Int).Sub(one, p)
		lack.Sub(lack, d)
		if lack.Sign() > 0 {
			lack.Mul(lack, shrink)
			lack.Add(lack, new(big.Int).Sub(one, big.NewInt(1)))
			lack.Rsh(lack, keepBits)
			if fall := lack.Sub(one, lack); fall.Cmp(rise) < 0 {
				rise = fall
			}
		}
		if rise.Cmp(one) >= 0 {
			return k, nil
		}
		if len(k.p) == mostSteps {
			return keeping{}, errors.New("epsilon is too small for groups to be found; raise it or " +
				"lower max_groups")
		}
		low := new(big.Int).And(rise, new(big.Int).SetUint64(1<<64-1))
		k.p = append(k.p, word128{new(big.Int).Rsh(rise, 64).Uint64(), low.Uint64()})
		p = rise
	}
}

// shows decides a group with n people, at least one, with probability p(n) exactly.
func (k keeping) shows(n int64, src *entropy.Source) bool {
	if n > int64(len(k.p)) {
		return true
	}
	p := k.p[n-1]
	high := src.Uint64()
	return high < p.high || high == p.high && src.Uint64() < p.low
}

// expBounds returns growth ≤ 2^128·e^x and shrink ≥ 2^128·e^-x, and at most 2^128,
// for a positive x of at most 64.
//
// With y = x/2^7 below one it sums the Taylor series of e^y in units of 2^-256,
// whose terms are all positive, each rounded down, and squares the sum seven times,
// rounded down: all of which makes it smaller. The inverse of a lower bound of e^x
// is an upper bound of e^-x.
func expBounds(x *big.Rat) (growth, shrink *big.Int) {
	const precision, squarings = 256, 7
	unit := new(big.Int).Lsh(big.NewInt(1), precision)
	num, den := x.Num(), new(big.Int).Lsh(x.Denom(), squarings)
	low, term := new(big.Int).Set(unit), new(big.Int).Set(unit)
	divisor := new(big.Int)
	for n := int64(1); term.Sign() > 0; n++ {
		term.Mul(term, num)
		term.Quo(term, divisor.Mul(den, big.NewInt(n)))
		low.Add(low, term)
	}
	for range squarings {
		low.Rsh(low.Mul(low, low), precision)
	}
	growth = new(big.Int).Rsh(low, precision-keepBits)
	shrink = new(big.Int).Lsh(big.NewInt(1), precision+keepBits)
	shrink.Add(shrink, new(big.Int).Sub(low, big.NewInt(1)))
	return growth, shrink.Quo(shrink, low)
}
