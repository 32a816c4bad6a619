package tableio

import (
	"errors"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
)

// The library hands out arrays whose buffers are shorter than the array or
// whose offsets lead elsewhere; whoever used one would panic. So arrays that
// come from a file are checked first.

var (
	errBuffers = errors.New("its buffers are shorter than its values")
	errOffsets = errors.New("its offsets are out of order")
	errNulls   = errors.New("its count of nulls is wrong")
	errEntry   = errors.New("an index outside its dictionary")
)

func guardedCheck(a arrow.Array, rows int64) (err error) {
	defer recovered(&err)
	if int64(a.Len()) != rows {
		return errors.New("it has another number of rows than its record")
	}
	return check(a)
}

// check verifies that every value of an array of a supported type can be read.
func check(a arrow.Array) error {
	d := a.Data()
	n, off := d.Len(), d.Offset()
	if n < 0 || off < 0 || n > math.MaxInt32 || off > math.MaxInt32 {
		return errBuffers
	}
	if a.DataType().ID() == arrow.NULL {
		return nil
	}
	if err := checkNulls(d); err != nil {
		return err
	}
	if n == 0 {
		return nil
	}
	size := func(i int) int {
		if i >= len(d.Buffers()) || d.Buffers()[i] == nil {
			return 0
		}
		return d.Buffers()[i].Len()
	}
	switch t := a.DataType().(type) {
	case *arrow.DictionaryType:
		if size(1) < (off+n)*t.IndexType.(arrow.FixedWidthDataType).Bytes() {
			return errBuffers
		}
		return checkDictionary(a.(*array.Dictionary))
	case *arrow.BooleanType:
		if size(1) < int(bitutil.BytesForBits(int64(off+n))) {
			return errBuffers
		}
	case *arrow.StringType, *arrow.BinaryType:
		if size(1) < (off+n+1)*4 {
			return errBuffers
		}
		offsets := arrow.Int32Traits.CastFromBytes(d.Buffers()[1].Bytes())[off : off+n+1]
		return checkOffsets(a, offsets, size(2))
	case *arrow.LargeStringType, *arrow.LargeBinaryType:
		if size(1) < (off+n+1)*8 {
			return errBuffers
		}
		offsets := arrow.Int64Traits.CastFromBytes(d.Buffers()[1].Bytes())[off : off+n+1]
		return checkOffsets(a, offsets, size(2))
	case arrow.FixedWidthDataType:
		if size(1) < (off+n)*t.Bytes() {
			return errBuffers
		}
	}
	return nil
}

func checkNulls(d arrow.ArrayData) error {
	n, off := d.Len(), d.Offset()
	if len(d.Buffers()) == 0 || d.Buffers()[0] == nil || d.Buffers()[0].Len() == 0 {
		if d.NullN() != 0 && n > 0 {
			return errNulls
		}
		return nil
	}
	bits := d.Buffers()[0].Bytes()
	if len(bits) < int(bitutil.BytesForBits(int64(off+n))) {
		return errBuffers
	}
	if set := bitutil.CountSetBits(bits, off, n); n-set != d.NullN() {
		return errNulls
	}
	return nil
}

func checkOffsets[T int32 | int64](a arrow.Array, offsets []T, size int) error {
	last := offsets[0]
	if last < 0 {
		return errOffsets
	}
	for _, o := range offsets[1:] {
		if o < last {
			return errOffsets
		}
		last = o
	}
	if int64(last) > int64(size) {
		return errBuffers
	}
	id := a.DataType().ID()
	if id != arrow.STRING && id != arrow.LARGE_STRING {
		return nil
	}
	for i := range a.Len() {
		if a.IsValid(i) && !utf8.Valid(bytesOf(a, i)) {
			return errors.New("a text is not UTF-8")
		}
	}
	return nil
}

func checkDictionary(a *array.Dictionary) error {
	entries := a.Dictionary().Len()
	for i := range a.Len() {
		if a.IsNull(i) {
			continue
		}
		if k := a.GetValueIndex(i); k < 0 || k >= entries {
			return errEntry
		}
	}
	return check(a.Dictionary())
}
