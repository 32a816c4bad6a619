package kanon

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"sort"
)

// A list of tuples has their values, in ascending order, with a number each, in
// a few bytes a tuple. A tuple says how many of its first columns are those of
// the tuple before it, by how much the next column differs, the values of the
// others, and its number. Every listBlock-th tuple has nothing in common with
// the one before it, so that a tuple is found by its block.
const listBlock = 32

// tupleList is a list that is ready to be searched.
type tupleList struct {
	columns int
	bytes   []byte
	heads   []uint32 // values of the first tuple of each block
	starts  []uint32 // of the blocks, among the bytes
}

// appendTuple appends tuple i of a list; before is nil for the first of a block.
func appendTuple(b []byte, before, tuple []uint32, number uint32) []byte {
	common := 0
	if before != nil {
		for tuple[common] == before[common] {
			common++
		}
	}
	b = append(b, byte(common))
	step := tuple[common]
	if before != nil {
		step -= before[common]
	}
	b = binary.AppendUvarint(b, uint64(step))
	for _, v := range tuple[common+1:] {
		b = binary.AppendUvarint(b, uint64(v))
	}
	return binary.AppendUvarint(b, uint64(number))
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
		b = appendTuple(b, before, tuple, number[i])
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
	for i, at := 0, 0; at < len(b); i++ {
		first := i%listBlock == 0
		if first {
			l.starts = append(l.starts, uint32(at))
			clear(tuple)
		}
		number, n := l.tuple(b[at:], tuple)
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
		again = appendTuple(again[:0], base, tuple, number)
		if string(again) != string(b[at:at+n]) || !visit(tuple, number) {
			return nil, errList
		}
		copy(before, tuple)
		at += n
	}
	return l, nil
}

// tuple reads a tuple, given the one before it, and says how many bytes it has;
// none where it is malformed.
func (l *tupleList) tuple(b []byte, tuple []uint32) (number uint32, n int) {
	if len(b) == 0 || int(b[0]) >= l.columns {
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
	common := int(b[0])
	for j := common; j < l.columns && at > 0; j++ {
		v := read()
		if j == common {
			v += tuple[j]
		}
		tuple[j] = v
	}
	if at > 0 {
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
		number, n := l.tuple(b, scratch)
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
