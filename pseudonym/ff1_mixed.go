package pseudonym

import (
	"errors"
	"math/bits"
)

// wide is a number below 2^128.
type wide struct{ hi, lo uint64 }

func (w wide) less(x wide) bool { return w.hi < x.hi || w.hi == x.hi && w.lo < x.lo }

// mulAdd returns w*m + a, and false if that is not below 2^126.
func (w wide) mulAdd(m, a uint64) (wide, bool) {
	high, lo := bits.Mul64(w.lo, m)
	over, hi := bits.Mul64(w.hi, m)
	lo, carry := bits.Add64(lo, a, 0)
	hi, carry = bits.Add64(hi, high, carry)
	return wide{hi, lo}, over == 0 && carry == 0 && hi < 1<<62
}

// divMod divides by m, below 2^64.
func (w wide) divMod(m uint64) (wide, uint64) {
	hi, rest := bits.Div64(0, w.hi, m)
	lo, rest := bits.Div64(rest, w.lo, m)
	return wide{hi, lo}, rest
}

func (w wide) bitLen() int {
	if w.hi > 0 {
		return 64 + bits.Len64(w.hi)
	}
	return bits.Len64(w.lo)
}

var errLong = errors.New("too many letters and digits for this shape")

// loadMixed makes a record of characters each of which has an alphabet of its
// own: they count as one number in a mixed radix, which FF1 encrypts as a
// string of just as many bits as the greatest such number needs.
func (m *ff1Maker) loadMixed(j *job, r *ff1Record, tmp *token) error {
	rank, size := wide{}, wide{lo: 1}
	for i, at := range j.at {
		l := j.class[i]
		radix := uint64(len(l.set))
		var ok bool
		if size, ok = size.mulAdd(radix, 0); !ok {
			return errLong
		}
		rank, _ = rank.mulAdd(radix, uint64(l.value[j.text[at]]))
	}
	if size.hi == 0 && size.lo < minDomain {
		return errDomain
	}
	j.size = size
	last := size
	if last.lo--; size.lo == 0 {
		last.hi--
	}
	p, err := m.plan(last.bitLen(), len(j.tweak))
	if err != nil {
		return err
	}
	v := uint(p.v) // at most 63
	a := rank.lo>>v | rank.hi<<(64-v)
	*r = m.begin(p, a, rank.lo&(1<<v-1), j.tweak, tmp)
	return nil
}

// storeMixed writes the number of a record, unless it is beyond the domain.
func (j *job) storeMixed(r *ff1Record) bool {
	v := uint(r.v)
	rank := wide{r.a >> (64 - v), r.a<<v | r.b}
	if !rank.less(j.size) {
		return false
	}
	for i := len(j.at) - 1; i >= 0; i-- {
		l := j.class[i]
		var digit uint64
		rank, digit = rank.divMod(uint64(len(l.set)))
		j.text[j.at[i]] = l.set[digit]
	}
	return true
}
