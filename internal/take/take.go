// Package take picks rows out of Arrow arrays and leaves nothing else behind:
// what comes out holds no value of a row that was not picked, neither in its
// memory, nor under a null, nor as an unused entry of a dictionary. Only an
// array of which a filter keeps every row, or in whose dictionary Compact finds
// nothing unused, is passed on as it is.
//
// All flat types are taken. Nested types, views and extension types are
// refused by name. Functions are safe for concurrent use. Errors carry no
// package prefix and no value.
package take

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/decimal256"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Record returns the rows of rec for which keep holds, in order. The schema
// stays. Columns without dictionaries are shared where every row is kept. The
// caller releases the record. An error names the column.
func Record(mem memory.Allocator, rec arrow.Record, keep []bool) (arrow.Record, error) {
	if len(keep) != int(rec.NumRows()) {
		return nil, fmt.Errorf("%d marks for %d rows", len(keep), rec.NumRows())
	}
	rows := Indices(keep)
	cols := make([]arrow.Array, 0, rec.NumCols())
	defer func() {
		for _, col := range cols {
			col.Release()
		}
	}()
	for i, col := range rec.Columns() {
		out, err := some(mem, col, rows)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", rec.ColumnName(i), err)
		}
		cols = append(cols, out)
	}
	return array.NewRecord(rec.Schema(), cols, int64(len(rows))), nil
}

// Filter returns the values of a for which keep holds, in order. An array
// without a dictionary is shared where every row is kept. The caller releases
// the array.
func Filter(mem memory.Allocator, a arrow.Array, keep []bool) (arrow.Array, error) {
	if len(keep) != a.Len() {
		return nil, fmt.Errorf("%d marks for %d rows", len(keep), a.Len())
	}
	return some(mem, a, Indices(keep))
}

// some picks ascending rows, each at most once.
func some(mem memory.Allocator, a arrow.Array, rows []int32) (arrow.Array, error) {
	if _, dict := a.(*array.Dictionary); len(rows) == a.Len() && !dict && Flat(a.DataType()) {
		a.Retain()
		return a, nil
	}
	return Rows(mem, a, rows)
}

// Indices lists the positions at which keep holds.
func Indices(keep []bool) []int32 {
	n := 0
	for _, k := range keep {
		if k {
			n++
		}
	}
	rows := make([]int32, 0, n)
	for i, k := range keep {
		if k {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// Flat says whether Rows takes arrays of the type.
func Flat(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.NullType, *arrow.BooleanType, *arrow.StringType, *arrow.LargeStringType,
		*arrow.BinaryType, *arrow.LargeBinaryType:
		return true
	case *arrow.DictionaryType:
		return t.ValueType.ID() != arrow.DICTIONARY && Flat(t.ValueType)
	case arrow.ExtensionType, arrow.NestedType:
		return false
	case arrow.FixedWidthDataType:
		return true
	}
	return false
}

// Rows returns the array of a[rows[0]], a[rows[1]] and so on; a row may occur
// more than once. The caller releases it.
func Rows(mem memory.Allocator, a arrow.Array, rows []int32) (arrow.Array, error) {
	if !Flat(a.DataType()) {
		return nil, fmt.Errorf("rows of %s cannot be picked; want a flat type", a.DataType())
	}
	for _, r := range rows {
		if uint64(r) >= uint64(a.Len()) { // negative ones too
			return nil, fmt.Errorf("row %d of %d", r, a.Len())
		}
	}
	switch t := a.DataType().(type) {
	case *arrow.NullType:
		return array.NewNull(len(rows)), nil
	case *arrow.BooleanType:
		return bools(mem, a.(*array.Boolean), rows), nil
	case *arrow.StringType, *arrow.BinaryType:
		return texts[int32](mem, a, rows)
	case *arrow.LargeStringType, *arrow.LargeBinaryType:
		return texts[int64](mem, a, rows)
	case *arrow.DictionaryType:
		codes, err := codesOf(a.(*array.Dictionary))
		if err != nil {
			return nil, err
		}
		picked := make([]int32, len(rows))
		gather(picked, codes, rows)
		return recode(mem, t, picked, a.(*array.Dictionary).Dictionary(), nil)
	}
	return fixed(mem, a, rows), nil
}

func gather[T any](dst, src []T, rows []int32) {
	for i, r := range rows {
		dst[i] = src[r]
	}
}

func fixed(mem memory.Allocator, a arrow.Array, rows []int32) arrow.Array {
	width := a.DataType().(arrow.FixedWidthDataType).Bytes()
	buf := zeroed(mem, len(rows)*width)
	defer buf.Release()
	to := buf.Bytes()
	if from := content(a, 1); len(rows) > 0 && width > 0 {
		from = from[a.Data().Offset()*width:]
		switch width {
		case 1:
			gather(to, from, rows)
		case 2:
			gather(arrow.GetData[uint16](to), arrow.GetData[uint16](from), rows)
		case 4:
			gather(arrow.GetData[uint32](to), arrow.GetData[uint32](from), rows)
		case 8:
			gather(arrow.GetData[uint64](to), arrow.GetData[uint64](from), rows)
		case decimal128Width:
			gather(arrow.GetData[decimal128.Num](to), arrow.GetData[decimal128.Num](from), rows)
		case decimal256Width:
			gather(arrow.GetData[decimal256.Num](to), arrow.GetData[decimal256.Num](from), rows)
		default:
			for i, r := range rows {
				copy(to[i*width:(i+1)*width], from[int(r)*width:])
			}
		}
		if hasNulls(a) {
			for i, r := range rows {
				if a.IsNull(int(r)) {
					clear(to[i*width : (i+1)*width])
				}
			}
		}
	}
	return finish(mem, a, rows, buf)
}

const (
	decimal128Width = 16
	decimal256Width = 32
)

func bools(mem memory.Allocator, a *array.Boolean, rows []int32) arrow.Array {
	buf := zeroed(mem, int(bitutil.BytesForBits(int64(len(rows)))))
	defer buf.Release()
	for i, r := range rows {
		if a.IsValid(int(r)) && a.Value(int(r)) {
			bitutil.SetBit(buf.Bytes(), i)
		}
	}
	return finish(mem, a, rows, buf)
}

func texts[O int32 | int64](
	mem memory.Allocator, a arrow.Array, rows []int32,
) (arrow.Array, error) {
	var width O
	offsets := zeroed(mem, (len(rows)+1)*sizeOf(width))
	defer offsets.Release()
	if len(rows) == 0 {
		return finish(mem, a, rows, offsets, nil), nil
	}
	ends := arrow.GetData[O](offsets.Bytes())
	from, bytes := arrow.GetOffsets[O](a.Data(), 1), content(a, 2)
	nulls := hasNulls(a)
	total := int64(0)
	for i, r := range rows {
		if !nulls || a.IsValid(int(r)) {
			if from[r] < 0 || from[r] > from[r+1] || int(from[r+1]) > len(bytes) {
				return nil, errors.New("the offsets of the text are not in order")
			}
			total += int64(from[r+1] - from[r])
		}
		if sizeOf(width) == arrow.Int32SizeBytes && total > math.MaxInt32 {
			return nil, errors.New("the picked text would pass 2 GiB; want smaller batches")
		}
		ends[i+1] = O(total)
	}
	data := zeroed(mem, int(total))
	defer data.Release()
	for i, r := range rows {
		if ends[i] < ends[i+1] {
			copy(data.Bytes()[ends[i]:ends[i+1]], bytes[from[r]:from[r+1]])
		}
	}
	return finish(mem, a, rows, offsets, data), nil
}

func sizeOf[O int32 | int64](o O) int {
	if _, short := any(o).(int32); short {
		return arrow.Int32SizeBytes
	}
	return arrow.Int64SizeBytes
}

// finish makes the array of the buffers with the nulls of the picked rows.
func finish(
	mem memory.Allocator, a arrow.Array, rows []int32, buffers ...*memory.Buffer,
) arrow.Array {
	var valid *memory.Buffer
	nulls := 0
	if hasNulls(a) {
		valid = zeroed(mem, int(bitutil.BytesForBits(int64(len(rows)))))
		defer valid.Release()
		bits, from, off := valid.Bytes(), a.NullBitmapBytes(), a.Data().Offset()
		for i, r := range rows {
			if bitutil.BitIsSet(from, off+int(r)) {
				bitutil.SetBit(bits, i)
			} else {
				nulls++
			}
		}
	}
	all := append([]*memory.Buffer{valid}, buffers...)
	data := array.NewData(a.DataType(), len(rows), all, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// content is the memory of a buffer, none where there is no buffer.
func content(a arrow.Array, i int) []byte {
	if b := a.Data().Buffers()[i]; b != nil {
		return b.Bytes()
	}
	return nil
}

func hasNulls(a arrow.Array) bool { return len(a.NullBitmapBytes()) > 0 && a.NullN() > 0 }

func zeroed(mem memory.Allocator, n int) *memory.Buffer {
	buf := memory.NewResizableBuffer(mem)
	buf.Resize(n)
	clear(buf.Buf())
	return buf
}
