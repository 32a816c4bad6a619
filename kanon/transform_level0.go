package kanon

import (
	"fmt"
	"math"
	"strconv"

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
	both, err := withStar(mem, kept)
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

// withStar is an array with one row more: "*" for text, null for other types.
func withStar(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
	d, ok := a.(*array.Dictionary)
	if !ok {
		return withOne(mem, a, starOf(a.DataType()))
	}
	dt := d.DataType().(*arrow.DictionaryType)
	values, star := d.Dictionary(), starOf(dt.ValueType)
	values.Retain()
	index := ""
	if star != "" {
		index = strconv.Itoa(values.Len())
		more, err := withOne(mem, values, star)
		values.Release()
		if err != nil {
			return nil, err
		}
		values = more
	}
	defer values.Release()
	indices, err := withOne(mem, d.Indices(), index)
	if err != nil {
		return nil, fmt.Errorf("the dictionary has no room for %q: %w", Top, err)
	}
	defer indices.Release()
	return array.NewDictionaryArray(dt, indices, values), nil
}

// starOf is the star of a type that has one, else empty.
func starOf(dt arrow.DataType) string {
	if dt.ID() == arrow.STRING || dt.ID() == arrow.LARGE_STRING {
		return Top
	}
	return ""
}

// withOne appends a value given as text, or null where that is empty.
func withOne(mem memory.Allocator, a arrow.Array, value string) (arrow.Array, error) {
	b := array.NewBuilder(mem, a.DataType())
	defer b.Release()
	if value == "" {
		b.AppendNull()
	} else if err := b.AppendValueFromString(value); err != nil {
		return nil, err
	}
	one := b.NewArray()
	defer one.Release()
	return array.Concatenate([]arrow.Array{a, one}, mem)
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
	valid, nulls := validity(mem, a), 0
	if valid != nil {
		defer valid.Release()
		nulls = array.UnknownNullCount
	}
	data := array.NewData(a.DataType(), a.Len(), []*memory.Buffer{valid, buf}, nil, nulls, 0)
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
