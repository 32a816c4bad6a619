package kanon

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/lethe-go/lethe/internal/column"
)

// countsMagic starts the binary form; its last byte is the version.
const countsMagic = "lethe-counts\x02"

var errCounts = errors.New("kanon: malformed counts")

// MarshalBinary writes the counts for another process to read and merge. The
// bytes hold values of the table.
func (c *Counts) MarshalBinary() ([]byte, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	b := []byte(countsMagic)
	b = binary.AppendUvarint(b, uint64(len(c.quasi)))
	for i, name := range c.quasi {
		b = appendText(b, name)
		b = c.coders[i].AppendBinary(b)
	}
	b = appendText(b, c.unit)
	if c.people != nil {
		b = c.people.AppendBinary(b)
	}
	n := c.tuples.Len()
	b = binary.AppendUvarint(b, uint64(n))
	codes := make([]uint32, n)
	for i := range c.coders {
		c.layout.Get(c.tuples.Keys(), i, codes)
		for _, code := range codes {
			b = binary.AppendUvarint(b, uint64(code))
		}
	}
	for _, rows := range c.rows {
		b = binary.AppendUvarint(b, uint64(rows))
	}
	if c.people != nil {
		pairs := c.pairs.settle()
		b = binary.AppendUvarint(b, uint64(len(pairs)))
		tuple := uint64(0)
		for _, p := range pairs {
			b = binary.AppendUvarint(b, p>>32-tuple)
			b = binary.AppendUvarint(b, uint64(uint32(p)))
			tuple = p >> 32
		}
	}
	b = binary.AppendUvarint(b, uint64(len(c.values)))
	for _, v := range c.values {
		b = v.appendBinary(b)
	}
	return b, nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// UnmarshalBinary replaces the counts by those that MarshalBinary wrote. It
// accepts no others: what is cut short or contradicts itself is an error and
// leaves the counts as they were. Memory is in proportion to the bytes given.
func (c *Counts) UnmarshalBinary(data []byte) error {
	if len(data) < len(countsMagic) || string(data[:len(countsMagic)]) != countsMagic {
		return errors.New("kanon: not counts, or of another version")
	}
	r := countsReader{b: data[len(countsMagic):]}
	d := new(Counts)
	n := r.uvarint()
	if n < 1 || n > maxQuasi {
		return errCounts
	}
	names := map[string]bool{"": true}
	for range n {
		name := r.text()
		if names[name] {
			return errCounts
		}
		names[name] = true
		d.quasi = append(d.quasi, name)
		d.coders = append(d.coders, r.coder())
	}
	if d.unit = r.text(); d.unit != "" {
		if names[d.unit] {
			return errCounts
		}
		d.people = r.coder()
	}
	if r.bad {
		return errCounts
	}
	d.start()
	if !d.readTuples(&r) || d.people != nil && !d.readPairs(&r) ||
		!d.readValues(&r) || len(r.b) > 0 {
		return errCounts
	}
	*c = *d
	return nil
}

// readTuples reads distinct tuples and their rows. Every value must occur.
func (c *Counts) readTuples(r *countsReader) bool {
	n := r.uvarint()
	if r.bad || n > maxTuples || n > uint64(len(r.b))/uint64(len(c.coders)+1) {
		return false
	}
	keys := make([]uint64, int(n)*c.layout.Words())
	codes := make([]uint32, n)
	for i, coder := range c.coders {
		used := make([]bool, coder.Len())
		for k := range codes {
			code := r.uvarint()
			if code >= uint64(len(used)) {
				return false
			}
			codes[k], used[code] = uint32(code), true
		}
		if slices.Contains(used, false) {
			return false
		}
		c.layout.Put(keys, i, codes)
	}
	rows := make([]int64, n)
	total := uint64(0)
	for k := range rows {
		v := r.uvarint()
		if total += v; v == 0 || v > math.MaxInt64 || total > math.MaxInt64 {
			return false
		}
		rows[k] = int64(v)
	}
	return c.count(keys, codes, rows, nil) == nil && c.tuples.Len() == int(n)
}

// readPairs reads ascending pairs: at least one person of every tuple, not
// more than it has rows, and every person at least once.
func (c *Counts) readPairs(r *countsReader) bool {
	if _, seen := c.people.Null(); seen {
		return false
	}
	n := r.uvarint()
	if r.bad || n > uint64(len(r.b))/2 {
		return false
	}
	used := make([]bool, c.people.Len())
	of := make([]int64, c.tuples.Len())
	pairs := make([]uint64, 0, n)
	tuple := uint64(0)
	for range n {
		step, person := r.uvarint(), r.uvarint()
		if step > uint64(len(of)) || tuple+step >= uint64(len(of)) || person >= uint64(len(used)) {
			return false
		}
		tuple += step
		p := pairOf(uint32(tuple), uint32(person))
		if k := len(pairs); k > 0 && pairs[k-1] >= p {
			return false
		}
		pairs = append(pairs, p)
		used[person] = true
		of[tuple]++
	}
	for k, people := range of {
		if people < 1 || people > c.rows[k] {
			return false
		}
	}
	c.pairs.sorted = pairs
	return !r.bad && !slices.Contains(used, false)
}

// countsReader takes bytes from the front; once something is missing it is bad
// and gives zeros.
type countsReader struct {
	b   []byte
	bad bool
}

func (r *countsReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *countsReader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *countsReader) coder() *column.Coder {
	c, rest, err := column.DecodeCoder(r.b)
	if err != nil {
		r.bad, r.b = true, nil
		return column.NewCoder(column.Type{Kind: column.Null})
	}
	r.b = rest
	return c
}
