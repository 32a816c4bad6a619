package pseudonym

import "encoding/binary"

// encryptDigits encrypts texts of one length that are digits throughout and
// short enough for the columns of ff1, and writes them. It returns false, with
// nothing done, if they are not all like this.
func (m *ff1Maker) encryptDigits(out *outputs, texts chunk) bool {
	rows := texts.rows
	if len(rows) == 0 {
		return true
	}
	n := len(texts.text(0))
	p, err := m.plan(n, 0)
	if err != nil || !p.fits() || p.d != 8 {
		return false
	}
	if m.columns == nil {
		m.columns = new(ff1Columns)
	}
	c := m.columns
	r := m.begin(p, 0, 0, nil, &c.blocks[0])
	for i := range rows {
		text := texts.text(i)
		if len(text) != n {
			return false
		}
		a, left := readDigits(text[:p.u])
		b, right := readDigits(text[p.u:])
		if !left || !right {
			return false
		}
		c.a[i], c.b[i], c.hi[i], c.lo[i] = a, b, r.hi, r.lo
	}
	m.rounds(p, c, len(rows))
	if all := out.rooms(rows, n); all != nil {
		for i := range rows {
			writeDigits(all[i*n:][:p.u], c.a[i])
			writeDigits(all[i*n+p.u:][:p.v], c.b[i])
		}
		return true
	}
	for i, row := range rows {
		text := out.room(row, n)
		writeDigits(text[:p.u], c.a[i])
		writeDigits(text[p.u:], c.b[i])
	}
	return true
}

// readDigits returns the number that at most nineteen decimal digits stand for,
// and false if there is something else among them.
func readDigits(text []byte) (uint64, bool) {
	n, foreign := uint64(0), uint64(0)
	for ; len(text) >= 8; text = text[8:] {
		x := binary.LittleEndian.Uint64(text)
		// A byte below '0' borrows into its highest bit, and one above '9' carries
		// into it; those of 128 and more have it set.
		foreign |= (x | (x - 0x3030303030303030) | (x + 0x4646464646464646)) & 0x8080808080808080
		// Pairs of digits, then of pairs, then both halves, are put together.
		x &= 0x0f0f0f0f0f0f0f0f
		x = x*10 + x>>8
		x = (x&0x000000ff000000ff*(100+1000000<<32) + x>>16&0x000000ff000000ff*(1+10000<<32)) >> 32
		n = n*1e8 + x
	}
	for _, c := range text {
		d := uint64(c - '0')
		if d > 9 {
			foreign = 1
		}
		n = n*10 + d
	}
	return n, foreign == 0
}

// writeDigits fills text with the decimal digits of n.
func writeDigits(text []byte, n uint64) {
	for len(text) >= 8 {
		q := n / 1e8
		x := n - q*1e8
		// Four digits a half, two a quarter, one a byte: each step divides all
		// parts at once, by a reciprocal that is exact for their size, and puts
		// the remainder beside the quotient.
		x = x/10000 | x%10000<<32
		high := x * 10486 >> 20 & 0x0000007f0000007f
		x = high | (x-high*100)<<16
		high = x * 103 >> 10 & 0x000f000f000f000f
		x = high | (x-high*10)<<8
		binary.LittleEndian.PutUint64(text[len(text)-8:], x|0x3030303030303030)
		text, n = text[:len(text)-8], q
	}
	for i := len(text) - 1; i >= 0; i-- {
		q := n / 10 // a constant needs no division
		text[i] = byte('0' + n - 10*q)
		n = q
	}
}
