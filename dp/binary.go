package dp

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/internal/column"
)

// scanMagic starts the binary form; its last byte is the version.
const scanMagic = "lethe-scan\x01"

var errScan = errors.New("dp: malformed scan")

// NewShard returns an empty shard of a scan that a session of another process has
// made, or will make, for the same unit, schema and queries. It costs nothing and
// has no results of its own: its MarshalBinary is for MergeBinary of that scan. It
// refuses what NewScan does, but for the budget.
func NewShard(unit Unit, schema *arrow.Schema, queries ...Query) (*Scan, error) {
	if err := mistakes([]error{unit.validate()}); err != nil {
		return nil, err
	}
	p, err := newPlan(unit, schema, queries)
	if err != nil {
		return nil, err
	}
	return p.newScan(false), nil
}

// digest tells plans apart whose samples cannot be merged: by the unit and its
// bound on rows, the groupings with their keys, and how numbers are held. What
// queries cost is not part of it.
func (p *plan) digest() [sha256.Size]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%q %s %d\n", p.unit.Column, p.unitType, p.unit.MaxRows)
	for _, g := range p.groupings {
		fmt.Fprintf(h, "by %q %s %q\n", g.by, g.types, g.keys)
	}
	for i, name := range p.numbers {
		fmt.Fprintf(h, "number %q %v\n", name, p.kept[i])
	}
	for _, m := range p.measures {
		fmt.Fprintf(h, "measure %d %x %x %x %x %v\n", m.column, m.grid.lower, m.grid.upper,
			m.grid.origin, m.edges, m.find != nil)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// MarshalBinary gives the rows that are kept, for MergeBinary. The bytes are as
// confidential as the table.
func (s *Scan) MarshalBinary() ([]byte, error) {
	if s.done {
		return nil, errDone
	}
	digest := s.plan.digest()
	b := append([]byte(scanMagic), digest[:]...)
	b = s.people.AppendBinary(b)
	for _, r := range s.rolls {
		if r != nil {
			b = r.append(b)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(s.sample.persons)))
	var entries []uint32
	for _, who := range s.sample.persons {
		b = binary.AppendUvarint(b, who.seen)
		entries = s.sample.entries(who, entries[:0])
		for _, e := range entries {
			b = s.sample.append(b, e)
		}
	}
	return b, nil
}

// append writes the groups by their tuples of codes.
func (r *roll) append(b []byte) []byte {
	for _, c := range r.coders {
		b = c.AppendBinary(b)
	}
	if r.tuples != nil {
		b = binary.AppendUvarint(b, uint64(r.tuples.Len()))
		for _, code := range r.tuples.Keys() {
			b = binary.AppendUvarint(b, code)
		}
	}
	return b
}

// append writes an entry: groups plus one, zero for none; integers as they are,
// numbers by their bits.
func (s *sample) append(b []byte, e uint32) []byte {
	p, at := &s.pages[e>>pageBits], e&pageMask
	for _, groups := range p.groups {
		b = binary.AppendUvarint(b, uint64(groups[at]+1))
	}
	for _, values := range p.values {
		if values != nil {
			b = binary.AppendVarint(b, int64(values[at]))
		}
	}
	for _, raws := range p.raws {
		if raws != nil {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(raws[at]))
		}
	}
	return b
}

// MergeBinary takes in what MarshalBinary of a shard gave, as Merge does. Bytes of
// a shard for another unit or other queries are refused, and so are bytes that no
// shard gives: in particular no person can have more rows, nor a row larger
// numbers, than the noise is made for. The scan is left as it was then. The bytes
// of one shard must be merged once only, which is not seen here.
func (s *Scan) MergeBinary(data []byte) error {
	if s.done {
		return errDone
	}
	digest := s.plan.digest()
	rest, ok := bytes.CutPrefix(data, []byte(scanMagic))
	if !ok || len(rest) < len(digest) {
		return errScan
	}
	if [sha256.Size]byte(rest[:len(digest)]) != digest {
		return errors.New("dp: scans of different queries cannot be merged; make the shard for the " +
			"same unit, schema and queries")
	}
	shard := s.Shard()
	r := scanReader{b: rest[len(digest):]}
	shard.load(&r)
	if r.bad || len(r.b) > 0 {
		return errScan
	}
	return s.Merge(shard)
}

// scanReader takes bytes from the front; once something is wrong it is bad and
// gives zeros.
type scanReader struct {
	b   []byte
	bad bool
}

func (r *scanReader) fail() { r.bad, r.b = true, nil }

func (r *scanReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *scanReader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *scanReader) float() float64 {
	if len(r.b) < 8 {
		r.fail()
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(r.b))
	r.b = r.b[8:]
	return v
}

func (r *scanReader) coder(t column.Type) *column.Coder {
	c, rest, err := column.DecodeCoder(r.b)
	if err != nil || c.Type() != t {
		r.fail()
		return column.NewCoder(t)
	}
	r.b = rest
	return c
}

// load fills an empty shard.
func (s *Scan) load(r *scanReader) {
	s.people = r.coder(s.plan.unitType)
	for j, roll := range s.rolls {
		if roll != nil {
			roll.load(r, s.plan.groupings[j].types)
		}
	}
	n := r.uvarint()
	if n > uint64(s.people.Len()) {
		r.fail()
		return
	}
	s.sample.grow(int(n))
	null, nulls := s.people.Null()
	for p := range uint32(n) {
		s.loadPerson(r, p, nulls && p == null)
	}
}

// maxSeen bounds the rows of a person, so that sums of them do not overflow.
const maxSeen = 1 << 48

func (s *Scan) loadPerson(r *scanReader, p uint32, null bool) {
	seen := r.uvarint()
	if seen > maxSeen || null && seen > 0 {
		r.fail()
	}
	if r.bad {
		return
	}
	who := &s.sample.persons[p]
	who.seen = seen
	row := batch{groups: make([][]uint32, len(s.rolls)), values: make([][]int32, len(s.plan.measures)),
		numbers: make([][]float64, len(s.plan.numbers))}
	for range min(seen, s.sample.max) {
		if s.loadRow(r, &row); r.bad || s.sample.n == maxEntries {
			r.fail()
			return
		}
		s.sample.put(s.sample.link(who), 0, &row)
	}
}

// loadRow reads an entry and checks every number of it against what it can be.
func (s *Scan) loadRow(r *scanReader, row *batch) {
	for j, g := range s.plan.groupings {
		size, null := uint64(max(g.size, 0)), uint64(none)
		if roll := s.rolls[j]; roll != nil {
			size, null = uint64(roll.len()), uint64(roll.null())
		}
		group := r.uvarint()
		if group > size || group > 0 && group-1 == null {
			r.fail()
		}
		row.groups[j] = append(row.groups[j][:0], uint32(group-1))
	}
	for j, m := range s.plan.measures {
		if m.find != nil {
			continue
		}
		low, high := int64(m.grid.low), int64(m.grid.high)
		if m.edges != nil {
			low, high = 0, int64(len(m.edges)-2)
		}
		v := r.varint()
		if v != skip && (v < low || v > high) {
			r.fail()
		}
		row.values[j] = append(row.values[j][:0], int32(v))
	}
	for j, kept := range s.plan.kept {
		if kept {
			row.numbers[j] = append(row.numbers[j][:0], r.float())
		}
	}
}

// null is the number that is no group but the code of a null.
func (r *roll) null() uint32 {
	if code, seen := r.coders[0].Null(); seen && r.tuples == nil {
		return code
	}
	return none
}

// load fills an empty roll.
func (r *roll) load(from *scanReader, types []column.Type) {
	for c, t := range types {
		r.coders[c] = from.coder(t)
	}
	if r.tuples == nil {
		return
	}
	n := from.uvarint()
	tuple, number := make([]uint64, len(types)), make([]uint32, 1)
	for i := range n {
		for c := range tuple {
			tuple[c] = from.uvarint()
			null, seen := r.coders[c].Null()
			if tuple[c] >= uint64(r.coders[c].Len()) || seen && tuple[c] == uint64(null) {
				from.fail()
			}
		}
		if from.bad {
			return
		}
		if r.tuples.Add(tuple, number); uint64(number[0]) != i {
			from.fail()
			return
		}
	}
}
