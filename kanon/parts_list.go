package kanon

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"sort"
)

// A list of tuples has their values, in ascending order, with a number each, in
// a byte or a few a tuple. The first byte says how many of its first columns are
// those of the tuple before it, by how much the next column differs, if that is
// little, and whether the number is the same. Then come what is left of the step,
// the values of the other columns, and the number if it is another. Every
// listBlock-th tuple has nothing in common with the one before it, so that a tuple
// is found by its block.
const listBlock = 32

// shortStep is the least step that does not fit in the first byte, of tuples of m
// columns.
func shortStep(m int) uint32 { return uint32(256/2/m - 1) }

// tupleList is a list that is ready to be searched.
type tupleList struct {
	columns int
	bytes   []byte
	heads   []uint32 // values of the first tuple of each block
	starts  []uint32 // of the blocks, among the bytes
}

// appendTuple appends a tuple with its number to a list, given those before it;
// before is nil for the first of a block.
func appendTuple(b []byte, before, tuple []uint32, last, number uint32) []byte {
	m, common := len(tuple), 0
	head := uint32(0)
	if before != nil {
		for tuple[common] == before[common] {
			common++
		}
		if number == last {
			head = 1
		}
	}
	step := tuple[common]
	if before != nil {
		step -= before[common]
	}
	short := min(step, shortStep(m))
	b = append(b, byte((short*uint32(m)+uint32(common))*2+head))
	if short == shortStep(m) {
		b = binary.AppendUvarint(b, uint64(step-short))
	}
	for _, v := range tuple[common+1:] {
		b = binary.AppendUvarint(b, uint64(v))
	}
	if head == 0 {
		b = binary.AppendUvarint(b, uint64(number))
	}
	return b
}

// writeList makes a list of tuples of m values each; number gives that of each,
// by its place in order.
func writeList(values []uint32, m int, order []uint32, number []uint32) []byte {
	var b []byte
	var before []uint32
	for i, t := range order {
		tuple := values[int(t)*m : int(t+1)*m]
		if i%listBlock == 0 {
			before = nil
		}
		last := uint32(0)
		if before != nil {
			last = number[i-1]
		}
		b = appendTuple(b, before, tuple, last, number[i])
		before = tuple
	}
	return slices.Clip(b)
}

var errList = errors.New("kanon: plan: a list of tuples is damaged")

// openList makes a list ready, and visits its tuples. It accepts no other bytes
// than those that writeList writes of tuples in ascending order; sizes are above
// the values.
func openList(
	b []byte, sizes []int, visit func(tuple []uint32, number uint32) bool,
) (*tupleList, error) {
	l := &tupleList{columns: len(sizes), bytes: b}
	before, tuple := make([]uint32, len(sizes)), make([]uint32, len(sizes))
	var again []byte
	last := uint32(0)
	for i, at := 0, 0; at < len(b); i++ {
		first := i%listBlock == 0
		if first {
			l.starts = append(l.starts, uint32(at))
			clear(tuple)
		}
		number, n := l.tuple(b[at:], tuple, last)
		if n <= 0 || int64(at) > 1<<32-1<<10 {
			return nil, errList
		}
		for j, v := range tuple {
			if int(v) >= sizes[j] {
				return nil, errList
			}
		}
		if i > 0 && slices.Compare(before, tuple) >= 0 {
			return nil, errList
		}
		base := before
		if first {
			base = nil
			l.heads = append(l.heads, tuple...)
		}
		again = appendTuple(again[:0], base, tuple, last, number)
		if string(again) != string(b[at:at+n]) || !visit(tuple, number) {
			return nil, errList
		}
		copy(before, tuple)
		at += n
		last = number
	}
	return l, nil
}

// tuple reads a tuple and its number, given those before it, and says how many
// bytes it has; none where it is malformed.
func (l *tupleList) tuple(b []byte, tuple []uint32, last uint32) (number uint32, n int) {
	m := uint32(l.columns)
	if len(b) == 0 || uint32(b[0])/2/m > shortStep(l.columns) {
		return 0, 0
	}
	at := 1
	read := func() uint32 {
		if at < len(b) && b[at] < 0x80 { // most of them
			at++
			return uint32(b[at-1])
		}
		v, n := binary.Uvarint(b[min(at, len(b)):])
		if at += n; n <= 0 || v > 1<<32-1 {
			at = -1 << 40
		}
		return uint32(v)
	}
	head := uint32(b[0])
	common, step := head/2%m, head/2/m
	if step == shortStep(l.columns) {
		step += read()
	}
	tuple[common] += step
	for j := int(common) + 1; j < l.columns && at > 0; j++ {
		tuple[j] = read()
	}
	if number = last; head&1 == 0 && at > 0 {
		number = read()
	}
	return number, at
}

// find is the number of a tuple. scratch has room for one.
func (l *tupleList) find(tuple, scratch []uint32) (number uint32, found bool) {
	m := l.columns
	block := sort.Search(len(l.starts), func(i int) bool {
		return slices.Compare(l.heads[i*m:(i+1)*m], tuple) > 0
	}) - 1
	if block < 0 {
		return 0, false
	}
	clear(scratch)
	b := l.bytes[l.starts[block]:]
	if block+1 < len(l.starts) {
		b = b[:l.starts[block+1]-l.starts[block]]
	}
	for len(b) > 0 {
		var n int
		number, n = l.tuple(b, scratch, number)
		switch cmp.Compare(slices.Compare(scratch, tuple), 0) {
		case 0:
			return number, true
		case 1:
			return 0, false
		}
		b = b[n:]
	}
	return 0, false
}
