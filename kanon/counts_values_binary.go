package kanon

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// valueCell is a cell in its binary form.
type valueCell struct {
	tuple  uint64
	value  uint64
	person uint64 // where items are of people
	rows   uint64 // where they are not
}

func (a valueCell) compare(b valueCell) int {
	return cmp.Or(cmp.Compare(a.tuple, b.tuple), cmp.Compare(a.value, b.value),
		cmp.Compare(a.person, b.person))
}

func (v *valueCounts) cell(i int) valueCell {
	key := v.cells.Keys()[i]
	if v.items == nil {
		return valueCell{tuple: key >> 32, value: uint64(uint32(key)), rows: uint64(v.rows[i])}
	}
	pair := v.items.Keys()[uint32(key)]
	return valueCell{tuple: key >> 32, value: pair >> 32, person: uint64(uint32(pair))}
}

func (v *valueCounts) appendBinary(b []byte) []byte {
	b = appendText(b, v.name)
	people := uint64(0)
	if v.items != nil {
		people = 1
	}
	b = binary.AppendUvarint(b, people)
	b = v.coder.AppendBinary(b)
	cells := make([]valueCell, v.cells.Len())
	for i := range cells {
		cells[i] = v.cell(i)
	}
	slices.SortFunc(cells, valueCell.compare)
	b = binary.AppendUvarint(b, uint64(len(cells)))
	tuple := uint64(0)
	for _, c := range cells {
		b = binary.AppendUvarint(b, c.tuple-tuple)
		b = binary.AppendUvarint(b, c.value)
		b = binary.AppendUvarint(b, c.person+c.rows) // one of them is 0
		tuple = c.tuple
	}
	return b
}

// readValues reads the sensitive columns, in ascending order of their names.
func (c *Counts) readValues(r *countsReader) bool {
	n := r.uvarint()
	if n > maxSensitive {
		return false
	}
	last := ""
	for range n {
		name, people := r.text(), r.uvarint()
		if name <= last || name == c.unit || slices.Contains(c.quasi, name) || people > 1 ||
			people == 1 && c.people == nil {
			return false
		}
		last = name
		v := newValueCounts(name, r.coder(), people == 1)
		if r.bad || !c.readCells(r, v) {
			return false
		}
		c.values = append(c.values, v)
	}
	return !r.bad
}

// readCells reads ascending cells. Every value occurs; the rows of the cells of
// a tuple are its rows; and where items are of people, these are the people of
// the tuple.
func (c *Counts) readCells(r *countsReader, v *valueCounts) bool {
	n := r.uvarint()
	if r.bad || n > uint64(len(r.b))/3 || n > maxTuples {
		return false
	}
	used := make([]bool, v.coder.Len())
	rows := make([]uint64, c.tuples.Len())
	met := make([]bool, len(c.pairs.sorted))
	var tuples, values, people []uint32
	var counts []int64
	last := valueCell{}
	for i := range n {
		step := r.uvarint()
		cell := valueCell{tuple: last.tuple + step, value: r.uvarint()}
		number := r.uvarint()
		if step > uint64(len(rows)) || cell.tuple >= uint64(len(rows)) ||
			cell.value >= uint64(len(used)) || number > math.MaxInt64 {
			return false
		}
		if v.items == nil {
			if cell.rows = number; number == 0 {
				return false
			}
			counts = append(counts, int64(number))
			if rows[cell.tuple] += number; rows[cell.tuple] > uint64(c.rows[cell.tuple]) {
				return false
			}
		} else {
			if cell.person = number; number >= uint64(c.people.Len()) {
				return false
			}
			at, ok := slices.BinarySearch(c.pairs.sorted,
				pairOf(uint32(cell.tuple), uint32(cell.person)))
			if !ok {
				return false
			}
			met[at] = true
			people = append(people, uint32(cell.person))
			if rows[cell.tuple]++; rows[cell.tuple] > uint64(c.rows[cell.tuple]) {
				return false
			}
		}
		if i > 0 && last.compare(cell) >= 0 {
			return false
		}
		last = cell
		used[cell.value] = true
		tuples, values = append(tuples, uint32(cell.tuple)), append(values, uint32(cell.value))
	}
	if r.bad || slices.Contains(used, false) {
		return false
	}
	for t, n := range rows {
		if v.items == nil && n != uint64(c.rows[t]) {
			return false
		}
	}
	if v.items != nil && slices.Contains(met, false) {
		return false
	}
	return v.add(tuples, values, people, counts) == nil
}
