package pseudonym

import (
	"crypto/aes"
	"encoding/binary"
	"math/big"
)

// crypt encrypts or decrypts a string of numerals in place, each of which is
// below the radix. Halves of 64 bits and more are numbers of package big, which
// allocates.
func (f *ff1) crypt(p *ff1Plan, x []uint16, tweak []byte, decrypt bool) {
	if p.fits() {
		var tmp [1]token
		a, b := f.number(x[:p.u]), f.number(x[p.u:])
		r := []ff1Record{f.begin(p, a, b, tweak, &tmp[0])}
		if decrypt {
			f.decrypt(r, tmp[:])
		} else {
			f.encrypt(r, tmp[:])
		}
		f.numerals(x[:p.u], r[0].a)
		f.numerals(x[p.u:], r[0].b)
		return
	}
	a, b := f.largeNumber(x[:p.u]), f.largeNumber(x[p.u:])
	q := make([]byte, (len(tweak)+p.b+1+aes.BlockSize-1)/aes.BlockSize*aes.BlockSize)
	copy(q, tweak)
	for i := range ff1Rounds {
		if decrypt {
			i = ff1Rounds - 1 - i
			y := f.round(p, q, i, a)
			a, b = b.Mod(b.Sub(b, y), p.large[i&1]), a
		} else {
			y := f.round(p, q, i, b)
			a, b = b, a.Mod(a.Add(a, y), p.large[i&1])
		}
	}
	f.largeNumerals(x[:p.u], a)
	f.largeNumerals(x[p.u:], b)
}

// round returns the output of a round function as a number of d bytes. The
// tweak stands at the beginning of q.
func (f *ff1) round(p *ff1Plan, q []byte, round int, half *big.Int) *big.Int {
	q[len(q)-p.b-1] = byte(round)
	half.FillBytes(q[len(q)-p.b:])
	state := p.first
	for rest := q; len(rest) > 0; rest = rest[aes.BlockSize:] {
		xor(&state, (*token)(rest))
		f.block.EncryptOne(&state)
	}
	out := state[:]
	for counter := uint64(1); len(out) < p.d; counter++ {
		next := state
		tail := next[8:]
		binary.BigEndian.PutUint64(tail, binary.BigEndian.Uint64(tail)^counter)
		f.block.EncryptOne(&next)
		out = append(out[:len(out):len(out)], next[:]...)
	}
	return new(big.Int).SetBytes(out[:p.d])
}

// number is the value of numerals, the first of which weighs most.
func (f *ff1) number(x []uint16) uint64 {
	n := uint64(0)
	for _, d := range x {
		n = n*uint64(f.radix) + uint64(d)
	}
	return n
}

// numerals fills x with the numerals of n.
func (f *ff1) numerals(x []uint16, n uint64) {
	radix := uint64(f.radix)
	for i := len(x) - 1; i >= 0; i-- {
		q := n / radix
		x[i] = uint16(n - q*radix)
		n = q
	}
}

func (f *ff1) largeNumber(x []uint16) *big.Int {
	n, radix, digit := new(big.Int), big.NewInt(int64(f.radix)), new(big.Int)
	for _, d := range x {
		n.Mul(n, radix).Add(n, digit.SetUint64(uint64(d)))
	}
	return n
}

func (f *ff1) largeNumerals(x []uint16, n *big.Int) {
	n, radix, digit := new(big.Int).Set(n), big.NewInt(int64(f.radix)), new(big.Int)
	for i := len(x) - 1; i >= 0; i-- {
		n.DivMod(n, radix, digit)
		x[i] = uint16(digit.Uint64())
	}
}
