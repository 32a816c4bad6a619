package pqfile

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Strings is a list of byte strings: string i is Data[Offsets[i]:Offsets[i+1]].
type Strings struct {
	Offsets []int64
	Data    []byte
}

// Len is the number of strings.
func (s *Strings) Len() int { return max(len(s.Offsets)-1, 0) }

// Reset empties the list and keeps its memory.
func (s *Strings) Reset() {
	s.Offsets = append(s.Offsets[:0], 0)
	s.Data = s.Data[:0]
}

func (s *Strings) append(v []byte) {
	s.Data = append(s.Data, v...)
	s.Offsets = append(s.Offsets, int64(len(s.Data)))
}

func (s *Strings) at(i int) []byte { return s.Data[s.Offsets[i]:s.Offsets[i+1]] }

// maxRun bounds the bytes of the strings decoded in one call. Encodings that
// repeat (dictionaries, shared prefixes) can make much out of little.
const maxRun = 1 << 30

var errRun = fmt.Errorf("a run of values is above the limit of %d bytes; read fewer rows at a time",
	maxRun)

var errIndex = errors.New("a value points outside its dictionary")

// fixedDecoder decodes values of one width, bytesDecoder byte strings.
type fixedDecoder interface {
	// fixed fills dst, a whole number of values, or fails.
	fixed(dst []byte) error
}

type bytesDecoder interface {
	// bytes appends n strings or fails.
	bytes(dst *Strings, n int) error
}

// plainFixed is the values one after another.
type plainFixed struct{ b []byte }

func (p *plainFixed) fixed(dst []byte) error {
	if len(dst) > len(p.b) {
		return errRunOut
	}
	copy(dst, p.b)
	p.b = p.b[len(dst):]
	return nil
}

// plainBools is a bit a value; decoded to a byte a value.
type plainBools struct {
	b  []byte
	at int
}

func (p *plainBools) fixed(dst []byte) error {
	if len(dst) > len(p.b)*8-p.at {
		return errRunOut
	}
	for i := range dst {
		dst[i] = p.b[p.at>>3] >> (p.at & 7) & 1
		p.at++
	}
	return nil
}

// rleBools is the hybrid encoding with one bit.
type rleBools struct{ h hybrid }

func (r *rleBools) fixed(dst []byte) error { return decode(&r.h, dst) }

// plainBytes is strings with their length before them.
type plainBytes struct{ b []byte }

func (p *plainBytes) bytes(dst *Strings, n int) error {
	start := len(dst.Data)
	for range n {
		if len(p.b) < 4 {
			return errRunOut
		}
		size := uint64(binary.LittleEndian.Uint32(p.b))
		if size > uint64(len(p.b)-4) {
			return errRunOut
		}
		dst.append(p.b[4 : 4+size])
		p.b = p.b[4+size:]
		if len(dst.Data)-start > maxRun {
			return errRun
		}
	}
	return nil
}

// splitFixed is BYTE_STREAM_SPLIT: all first bytes, then all second bytes.
type splitFixed struct {
	b     []byte
	width int
	at    int
}

func (s *splitFixed) fixed(dst []byte) error {
	n, all := len(dst)/s.width, len(s.b)/s.width
	if n > all-s.at {
		return errRunOut
	}
	for k := range s.width {
		stream := s.b[k*all+s.at:]
		for i := range n {
			dst[i*s.width+k] = stream[i]
		}
	}
	s.at += n
	return nil
}

// deltaFixed is DELTA_BINARY_PACKED.
type deltaFixed struct {
	d       *delta
	width   int
	scratch []int64
}

func (d *deltaFixed) fixed(dst []byte) error {
	if d.width == 8 {
		return d.d.next(as[int64](dst))
	}
	const step = 1024
	if d.scratch == nil {
		d.scratch = make([]int64, step)
	}
	for values := as[int32](dst); len(values) > 0; {
		n := min(len(values), step)
		if err := d.d.next(d.scratch[:n]); err != nil {
			return err
		}
		for i, v := range d.scratch[:n] {
			values[i] = int32(v)
		}
		values = values[n:]
	}
	return nil
}

// deltaLength is DELTA_LENGTH_BYTE_ARRAY: lengths, then the bytes.
type deltaLength struct {
	lengths *delta
	b       []byte
}

func newDeltaLength(b []byte) (*deltaLength, error) {
	lengths, err := newDelta(b)
	if err != nil {
		return nil, err
	}
	rest, err := lengths.rest()
	if err != nil {
		return nil, err
	}
	return &deltaLength{lengths: lengths, b: rest}, nil
}

func (d *deltaLength) one() ([]byte, error) {
	var n [1]int64
	if err := d.lengths.next(n[:]); err != nil {
		return nil, err
	}
	if n[0] < 0 || n[0] > int64(len(d.b)) {
		return nil, errDelta
	}
	v := d.b[:n[0]]
	d.b = d.b[n[0]:]
	return v, nil
}

func (d *deltaLength) bytes(dst *Strings, n int) error {
	var lengths [512]int64
	for n > 0 {
		part := lengths[:min(n, len(lengths))]
		if err := d.lengths.next(part); err != nil {
			return err
		}
		size, at := int64(0), int64(len(dst.Data))
		for _, length := range part {
			if length < 0 || length > int64(len(d.b))-size {
				return errDelta
			}
			size += length
			dst.Offsets = append(dst.Offsets, at+size)
		}
		dst.Data = append(dst.Data, d.b[:size]...)
		d.b = d.b[size:]
		n -= len(part)
	}
	return nil
}

// deltaPrefix is DELTA_BYTE_ARRAY: the length shared with the value before,
// then the rest.
type deltaPrefix struct {
	prefixes *delta
	suffixes *deltaLength
	last     []byte
}

func newDeltaPrefix(b []byte) (*deltaPrefix, error) {
	prefixes, err := newDelta(b)
	if err != nil {
		return nil, err
	}
	rest, err := prefixes.rest()
	if err != nil {
		return nil, err
	}
	suffixes, err := newDeltaLength(rest)
	if err != nil {
		return nil, err
	}
	return &deltaPrefix{prefixes: prefixes, suffixes: suffixes}, nil
}

func (d *deltaPrefix) one() ([]byte, error) {
	var n [1]int64
	if err := d.prefixes.next(n[:]); err != nil {
		return nil, err
	}
	if n[0] < 0 || n[0] > int64(len(d.last)) {
		return nil, errDelta
	}
	suffix, err := d.suffixes.one()
	if err != nil {
		return nil, err
	}
	d.last = append(d.last[:n[0]], suffix...)
	return d.last, nil
}

func (d *deltaPrefix) bytes(dst *Strings, n int) error {
	start := len(dst.Data)
	for range n {
		v, err := d.one()
		if err != nil {
			return err
		}
		if dst.append(v); len(dst.Data)-start > maxRun {
			return errRun
		}
	}
	return nil
}

// fixedOfBytes reads values of one width from an encoding of byte strings.
type fixedOfBytes struct {
	one   func() ([]byte, error)
	width int
}

func (f *fixedOfBytes) fixed(dst []byte) error {
	for ; len(dst) > 0; dst = dst[f.width:] {
		v, err := f.one()
		if err != nil {
			return err
		}
		if len(v) != f.width {
			return errDelta
		}
		copy(dst, v)
	}
	return nil
}
