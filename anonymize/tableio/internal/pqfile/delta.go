package pqfile

import (
	"encoding/binary"
	"errors"
)

var errDelta = errors.New("a delta-encoded page is malformed")

// maxDeltaBlock is above what writers use (128 to 4096 values).
const maxDeltaBlock = 1 << 16

// delta decodes DELTA_BINARY_PACKED one run of values at a time.
type delta struct {
	b     []byte
	mini  uint64 // values of a miniblock
	minis uint64 // miniblocks of a block
	left  uint64 // values not yet returned
	last  int64
	first bool // the first value is in last and not yet returned

	widths   []byte // of the miniblocks of the block not yet opened
	minDelta int64
	width    uint
	packed   []byte
	at       uint64
	open     uint64 // values left in the open miniblock
}

func newDelta(b []byte) (*delta, error) {
	d := &delta{first: true}
	var head [4]uint64
	for i := range head {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errDelta
		}
		head[i], b = v, b[n:]
	}
	block, minis := head[0], head[1]
	if block == 0 || block > maxDeltaBlock || minis == 0 || minis > block ||
		block%minis != 0 || (block/minis)%8 != 0 {
		return nil, errDelta
	}
	d.b, d.minis, d.mini, d.left, d.last = b, minis, block/minis, head[2], unzigzag(head[3])
	return d, nil
}

// advance opens the next miniblock.
func (d *delta) advance() error {
	if len(d.widths) == 0 {
		v, n := binary.Uvarint(d.b)
		if n <= 0 || uint64(len(d.b)-n) < d.minis {
			return errDelta
		}
		d.minDelta = unzigzag(v)
		d.b = d.b[n:]
		d.widths, d.b = d.b[:d.minis], d.b[d.minis:]
	}
	d.width, d.widths = uint(d.widths[0]), d.widths[1:]
	if d.width > 64 {
		return errDelta
	}
	// The last miniblock of a page may be cut short.
	size := min(d.mini/8*uint64(d.width), uint64(len(d.b)))
	if size*8 < min(d.mini, d.left)*uint64(d.width) {
		return errDelta
	}
	d.packed, d.b = d.b[:size], d.b[size:]
	d.at, d.open = 0, d.mini
	return nil
}

func (d *delta) next(dst []int64) error {
	if uint64(len(dst)) > d.left {
		return errRunOut
	}
	d.left -= uint64(len(dst))
	if d.first && len(dst) > 0 {
		d.first = false
		dst[0], dst = d.last, dst[1:]
	}
	for len(dst) > 0 {
		if d.open == 0 {
			if err := d.advance(); err != nil {
				return err
			}
		}
		n := len(dst)
		if d.open < uint64(n) {
			n = int(d.open)
		}
		d.run(dst[:n])
		d.open -= uint64(n)
		dst = dst[n:]
	}
	return nil
}

// run decodes values of the open miniblock.
func (d *delta) run(dst []int64) {
	last, width, at := d.last, uint64(d.width), d.at
	i := 0
	if width <= 56 { // with what is left of a byte, no more than a word
		mask := uint64(1)<<width - 1
		for ; i < len(dst) && at>>3+8 <= uint64(len(d.packed)); i++ {
			last += d.minDelta + int64(binary.LittleEndian.Uint64(d.packed[at>>3:])>>(at&7)&mask)
			dst[i] = last
			at += width
		}
	}
	for ; i < len(dst); i++ {
		v := bitsAt(d.packed, at, min(d.width, 32))
		if width > 32 {
			v |= bitsAt(d.packed, at+32, d.width-32) << 32
		}
		last += d.minDelta + int64(v)
		dst[i] = last
		at += width
	}
	d.last, d.at = last, at
}

// rest returns the bytes behind the last value without decoding them; each
// step skips a miniblock.
func (d *delta) rest() ([]byte, error) {
	e := *d
	if e.first && e.left > 0 {
		e.first = false
		e.left--
	}
	for e.left > 0 {
		if e.open == 0 {
			if err := e.advance(); err != nil {
				return nil, err
			}
		}
		n := min(e.open, e.left)
		e.open -= n
		e.left -= n
	}
	return e.b, nil
}
