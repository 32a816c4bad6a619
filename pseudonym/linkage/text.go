package linkage

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

var errDamaged = errors.New("the buffers of the array are damaged")

// reader returns the text of a row, nil where it is null. It is valid until the
// next call.
type reader func(row int) ([]byte, error)

// textsOf returns a reader of an array, or an error that says which types there
// are readers for.
func textsOf(a arrow.Array) (reader, error) {
	switch a := a.(type) {
	case *array.String:
		return cut(a, a.ValueOffsets()), nil
	case *array.LargeString:
		return cut(a, a.ValueOffsets()), nil
	case *array.Int8, *array.Int16, *array.Int32, *array.Int64,
		*array.Uint8, *array.Uint16, *array.Uint32, *array.Uint64, *array.Date32:
		return func(row int) ([]byte, error) {
			if a.IsNull(row) {
				return nil, nil
			}
			return []byte(a.ValueStr(row)), nil
		}, nil
	case *array.Null:
		return func(int) ([]byte, error) { return nil, nil }, nil
	case *array.Dictionary:
		switch a.Dictionary().(type) {
		case *array.String, *array.LargeString:
			return ofDictionary(a)
		}
	}
	return nil, fmt.Errorf("%s cannot be encoded; cast it to text, a whole number or date32",
		a.DataType())
}

// cut cuts the values of an array of text at its offsets, which come from files
// and are not trusted.
func cut[T int32 | int64](a arrow.Array, offsets []T) reader {
	var data []byte
	if b := a.Data().Buffers()[2]; b != nil {
		data = b.Bytes()
	}
	return func(row int) ([]byte, error) {
		if a.IsNull(row) {
			return nil, nil
		}
		if row+1 >= len(offsets) {
			return nil, errDamaged
		}
		from, to := offsets[row], offsets[row+1]
		if from < 0 || from > to || int64(to) > int64(len(data)) {
			return nil, errDamaged
		}
		return data[from:to], nil
	}
}

func ofDictionary(d *array.Dictionary) (reader, error) {
	entries, err := textsOf(d.Dictionary())
	if err != nil {
		return nil, err
	}
	n := d.Dictionary().Len()
	return func(row int) ([]byte, error) {
		if d.IsNull(row) {
			return nil, nil
		}
		i := d.GetValueIndex(row)
		if i < 0 || i >= n {
			return nil, errDamaged
		}
		return entries(i)
	}, nil
}
