package dp

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/internal/column"
)

// scanMagic starts the binary form; its last byte is the version.
const scanMagic = "lethe-scan\x02"

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
	if err := s.holdsRows(); err != nil {
		return nil, err
	}
	return newScanWriter(s).some(s.part, s.present()), nil
}

// MarshalParts is MarshalBinary in as many pieces as the division has parts: each
// has the rows of the people of one part, in the order of the parts. Pieces of the
// same part, of all shards of a table, belong together; see MarshalTally.
func (s *Scan) MarshalParts(d Division) ([][]byte, error) {
	if err := s.holdsRows(); err != nil {
		return nil, err
	}
	if s.part != (part{}) {
		return nil, errors.New("dp: the rows are those of a part already; divide all alike, at once")
	}
	people, err := d.divide(s.people, s.present())
	if err != nil {
		return nil, err
	}
	w, id := newScanWriter(s), d.id()
	out := make([][]byte, d.Parts)
	for i := range out {
		out[i] = w.some(part{i, d.Parts, id}, people[i])
	}
	return out, nil
}

// holdsRows is nil for a scan that has rows to give.
func (s *Scan) holdsRows() error {
	switch {
	case s.done:
		return errDone
	case s.tallied != nil:
		return errTallied
	}
	return nil
}

// present are the codes of the people of whom a row was seen.
func (s *Scan) present() []uint32 {
	codes := make([]uint32, 0, len(s.sample.persons))
	for code, who := range s.sample.persons {
		if who.seen > 0 {
			codes = append(codes, uint32(code))
		}
	}
	return codes
}

// scanWriter writes the rows of some people, and no group that none of them is in.
type scanWriter struct {
	*Scan
	head    []byte
	groups  []numbering // by grouping; not used for public keys
	columns numbering   // memory of roll.append
	entries []uint32
}

func newScanWriter(s *Scan) *scanWriter {
	digest := s.plan.digest()
	return &scanWriter{Scan: s, head: append([]byte(scanMagic), digest[:]...),
		groups: make([]numbering, len(s.rolls))}
}

func (w *scanWriter) some(p part, people []uint32) []byte {
	b := p.append(slices.Clone(w.head))
	b = w.people.AppendSome(b, people)
	for j, roll := range w.rolls {
		if roll != nil {
			groups := w.groupsOf(j, people)
			b = roll.append(b, groups, &w.columns)
		}
	}
	for _, code := range people {
		who := w.sample.persons[code]
		b = binary.AppendUvarint(b, who.seen)
		w.entries = w.sample.entries(who, w.entries[:0])
		for _, e := range w.entries {
			b = w.sample.append(b, e, w.groups)
		}
	}
	return b
}

// groupsOf numbers the groups of a grouping that the people are in.
func (w *scanWriter) groupsOf(j int, people []uint32) []uint32 {
	n := &w.groups[j]
	n.reset()
	for _, code := range people {
		w.entries = w.sample.entries(w.sample.persons[code], w.entries[:0])
		for _, e := range w.entries {
			if g := w.sample.pages[e>>pageBits].groups[j][e&pageMask]; g != none {
				n.of(g)
			}
		}
	}
	return n.codes
}

// append writes some groups by their tuples of codes, with the values of those.
func (r *roll) append(b []byte, groups []uint32, n *numbering) []byte {
	if r.tuples == nil {
		return r.coders[0].AppendSome(b, groups)
	}
	words := len(r.by)
	tuples := make([]uint32, len(groups)*words)
	for c, coder := range r.coders {
		n.reset()
		for i, g := range groups {
			tuples[i*words+c] = n.of(r.code(g, c))
		}
		b = coder.AppendSome(b, n.codes)
	}
	b = binary.AppendUvarint(b, uint64(len(groups)))
	for _, code := range tuples {
		b = binary.AppendUvarint(b, uint64(code))
	}
	return b
}

// append writes an entry: groups plus one, zero for none; integers as they are,
// numbers by their bits. Groups have other numbers where there are some.
func (s *sample) append(b []byte, e uint32, numbers []numbering) []byte {
	p, at := &s.pages[e>>pageBits], e&pageMask
	for j, groups := range p.groups {
		g := groups[at]
		if g != none && numbers != nil && len(numbers[j].codes) > 0 {
			g = numbers[j].of(g)
		}
		b = binary.AppendUvarint(b, uint64(g+1))
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
// of one shard must be merged once only, which is not seen here. A shard takes
// pieces of MarshalParts of one part alone.
func (s *Scan) MergeBinary(data []byte) error {
	if err := s.holdsRows(); err != nil {
		return err
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
	s.part = r.part()
	s.people = r.coder(s.plan.unitType)
	s.loadRolls(r)
	if _, null := s.people.Null(); null {
		r.fail()
		return
	}
	s.sample.grow(s.people.Len())
	for p := range s.sample.persons {
		s.loadPerson(r, &s.sample.persons[p])
	}
}

func (s *Scan) loadRolls(r *scanReader) {
	for j, roll := range s.rolls {
		if roll != nil {
			roll.load(r, s.plan.groupings[j].types)
		}
	}
}

// maxSeen bounds the rows of a person, so that sums of them do not overflow.
const maxSeen = 1 << 48

func (s *Scan) loadPerson(r *scanReader, who *person) {
	seen := r.uvarint()
	if seen < 1 || seen > maxSeen {
		r.fail()
	}
	if r.bad {
		return
	}
	who.seen = seen
	for range min(seen, s.sample.max) {
		if s.loadRow(r, s.sample, who); r.bad {
			return
		}
	}
}

// loadRow reads an entry into a sample, as a row of a person, and checks every number
// of it against what it can be.
func (s *Scan) loadRow(r *scanReader, to *sample, who *person) {
	row := &s.batch
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
		if !to.held[j] {
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
	if to.n == maxEntries {
		r.fail()
	}
	if !r.bad {
		to.put(to.link(who), 0, row)
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
