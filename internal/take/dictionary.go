package take

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Recode replaces the values of a dictionary array by f, which is called once,
// with the values that the rows refer to (none of them null; duplicates only
// where the dictionary has some), and returns as many. The result has the
// index type of d and a dictionary of what its rows refer to, each value once,
// in the order of d's dictionary. That this order means something is said only
// where f is nil, which keeps the values. The caller releases the result.
func Recode(
	mem memory.Allocator, d *array.Dictionary,
	f func(memory.Allocator, arrow.Array) (arrow.Array, error),
) (arrow.Array, error) {
	if !Flat(d.DataType()) {
		return nil, fmt.Errorf("%s cannot be recoded; want a dictionary of a flat type", d.DataType())
	}
	codes, err := codesOf(d)
	if err != nil {
		return nil, err
	}
	return recode(mem, d.DataType().(*arrow.DictionaryType), codes, d.Dictionary(), f)
}

// none is the code of a null.
const none = -1

// recode builds a dictionary array of codes into dict, whose values f, if any,
// replaces.
func recode(
	mem memory.Allocator, typ *arrow.DictionaryType, codes []int32, dict arrow.Array,
	f func(memory.Allocator, arrow.Array) (arrow.Array, error),
) (arrow.Array, error) {
	old, used := usedOf(codes, dict.Len())
	values, err := Rows(mem, dict, used)
	if err != nil {
		return nil, err
	}
	defer values.Release()
	ordered := typ.Ordered && f == nil
	if f != nil {
		if values, err = f(mem, values); err != nil {
			return nil, err
		}
		defer values.Release()
	}
	if values.Len() != len(used) {
		return nil, fmt.Errorf("%d values for the %d of a dictionary", values.Len(), len(used))
	}
	merged, first, err := distinct(values)
	if err != nil {
		return nil, err
	}
	entries, err := Rows(mem, values, first)
	if err != nil {
		return nil, err
	}
	defer entries.Release()
	for i, c := range old { // from the old code to the new one
		if c != none {
			old[i] = merged[c]
		}
	}
	indices := indexArray(mem, typ.IndexType, codes, old)
	defer indices.Release()
	out := &arrow.DictionaryType{
		IndexType: typ.IndexType, ValueType: entries.DataType(), Ordered: ordered,
	}
	return array.NewDictionaryArray(out, indices, entries), nil
}

// usedOf lists the codes that occur, ascending, and for every code its place
// in that list.
func usedOf(codes []int32, n int) (place, used []int32) {
	place = make([]int32, n)
	for i := range place {
		place[i] = none
	}
	for _, c := range codes {
		if c != none {
			place[c] = 0
		}
	}
	for c := range place {
		if place[c] == 0 {
			place[c] = int32(len(used))
			used = append(used, int32(c))
		}
	}
	return place, used
}

// distinct gives every value of a its number in the list first, which holds
// where each different value occurs first; none for a null.
func distinct(a arrow.Array) (number, first []int32, err error) {
	number = make([]int32, a.Len())
	seen := make(map[string]int32, a.Len()) // of views of a, which stays as it is
	key, err := keyOf(a)
	if err != nil {
		return nil, nil, err
	}
	for i := range number {
		if a.IsNull(i) || a.DataType().ID() == arrow.NULL {
			number[i] = none
			continue
		}
		b := key(i)
		k := unsafe.String(unsafe.SliceData(b), len(b))
		n, ok := seen[k]
		if !ok {
			n = int32(len(first))
			seen[k] = n
			first = append(first, int32(i))
		}
		number[i] = n
	}
	return number, first, nil
}

// keyOf returns the bytes of a value, which stay as they are while a does.
func keyOf(a arrow.Array) (func(i int) []byte, error) {
	off := a.Data().Offset()
	switch t := a.DataType().(type) {
	case *arrow.NullType:
		return func(int) []byte { return nil }, nil
	case *arrow.BooleanType:
		both := []byte{0, 1}
		return func(i int) []byte {
			if a.(*array.Boolean).Value(i) {
				return both[1:]
			}
			return both[:1]
		}, nil
	case *arrow.StringType, *arrow.BinaryType:
		return textKey[int32](a), nil
	case *arrow.LargeStringType, *arrow.LargeBinaryType:
		return textKey[int64](a), nil
	case arrow.FixedWidthDataType:
		if _, dict := t.(*arrow.DictionaryType); !dict && Flat(a.DataType()) {
			width, bytes := t.Bytes(), content(a, 1)
			return func(i int) []byte { return bytes[(off+i)*width : (off+i+1)*width] }, nil
		}
	}
	return nil, fmt.Errorf("a dictionary of %s is not supported", a.DataType())
}

func textKey[O int32 | int64](a arrow.Array) func(i int) []byte {
	if a.Len() == 0 {
		return func(int) []byte { return nil }
	}
	ends, bytes := arrow.GetOffsets[O](a.Data(), 1), content(a, 2)
	return func(i int) []byte { return bytes[ends[i]:ends[i+1]] }
}

// codesOf reads the index of every row; none where the row or the entry it
// refers to is null. An index outside the dictionary is an error.
func codesOf(d *array.Dictionary) ([]int32, error) {
	dict := d.Dictionary()
	if dict.Len() > math.MaxInt32 {
		return nil, fmt.Errorf("a dictionary of %d entries is too large", dict.Len())
	}
	codes := make([]int32, d.Len())
	ok := false
	switch idx := d.Indices().(type) {
	case *array.Int8:
		ok = widen(codes, idx.Int8Values(), d, dict.Len())
	case *array.Int16:
		ok = widen(codes, idx.Int16Values(), d, dict.Len())
	case *array.Int32:
		ok = widen(codes, idx.Int32Values(), d, dict.Len())
	case *array.Int64:
		ok = widen(codes, idx.Int64Values(), d, dict.Len())
	case *array.Uint8:
		ok = widen(codes, idx.Uint8Values(), d, dict.Len())
	case *array.Uint16:
		ok = widen(codes, idx.Uint16Values(), d, dict.Len())
	case *array.Uint32:
		ok = widen(codes, idx.Uint32Values(), d, dict.Len())
	case *array.Uint64:
		ok = widen(codes, idx.Uint64Values(), d, dict.Len())
	default:
		return nil, fmt.Errorf("a dictionary cannot have indices of %s", d.Indices().DataType())
	}
	if !ok {
		return nil, fmt.Errorf("an index is outside the dictionary of %d entries", dict.Len())
	}
	switch {
	case dict.DataType().ID() == arrow.NULL: // it has no bitmap
		for i := range codes {
			codes[i] = none
		}
	case hasNulls(dict):
		for i, c := range codes {
			if c != none && dict.IsNull(int(c)) {
				codes[i] = none
			}
		}
	}
	return codes, nil
}

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

func widen[T integer](codes []int32, idx []T, d *array.Dictionary, n int) bool {
	nulls := hasNulls(d)
	for i, v := range idx {
		switch {
		case nulls && d.IsNull(i):
			codes[i] = none
		case v < 0 || uint64(v) >= uint64(n):
			return false
		default:
			codes[i] = int32(v)
		}
	}
	return true
}
