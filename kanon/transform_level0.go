package kanon

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/float16"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/take"
)

// starred hides the rows that are not kept of a column at level 0: text under
// "*", anything else under null. Nothing of their values is left behind.
func starred(mem memory.Allocator, a arrow.Array, keep []bool) (arrow.Array, error) {
	rows := take.Indices(keep)
	kept, err := take.Rows(mem, a, rows)
	if kept, err = canonicalFloats(mem, kept, err); err != nil {
		return nil, err
	}
	defer kept.Release()
	fill := nullOf(mem, a.DataType())
	if fill == nil {
		return nil, fmt.Errorf("rows of type %s cannot be starred", a.DataType())
	}
	defer fill.Release()
	both, err := array.Concatenate([]arrow.Array{kept, fill}, mem)
	if err != nil {
		return nil, err
	}
	defer both.Release()
	at := make([]int32, len(keep))
	next := int32(0)
	for i, k := range keep {
		at[i] = int32(len(rows))
		if k {
			at[i] = next
			next++
		}
	}
	return take.Rows(mem, both, at)
}

// nullOf is an array of one element: "*" for text, null for other types.
func nullOf(mem memory.Allocator, dt arrow.DataType) arrow.Array {
	b := array.NewBuilder(mem, dt)
	defer b.Release()
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(Top)
	case *array.LargeStringBuilder:
		b.Append(Top)
	case *array.BinaryDictionaryBuilder:
		if b.AppendString(Top) != nil {
			return nil
		}
		return starDictionary(mem, dt.(*arrow.DictionaryType))
	default:
		b.AppendNull()
	}
	return b.NewArray()
}

// starDictionary is one row of a dictionary of text, of "*", or of null where
// the dictionary is of bytes.
func starDictionary(mem memory.Allocator, dt *arrow.DictionaryType) arrow.Array {
	values := nullOf(mem, dt.ValueType)
	defer values.Release()
	b := array.NewBuilder(mem, dt.IndexType)
	defer b.Release()
	if b.AppendValueFromString("0") != nil {
		return nil
	}
	index := b.NewArray()
	defer index.Release()
	return array.NewDictionaryArray(dt, index, values)
}

// canonicalFloats makes equal what is counted as equal, the zeros and the NaNs
// of a column of floats, so that their bits tell no row of a class from
// another. It takes over the array, and passes an error on.
func canonicalFloats(mem memory.Allocator, a arrow.Array, err error) (arrow.Array, error) {
	if err != nil {
		return nil, err
	}
	if d, ok := a.(*array.Dictionary); ok {
		if !isFloat(d.DataType().(*arrow.DictionaryType).ValueType) {
			return a, nil
		}
		defer a.Release()
		return take.Recode(mem, d, func(mem memory.Allocator, v arrow.Array) (arrow.Array, error) {
			v.Retain()
			return canonicalFloats(mem, v, nil)
		})
	}
	if !isFloat(a.DataType()) {
		return a, nil
	}
	defer a.Release()
	width := a.DataType().(arrow.FixedWidthDataType).Bytes()
	buf := memory.NewResizableBuffer(mem)
	defer buf.Release()
	buf.Resize(a.Len() * width)
	clear(buf.Bytes())
	switch a := a.(type) {
	case *array.Float16:
		out := arrow.Float16Traits.CastFromBytes(buf.Bytes())
		for i, v := range a.Values() {
			if a.IsValid(i) {
				out[i] = float16.New(float32(canonicalFloat(float64(v.Float32()))))
			}
		}
	case *array.Float32:
		out := arrow.Float32Traits.CastFromBytes(buf.Bytes())
		for i, v := range a.Float32Values() {
			if a.IsValid(i) {
				out[i] = float32(canonicalFloat(float64(v)))
			}
		}
	case *array.Float64:
		out := arrow.Float64Traits.CastFromBytes(buf.Bytes())
		for i, v := range a.Float64Values() {
			if a.IsValid(i) {
				out[i] = canonicalFloat(v)
			}
		}
	}
	valid := validity(mem, a)
	if valid != nil {
		defer valid.Release()
	}
	data := array.NewData(a.DataType(), a.Len(), []*memory.Buffer{valid, buf}, nil, array.UnknownNullCount, 0)
	defer data.Release()
	return array.MakeFromData(data), nil
}

func canonicalFloat(v float64) float64 {
	switch {
	case v != v:
		return math.NaN()
	case v == 0:
		return 0 // without its sign
	}
	return v
}

func isFloat(dt arrow.DataType) bool {
	switch dt.ID() {
	case arrow.FLOAT16, arrow.FLOAT32, arrow.FLOAT64:
		return true
	}
	return false
}

// validity copies the bitmap of an array to offset 0; nil where there is none.
func validity(mem memory.Allocator, a arrow.Array) *memory.Buffer {
	if len(a.NullBitmapBytes()) == 0 {
		return nil
	}
	buf := memory.NewResizableBuffer(mem)
	buf.Resize(int(bitutil.BytesForBits(int64(a.Len()))))
	clear(buf.Bytes())
	bitutil.CopyBitmap(a.NullBitmapBytes(), a.Data().Offset(), a.Len(), buf.Bytes(), 0)
	return buf
}
