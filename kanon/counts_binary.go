package kanon

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/lethe-go/lethe/internal/column"
)

// countsMagic starts the binary form; its last byte is the version.
const countsMagic = "lethe-counts\x03"

var errCounts = errors.New("kanon: malformed counts")

// unreadableCounts keeps errors of reading; an early end is one of the counts.
func unreadableCounts(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCounts
	}
	return fmt.Errorf("kanon: counts cannot be read: %w", err)
}

// MarshalBinary gives what WriteTo writes.
func (c *Counts) MarshalBinary() ([]byte, error) {
	var b bytes.Buffer
	_, err := c.WriteTo(&b)
	return b.Bytes(), err
}

// WriteTo writes the counts for another process to read and merge, tuple by
// tuple, in memory of the distinct values of each column. The bytes hold values
// of the table. It returns how many bytes were written.
func (c *Counts) WriteTo(w io.Writer) (int64, error) {
	if err := c.ready(); err != nil {
		return 0, err
	}
	src, err := c.all(true)
	if err != nil {
		return 0, err
	}
	counter := &countingWriter{w: w}
	buffered := bufio.NewWriterSize(counter, spillBuffer)
	head := c.header()
	prefix := binary.AppendUvarint([]byte(countsMagic), uint64(len(head)))
	for _, part := range [][]byte{prefix, head} {
		if _, err := buffered.Write(part); err != nil {
			return counter.n, fmt.Errorf("kanon: counts: %w", err)
		}
	}
	if err := writeTuples(buffered, c.shape(), src); err != nil {
		return counter.n, err
	}
	return counter.n, nil
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// writeTuples writes all of a source and flushes.
func writeTuples(w *bufio.Writer, s tupleShape, src tupleSource) error {
	out := newTupleWriter(w, s)
	for {
		t, err := src.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := out.write(t); err != nil {
			return fmt.Errorf("kanon: counts: %w", err)
		}
	}
	if err := errors.Join(out.end(), w.Flush()); err != nil {
		return fmt.Errorf("kanon: counts: %w", err)
	}
	return nil
}

// header is what comes before the tuples: the columns with their values.
func (c *Counts) header() []byte {
	b := binary.AppendUvarint(nil, uint64(len(c.quasi)))
	for i, name := range c.quasi {
		b = appendText(b, name)
		b = c.coders[i].AppendBinary(b)
	}
	b = appendText(b, c.unit)
	if c.people != nil {
		b = c.people.AppendBinary(b)
	}
	b = binary.AppendUvarint(b, uint64(len(c.values)))
	for _, v := range c.values {
		people := uint64(0)
		if v.items != nil {
			people = 1
		}
		b = appendText(b, v.name)
		b = binary.AppendUvarint(b, people)
		b = v.coder.AppendBinary(b)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// UnmarshalBinary replaces the counts by those that MarshalBinary wrote. It
// accepts no others: what is cut short or contradicts itself is an error and
// leaves the counts as they were. Memory is in proportion to the bytes given.
func (c *Counts) UnmarshalBinary(data []byte) error {
	d, rest := new(Counts), bytes.NewReader(data)
	if _, err := d.ReadFrom(rest); err != nil {
		return err
	}
	if err := errors.Join(c.Close()); err != nil {
		return err
	}
	*c = *d
	return nil
}

// ReadFrom merges counts that WriteTo wrote, tuple by tuple, in memory of the
// distinct values of their columns beside its own. Into zero Counts it reads
// any. It accepts nothing else: what is cut short, contradicts itself or goes
// on behind its end is an error, after which the counts are of no use. It
// returns how many bytes were read.
func (c *Counts) ReadFrom(r io.Reader) (int64, error) {
	counter := &countingReader{r: r}
	err := c.readFrom(bufio.NewReaderSize(counter, spillBuffer))
	if err != nil && c.tuples != nil {
		c.failed = err
	}
	return counter.n, err
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *Counts) readFrom(r *bufio.Reader) error {
	if c.tuples != nil {
		if err := c.ready(); err != nil {
			return err
		}
	}
	other, err := readHeader(r)
	if err != nil {
		return err
	}
	if c.tuples == nil {
		c.quasi, c.unit = other.quasi, other.unit
		for _, coder := range other.coders {
			c.coders = append(c.coders, column.NewCoder(coder.Type()))
		}
		if other.people != nil {
			c.people = column.NewCoder(other.people.Type())
		}
		for _, v := range other.values {
			c.values = append(c.values, newValueCounts(v.name, column.NewCoder(v.coder.Type()),
				v.items != nil))
		}
		c.start()
	}
	if err := c.alike(other); err != nil {
		return err
	}
	to, err := c.renumber(other)
	if err != nil {
		return err
	}
	src := newUsedValues(newTupleReader(r, other.shape(), other.allSizes()), other)
	if err := c.takeAll(src, to); err != nil {
		return err
	}
	if !src.all() {
		return errCounts
	}
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		return errCounts
	}
	return nil
}

// readHeader reads the columns of counts with their values and no tuples.
func readHeader(r *bufio.Reader) (*Counts, error) {
	magic := make([]byte, len(countsMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != countsMagic {
		return nil, errors.New("kanon: not counts, or of another version")
	}
	n, err := binary.ReadUvarint(r)
	if err != nil || n > math.MaxInt64 {
		return nil, errCounts
	}
	var head bytes.Buffer // grows with what is there, not with what is promised
	if _, err := io.CopyN(&head, r, int64(n)); err != nil {
		return nil, unreadableCounts(err)
	}
	h := countsReader{b: head.Bytes()}
	d := new(Counts)
	columns := h.uvarint()
	if columns < 1 || columns > maxQuasi {
		return nil, errCounts
	}
	names := map[string]bool{"": true}
	for range columns {
		name := h.text()
		if names[name] {
			return nil, errCounts
		}
		names[name] = true
		d.quasi = append(d.quasi, name)
		d.coders = append(d.coders, h.coder())
	}
	if d.unit = h.text(); d.unit != "" {
		if names[d.unit] {
			return nil, errCounts
		}
		d.people = h.coder()
		if _, null := d.people.Null(); null {
			return nil, errCounts
		}
	}
	if !d.readValues(&h) || h.bad || len(h.b) > 0 {
		return nil, errCounts
	}
	d.start()
	return d, nil
}

// readValues reads the sensitive columns, in ascending order of their names.
func (c *Counts) readValues(h *countsReader) bool {
	n := h.uvarint()
	if n > maxSensitive {
		return false
	}
	last := ""
	for range n {
		name, people := h.text(), h.uvarint()
		if name <= last || name == c.unit || slices.Contains(c.quasi, name) || people > 1 ||
			people == 1 && c.people == nil {
			return false
		}
		last = name
		c.values = append(c.values, newValueCounts(name, h.coder(), people == 1))
	}
	return !h.bad
}

// usedValues notes which values the tuples that pass through have.
type usedValues struct {
	tupleSource
	columns [][]bool
	people  []bool
	values  [][]bool
}

func newUsedValues(src tupleSource, c *Counts) *usedValues {
	u := &usedValues{tupleSource: src}
	for _, coder := range c.coders {
		u.columns = append(u.columns, make([]bool, coder.Len()))
	}
	if c.people != nil {
		u.people = make([]bool, c.people.Len())
	}
	for _, v := range c.values {
		u.values = append(u.values, make([]bool, v.coder.Len()))
	}
	return u
}

func (u *usedValues) next() (*counted, error) {
	t, err := u.tupleSource.next()
	if err != nil {
		return nil, err
	}
	for i, code := range t.codes {
		u.columns[i][code] = true
	}
	for _, p := range t.people {
		u.people[p] = true
	}
	for i, cells := range t.cells {
		for _, cell := range cells {
			u.values[i][cell.value] = true
		}
	}
	return t, nil
}

// all says whether every value occurred.
func (u *usedValues) all() bool {
	for _, used := range slices.Concat(u.columns, [][]bool{u.people}, u.values) {
		if slices.Contains(used, false) {
			return false
		}
	}
	return true
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
