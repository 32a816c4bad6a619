package tableio

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func (r *leafReader) readDictionary(n int, v *validity) (arrow.Array, error) {
	codes := make([]int32, n)
	for v.rows < n {
		at := v.rows
		rows, values, err := r.next(n-at, v)
		if err != nil {
			return nil, err
		}
		if values == 0 {
			continue
		}
		dst := codes[at : at+rows]
		if err := r.chunk.Indexes(dst[:values]); err != nil {
			return nil, err
		}
		if values < rows {
			spread(dst, r.chunk.Valid(), values)
		}
	}
	dict, err := r.dictionary()
	if err != nil {
		return nil, err
	}
	dt := dictionaryOf(r.leaf.dt)
	d := array.NewDataWithDictionary(dt, n,
		[]*memory.Buffer{v.buffer(), memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(codes))},
		v.nulls, 0, dict.Data().(*array.Data))
	defer d.Release()
	return array.NewDictionaryData(d), nil
}

func dictionaryOf(values arrow.DataType) *arrow.DictionaryType {
	return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: values}
}

// spread moves the values at the front of codes to the rows that are not null,
// from the back so that none is overwritten, and clears the others.
func spread(codes []int32, valid []byte, values int) {
	for i := len(codes) - 1; i >= 0; i-- {
		if valid[i] == 0 {
			codes[i] = 0
			continue
		}
		values--
		codes[i] = codes[values]
	}
}

// dictionary makes the dictionary of the row group once its page was read.
func (r *leafReader) dictionary() (arrow.Array, error) {
	if r.cache != nil {
		return r.cache, nil
	}
	stored := r.chunk.DictionaryFixed()
	strings := r.chunk.DictionaryBytes()
	var err error
	switch {
	case r.leaf.stored == 0 && r.leaf.bytes == nil:
		ends := strings.Offsets
		if len(ends) == 0 {
			ends = []int64{0}
		}
		r.cache, err = stringArray(r.leaf.dt, &validity{rows: len(ends) - 1}, ends, strings.Data)
	case r.leaf.bytes != nil:
		r.cache, err = r.fixedDictionary(strings.Len(), func(dst []byte) error {
			return r.eachString(dst, strings)
		})
	default:
		r.cache, err = r.fixedDictionary(len(stored)/r.leaf.stored, func(dst []byte) error {
			if r.leaf.conv == nil {
				copy(dst, stored)
				return nil
			}
			return r.leaf.conv(dst, stored)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("its dictionary: %w", err)
	}
	return r.cache, nil
}

func (r *leafReader) fixedDictionary(n int, fill func([]byte) error) (arrow.Array, error) {
	dst := make([]byte, n*r.leaf.dt.(arrow.FixedWidthDataType).Bytes())
	if err := fill(dst); err != nil {
		return nil, err
	}
	return newArray(r.leaf.dt, &validity{rows: n}, memory.NewBufferBytes(dst)), nil
}
