package kanon

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
)

// counted is a tuple of quasi-identifiers with what was counted of it.
type counted struct {
	codes  []uint32 // by column
	rows   int64
	people []uint32        // ascending; none without a unit
	cells  [][]countedCell // by sensitive column, ascending
}

// countedCell is a value of a sensitive column that rows of a tuple have: with
// how many, or with whose, where frequencies count people.
type countedCell struct {
	value, person uint32
	rows          int64
}

func (a countedCell) compare(b countedCell) int {
	return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.person, b.person))
}

// compareCodes is the order in which tuples are written: by the last column
// first, as their keys compare whatever the layout is.
func compareCodes(a, b []uint32) int {
	for i := len(a) - 1; i >= 0; i-- {
		if c := cmp.Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// tupleSource gives tuples one after another, io.EOF behind the last. A tuple
// is valid until the next call.
type tupleSource interface {
	next() (*counted, error)
}

// tupleShape is how tuples are written.
type tupleShape struct {
	columns  int
	unit     bool
	byPerson []bool // by sensitive column: whether its frequencies count people
}

func (c *Counts) shape() tupleShape {
	s := tupleShape{columns: len(c.coders), unit: c.people != nil}
	for _, v := range c.values {
		s.byPerson = append(s.byPerson, v.items != nil)
	}
	return s
}

// tupleWriter writes ascending tuples. Each says how many columns from the last
// on it has in common with the one before it, by how much the next differs, the
// codes of the others, its rows, its people and its cells. A number of columns
// in common that no other tuple can have ends the list.
type tupleWriter struct {
	tupleShape
	w    *bufio.Writer
	b    []byte
	last []uint32 // nil before the first
	keys int64    // bytes of all but rows, people and cells
}

func newTupleWriter(w *bufio.Writer, s tupleShape) *tupleWriter {
	return &tupleWriter{tupleShape: s, w: w}
}

func (t *tupleWriter) write(c *counted) error {
	at := t.columns - 1
	b := t.b[:0]
	if t.last == nil {
		t.last = make([]uint32, t.columns)
		b = binary.AppendUvarint(b, 0)
		b = binary.AppendUvarint(b, uint64(c.codes[at])+1)
	} else {
		for c.codes[at] == t.last[at] {
			at--
		}
		b = binary.AppendUvarint(b, uint64(t.columns-1-at))
		b = binary.AppendUvarint(b, uint64(c.codes[at]-t.last[at]))
	}
	for at--; at >= 0; at-- {
		b = binary.AppendUvarint(b, uint64(c.codes[at]))
	}
	copy(t.last, c.codes)
	t.keys += int64(len(b))
	b = binary.AppendUvarint(b, uint64(c.rows))
	if t.unit {
		b = binary.AppendUvarint(b, uint64(len(c.people)))
		b = appendAscending(b, c.people)
	}
	for i, cells := range c.cells {
		b = binary.AppendUvarint(b, uint64(len(cells)))
		value := uint32(0)
		for _, cell := range cells {
			b = binary.AppendUvarint(b, uint64(cell.value-value))
			value = cell.value
			if t.byPerson[i] {
				b = binary.AppendUvarint(b, uint64(cell.person))
			} else {
				b = binary.AppendUvarint(b, uint64(cell.rows))
			}
		}
	}
	t.b = b
	_, err := t.w.Write(b)
	return err
}

// appendAscending writes the first number and the steps to the others.
func appendAscending(b []byte, numbers []uint32) []byte {
	last := uint32(0)
	for _, n := range numbers {
		b = binary.AppendUvarint(b, uint64(n-last))
		last = n
	}
	return b
}

func (t *tupleWriter) end() error {
	_, err := t.w.Write(binary.AppendUvarint(t.b[:0], uint64(t.columns)))
	return err
}

// tupleReader reads what a tupleWriter wrote and nothing else.
type tupleReader struct {
	tupleShape
	r      *bufio.Reader
	sizes  []uint64 // codes of each column, then people, then values
	total  int64
	begun  bool
	bad    error // of the reader, or errCounts
	tuple  counted
	person []uint32 // scratch

	// window is what the reader holds, of which the bytes before at were taken.
	window []byte
	at     int
}

func newTupleReader(r *bufio.Reader, s tupleShape, sizes []uint64) *tupleReader {
	t := &tupleReader{tupleShape: s, r: r, sizes: sizes}
	t.tuple.codes = make([]uint32, s.columns)
	t.tuple.cells = make([][]countedCell, len(s.byPerson))
	return t
}

// sizes are how many codes there are of each column, of people and of values.
func (c *Counts) allSizes() []uint64 {
	var sizes []uint64
	for _, coder := range c.coders {
		sizes = append(sizes, uint64(coder.Len()))
	}
	people := uint64(0)
	if c.people != nil {
		people = uint64(c.people.Len())
	}
	sizes = append(sizes, people)
	for _, v := range c.values {
		sizes = append(sizes, uint64(v.coder.Len()))
	}
	return sizes
}

func (t *tupleReader) next() (*counted, error) {
	common := t.uvarint()
	if t.bad == nil && common == uint64(t.columns) {
		t.give()
		return nil, io.EOF
	}
	t.codes(common)
	c := &t.tuple
	rows := t.uvarint()
	if rows == 0 || rows > uint64(math.MaxInt64-t.total) {
		t.fail()
	}
	c.rows = int64(rows)
	t.total += c.rows
	c.people = c.people[:0]
	if t.unit {
		t.readPeople()
	}
	for i := range c.cells {
		if c.cells[i] = t.readCells(i, c.cells[i][:0]); t.bad != nil {
			break
		}
	}
	if t.bad != nil {
		return nil, t.bad
	}
	return c, nil
}

// codes reads the codes of the next tuple, which is above the last.
func (t *tupleReader) codes(common uint64) {
	if common >= uint64(t.columns) || !t.begun && common > 0 {
		t.fail()
		return
	}
	at := t.columns - 1 - int(common)
	step := t.uvarint()
	if step == 0 || step > math.MaxUint32 {
		t.fail()
		return
	}
	code := step - 1
	if t.begun {
		code = uint64(t.tuple.codes[at]) + step
	}
	t.begun = true
	for ; ; code = t.uvarint() {
		if code >= t.sizes[at] {
			t.fail()
			return
		}
		t.tuple.codes[at] = uint32(code)
		if at--; at < 0 {
			return
		}
	}
}

// readPeople reads ascending people, at least one and not more than rows.
func (t *tupleReader) readPeople() {
	n, code := t.uvarint(), uint64(0)
	if n == 0 || n > uint64(t.tuple.rows) {
		t.fail()
	}
	for i := uint64(0); i < n && t.bad == nil; i++ {
		step := t.uvarint()
		if code += step; step > math.MaxUint32 || step == 0 && i > 0 || code >= t.sizes[t.columns] {
			t.fail()
			return
		}
		t.tuple.people = append(t.tuple.people, uint32(code))
	}
}

// readCells reads ascending cells of sensitive column k. Their rows are those
// of the tuple, or their people are.
func (t *tupleReader) readCells(k int, cells []countedCell) []countedCell {
	n, value, rows := t.uvarint(), uint64(0), uint64(0)
	if n == 0 || n > uint64(t.tuple.rows) {
		t.fail()
	}
	for i := uint64(0); i < n && t.bad == nil; i++ {
		step, number := t.uvarint(), t.uvarint()
		if value += step; step > math.MaxUint32 || value >= t.sizes[t.columns+1+k] {
			t.fail()
			break
		}
		cell := countedCell{value: uint32(value)}
		if t.byPerson[k] {
			if number > math.MaxUint32 {
				t.fail()
				break
			}
			cell.person = uint32(number)
		} else if rows += number; number == 0 || number > uint64(t.tuple.rows) ||
			rows > uint64(t.tuple.rows) {
			t.fail()
			break
		} else {
			cell.rows = int64(number)
		}
		if i > 0 && cells[i-1].compare(cell) >= 0 {
			t.fail()
			break
		}
		cells = append(cells, cell)
	}
	if t.byPerson[k] {
		t.samePeople(cells)
	} else if rows != uint64(t.tuple.rows) {
		t.fail()
	}
	return cells
}

// samePeople asks that the people of cells are those of the tuple.
func (t *tupleReader) samePeople(cells []countedCell) {
	t.person = t.person[:0]
	for _, cell := range cells {
		t.person = append(t.person, cell.person)
	}
	slices.Sort(t.person)
	if !slices.Equal(slices.Compact(t.person), t.tuple.people) {
		t.fail()
	}
}

// uvarint reads a number, of which most have one byte.
func (t *tupleReader) uvarint() uint64 {
	if t.at < len(t.window) && t.window[t.at] < 0x80 {
		t.at++
		return uint64(t.window[t.at-1])
	}
	return t.longUvarint()
}

func (t *tupleReader) longUvarint() uint64 {
	if t.bad != nil {
		return 0
	}
	if len(t.window)-t.at < binary.MaxVarintLen64 {
		t.give()
		if _, err := t.r.Peek(binary.MaxVarintLen64); err != nil && !errors.Is(err, io.EOF) {
			t.bad = unreadableCounts(err)
			return 0
		}
		t.window, _ = t.r.Peek(t.r.Buffered())
	}
	v, n := binary.Uvarint(t.window[t.at:])
	if n <= 0 {
		t.fail()
		return 0
	}
	t.at += n
	return v
}

// give leaves to the reader what was not taken.
func (t *tupleReader) give() {
	_, _ = t.r.Discard(t.at) // which it holds
	t.window, t.at = nil, 0
}

// fail ends the reading: nothing is taken any more.
func (t *tupleReader) fail() {
	if t.give(); t.bad == nil {
		t.bad = errCounts
	}
}
