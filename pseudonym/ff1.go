package pseudonym

import (
	"crypto/aes"
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"math/bits"

	"github.com/lethe-go/lethe/internal/aesblocks"
)

// minDomain is the least number of values that a format must have, after
// SP 800-38G revision 1: among fewer, a value can be found from others.
const minDomain = 1_000_000

var errDomain = errors.New("the format has fewer than a million values, which FF1 cannot protect")

// ff1 is FF1 of NIST SP 800-38G revision 1 on strings of numerals below a
// radix, for one goroutine. The time it takes depends on what it encrypts.
//
// Dworkin (2025). Recommendation for Block Cipher Modes of Operation: Methods
// for Format-Preserving Encryption. NIST SP 800-38G revision 1, second public
// draft.
type ff1 struct {
	block *aesblocks.Cipher
	radix int
	plans map[[2]int]*ff1Plan
	last  *ff1Plan

	columns *ff1Columns // nil until needed
}

// newFF1 returns FF1 for a radix from 2 to 65536.
func newFF1(key []byte, radix int) (*ff1, error) {
	block, err := aesblocks.New(key)
	if err != nil || radix < 2 || radix > 1<<16 {
		return nil, errCipher
	}
	return &ff1{block: block, radix: radix, plans: make(map[[2]int]*ff1Plan)}, nil
}

// ff1Plan is what all strings of n numerals with a tweak of t bytes share.
type ff1Plan struct {
	n, t  int
	u, v  int       // numerals of the left and the right half
	b     int       // bytes of a half as a number: exactly those of radix^v - 1
	d     int       // bytes of the round function's output
	mod   [2]uint64 // radix^u, radix^v, where both are below 2^64
	large [2]*big.Int
	first token // the state after the block that holds all these parameters
	// inverse is 2^64-1 divided by mod, rounded down.
	inverse [2]uint64
}

// fits tells whether a half is a number below 2^64. Then b is at most 8 and d
// at most 12.
func (p *ff1Plan) fits() bool { return p.mod[1] != 0 }

// plan returns the plan for n numerals and a tweak of t bytes, or an error if
// there are fewer than a million such strings.
func (f *ff1) plan(n, t int) (*ff1Plan, error) {
	if f.last != nil && f.last.n == n && f.last.t == t {
		return f.last, nil
	}
	p := f.plans[[2]int{n, t}]
	if p == nil {
		size := 1
		for i := 0; i < n && size < minDomain; i++ {
			size *= f.radix
		}
		if size < minDomain {
			return nil, errDomain
		}
		p = f.makePlan(n, t)
		f.plans[[2]int{n, t}] = p
	}
	f.last = p
	return p, nil
}

// makePlan leaves the size of the domain to the caller; n is at least 2.
func (f *ff1) makePlan(n, t int) *ff1Plan {
	p := &ff1Plan{n: n, t: t, u: n / 2, v: n - n/2}
	radix := big.NewInt(int64(f.radix))
	for i, length := range []int64{int64(p.u), int64(p.v)} {
		p.large[i] = new(big.Int).Exp(radix, big.NewInt(length), nil)
	}
	most := new(big.Int).Sub(p.large[1], big.NewInt(1))
	p.b = (most.BitLen() + 7) / 8
	p.d = 4*((p.b+3)/4) + 4
	if p.large[1].IsUint64() {
		p.mod = [2]uint64{p.large[0].Uint64(), p.large[1].Uint64()}
		p.inverse = [2]uint64{math.MaxUint64 / p.mod[0], math.MaxUint64 / p.mod[1]}
	}
	p.first = token{1, 2, 1, byte(f.radix >> 16), byte(f.radix >> 8), byte(f.radix), 10, byte(p.u)}
	binary.BigEndian.PutUint32(p.first[8:], uint32(n))
	binary.BigEndian.PutUint32(p.first[12:], uint32(t))
	f.block.EncryptOne(&p.first)
	return p
}

// ff1Record is a string as two numbers, on its way through the rounds.
type ff1Record struct {
	*ff1Plan
	a, b   uint64
	hi, lo uint64 // the last block of a round but for its number and the half
}

// begin returns the record of the halves a and b. The tweak has the length of
// the plan, whose halves fit. tmp is scratch.
func (f *ff1) begin(p *ff1Plan, a, b uint64, tweak []byte, tmp *token) ff1Record {
	*tmp = p.first
	for len(tweak)+p.b+1 > aes.BlockSize { // at least as much in blocks of their own
		if len(tweak) < aes.BlockSize {
			for i, c := range tweak {
				tmp[i] ^= c
			}
			tweak = nil
		} else {
			xor(tmp, (*token)(tweak))
			tweak = tweak[aes.BlockSize:]
		}
		f.block.EncryptOne(tmp)
	}
	for i, c := range tweak {
		tmp[i] ^= c
	}
	return ff1Record{p, a, b,
		binary.BigEndian.Uint64(tmp[:8]), binary.BigEndian.Uint64(tmp[8:])}
}

const ff1Rounds = 10

// encrypt takes all records through the rounds side by side, so that the
// processor works on the blocks of several at a time. blocks is as long as
// records.
func (f *ff1) encrypt(records []ff1Record, blocks []token) {
	if len(records) > 0 && alike(records) && records[0].d == 8 {
		f.encryptAlike(records, blocks[:len(records)])
		return
	}
	for round := range uint64(ff1Rounds) {
		for i := range records {
			r := &records[i]
			r.block(&blocks[i], round, r.b)
		}
		f.block.Encrypt(blocks[:len(records)])
		for i := range records {
			r := &records[i]
			m := r.mod[round&1]
			// Without branches, which no processor could predict.
			sum, carry := bits.Add64(r.a, r.reduce(&blocks[i], round&1), 0)
			c, borrow := bits.Sub64(sum, m, 0)
			r.a, r.b = r.b, c+m&-(borrow&^carry)
		}
	}
}

// alike tells whether all records have one plan, as in most columns.
func alike(records []ff1Record) bool {
	for i := range records {
		if records[i].ff1Plan != records[0].ff1Plan {
			return false
		}
	}
	return true
}

// encryptAlike is encrypt for records of one plan whose d is 8.
func (f *ff1) encryptAlike(records []ff1Record, blocks []token) {
	c := f.columns
	if c == nil {
		c = new(ff1Columns)
		f.columns = c
	}
	for from := 0; from < len(records); from += chunkRows {
		some := records[from:min(from+chunkRows, len(records))]
		for i := range some {
			r := &some[i]
			c.a[i], c.b[i], c.hi[i], c.lo[i] = r.a, r.b, r.hi, r.lo
		}
		f.rounds(some[0].ff1Plan, c, len(some))
		for i := range some {
			some[i].a, some[i].b = c.a[i], c.b[i]
		}
	}
}

// ff1Columns are the numbers of a chunk of records, one array for each, and the
// blocks of a round.
type ff1Columns struct {
	a, b, hi, lo [chunkRows]uint64
	blocks       [chunkRows]token
}

// rounds encrypts the first n records, whose plan has a d of 8 and so a b of at
// most 4 and moduli of at most 2^32.
func (f *ff1) rounds(p *ff1Plan, c *ff1Columns, n int) {
	blocks := c.blocks[:n]
	for round := range uint64(ff1Rounds) {
		from, to := &c.b, &c.a
		if round&1 == 1 {
			from, to = to, from // instead of moving the halves
		}
		number := round << (8 * p.b)
		for i := range blocks {
			block := &blocks[i]
			binary.BigEndian.PutUint64(block[:8], c.hi[i&(chunkRows-1)])
			binary.BigEndian.PutUint64(block[8:], c.lo[i&(chunkRows-1)]^number^from[i&(chunkRows-1)])
		}
		f.block.Encrypt(blocks)
		m, inverse := p.mod[round&1], p.inverse[round&1]
		for i := range blocks {
			y := binary.BigEndian.Uint64(blocks[i][:8])
			q, _ := bits.Mul64(y, inverse) // as in reduce
			rest, borrow := bits.Sub64(y-q*m, m, 0)
			half := &to[i&(chunkRows-1)]
			sum, borrow := bits.Sub64(*half+rest+m&-borrow, m, 0)
			*half = sum + m&-borrow
		}
	}
}

// decrypt is the inverse of encrypt.
func (f *ff1) decrypt(records []ff1Record, blocks []token) {
	for round := uint64(ff1Rounds); round > 0; {
		round--
		for i := range records {
			r := &records[i]
			r.block(&blocks[i], round, r.a)
		}
		f.block.Encrypt(blocks[:len(records)])
		for i := range records {
			r := &records[i]
			c, borrow := bits.Sub64(r.b, r.reduce(&blocks[i], round&1), 0)
			r.a, r.b = c+r.mod[round&1]&-borrow, r.a
		}
	}
}

// block writes the last block of a round: the number of the round stands before
// the b bytes of half.
func (r *ff1Record) block(dst *token, round, half uint64) {
	hi, lo := r.hi, r.lo^half
	if r.ff1Plan.b == 8 {
		hi ^= round
	} else {
		lo ^= round << (8 * r.ff1Plan.b)
	}
	binary.BigEndian.PutUint64(dst[:8], hi)
	binary.BigEndian.PutUint64(dst[8:], lo)
}

// reduce returns the first d bytes of the block, 8 or 12, as a number modulo
// radix^u or radix^v.
func (r *ff1Record) reduce(block *token, half uint64) uint64 {
	y := binary.BigEndian.Uint64(block[:8])
	if r.d == 8 {
		// The quotient is found or one less, because the inverse is rounded
		// down; the modulus is at most 2^32.
		m := r.mod[half]
		q, _ := bits.Mul64(y, r.inverse[half])
		rest, borrow := bits.Sub64(y-q*m, m, 0)
		return rest + m&-borrow
	}
	hi, lo := y>>32, y<<32|uint64(binary.BigEndian.Uint32(block[8:12]))
	return bits.Rem64(hi, lo, r.mod[half]) // reduces hi first, so that nothing overflows
}
