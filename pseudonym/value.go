package pseudonym

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
)

var (
	errDamaged   = errors.New("the buffers of the array are damaged")
	errTimeOfDay = errors.New("a date64 value has a time of day; cast the column to date32")
)

// values are the rows of a plain array in the canonical encoding that the
// package comment describes. The encoding is injective within a type.
type values struct {
	n int
	validity
	// at returns the encoding of a row that is not null: a part of the array,
	// or text filled from its beginning. It is valid until the next call.
	at func(row int, text []byte) ([]byte, error)
	// Of utf8 and binary also the parts themselves, which spare the hot loop a
	// call for each row and a copy; nil else.
	offsets []int32
	data    []byte
}

// validity tells which rows of an array are null. It reads the bitmap itself
// because NullN of an array writes its result into it, which is a race when
// two goroutines read one array.
type validity struct {
	bitmap []byte // nil: none is null
	offset int
	all    bool // all rows are null
}

func (v validity) null(row int) bool {
	return v.all || v.bitmap != nil && bitutil.BitIsNotSet(v.bitmap, v.offset+row)
}

func (v validity) any() bool { return v.all || v.bitmap != nil }

// count returns how many of n rows are null.
func (v validity) count(n int) int {
	switch {
	case v.all:
		return n
	case v.bitmap == nil:
		return 0
	}
	return n - bitutil.CountSetBits(v.bitmap, v.offset, n)
}

func validityOf(a arrow.Array) (validity, error) {
	if a.DataType().ID() == arrow.NULL {
		return validity{all: true}, nil
	}
	bitmap, offset := a.NullBitmapBytes(), a.Data().Offset()
	switch {
	case len(bitmap) == 0:
		return validity{}, nil
	case len(bitmap) < int(bitutil.BytesForBits(int64(offset+a.Len()))):
		return validity{}, errDamaged
	}
	v := validity{bitmap: bitmap, offset: offset}
	if v.count(a.Len()) == 0 { // builders write a bitmap always
		return validity{}, nil
	}
	return v, nil
}

// checkType returns why columns of a type cannot be pseudonymized, or nil.
func checkType(t arrow.DataType) error {
	if d, ok := t.(*arrow.DictionaryType); ok {
		if d.ValueType.ID() == arrow.DICTIONARY {
			return fmt.Errorf("%s is not supported; decode its inner dictionary", d)
		}
		t = d.ValueType
	}
	switch t.ID() {
	case arrow.STRING, arrow.LARGE_STRING,
		arrow.BINARY, arrow.LARGE_BINARY, arrow.FIXED_SIZE_BINARY,
		arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64,
		arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64,
		arrow.DATE32, arrow.DATE64, arrow.NULL:
		return nil
	case arrow.FLOAT16, arrow.FLOAT32, arrow.FLOAT64:
		return fmt.Errorf("%s is no identifier: equal numbers differ in their bits; "+
			"cast it to an integer or a string", t)
	case arrow.BOOL:
		return errors.New("bool has two values: whoever sees the tokens knows them; " +
			"drop the column or give it another role")
	}
	return fmt.Errorf("%s is not supported; cast it to a string, an integer or a date", t)
}

// valuesOf returns the rows of a plain array of a type that checkType accepts.
func valuesOf(a arrow.Array) (values, error) {
	valid, err := validityOf(a)
	v := values{n: a.Len(), validity: valid}
	if err != nil || v.n == 0 || v.all {
		return v, err // without rows, buffers may be missing
	}
	switch a := a.(type) {
	case *array.String:
		v.offsets, v.data = a.ValueOffsets(), bytesOf(a)
		v.at = cut(v.offsets, v.data)
	case *array.LargeString:
		v.at = cut(a.ValueOffsets(), bytesOf(a))
	case *array.Binary:
		v.offsets, v.data = a.ValueOffsets(), bytesOf(a)
		v.at = cut(v.offsets, v.data)
	case *array.LargeBinary:
		v.at = cut(a.ValueOffsets(), bytesOf(a))
	case *array.FixedSizeBinary:
		v.at = fixed(a)
	case *array.Int8:
		v.at = signed(a.Int8Values())
	case *array.Int16:
		v.at = signed(a.Int16Values())
	case *array.Int32:
		v.at = signed(a.Int32Values())
	case *array.Int64:
		v.at = signed(a.Int64Values())
	case *array.Uint8:
		v.at = unsigned(a.Uint8Values())
	case *array.Uint16:
		v.at = unsigned(a.Uint16Values())
	case *array.Uint32:
		v.at = unsigned(a.Uint32Values())
	case *array.Uint64:
		v.at = unsigned(a.Uint64Values())
	case *array.Date32:
		days := a.Date32Values()
		v.at = func(row int, text []byte) ([]byte, error) {
			if row >= len(days) {
				return nil, errDamaged
			}
			return appendDate(text[:0], int64(days[row])), nil
		}
	case *array.Date64:
		millis := a.Date64Values()
		v.at = func(row int, text []byte) ([]byte, error) {
			const day = 24 * 60 * 60 * 1000
			if row >= len(millis) {
				return nil, errDamaged
			}
			if millis[row]%day != 0 {
				return nil, errTimeOfDay
			}
			return appendDate(text[:0], int64(millis[row]/day)), nil
		}
	default:
		return v, fmt.Errorf("%s is not supported", a.DataType())
	}
	return v, nil
}

// bytesOf returns the values of a string or binary array, which its offsets
// point into.
func bytesOf(a arrow.Array) []byte {
	if b := a.Data().Buffers()[2]; b != nil {
		return b.Bytes()
	}
	return nil
}

// cut cuts data at offsets, which come from files and are not trusted.
func cut[T int32 | int64](offsets []T, data []byte) func(int, []byte) ([]byte, error) {
	return func(row int, _ []byte) ([]byte, error) {
		from, to := offsets[row], offsets[row+1]
		if from < 0 || from > to || int64(to) > int64(len(data)) {
			return nil, errDamaged
		}
		return data[from:to], nil
	}
}

func fixed(a *array.FixedSizeBinary) func(int, []byte) ([]byte, error) {
	width := a.DataType().(*arrow.FixedSizeBinaryType).ByteWidth
	var data []byte
	if b := a.Data().Buffers()[1]; b != nil {
		data = b.Bytes()
	}
	first := a.Data().Offset()
	return func(row int, _ []byte) ([]byte, error) {
		from := (first + row) * width
		if from+width > len(data) {
			return nil, errDamaged
		}
		return data[from : from+width], nil
	}
}

func signed[T ~int8 | ~int16 | ~int32 | ~int64](v []T) func(int, []byte) ([]byte, error) {
	return func(row int, text []byte) ([]byte, error) {
		if row >= len(v) {
			return nil, errDamaged
		}
		return strconv.AppendInt(text[:0], int64(v[row]), 10), nil
	}
}

func unsigned[T ~uint8 | ~uint16 | ~uint32 | ~uint64](v []T) func(int, []byte) ([]byte, error) {
	return func(row int, text []byte) ([]byte, error) {
		if row >= len(v) {
			return nil, errDamaged
		}
		return strconv.AppendUint(text[:0], uint64(v[row]), 10), nil
	}
}

// appendDate appends the ISO 8601 text of a day counted from 1970-01-01:
// YYYY-MM-DD, or with a sign and at least four digits of the year outside
// 0000 to 9999.
func appendDate(text []byte, days int64) []byte {
	year, month, day := time.Unix(days*24*60*60, 0).UTC().Date()
	switch {
	case year < 0:
		text, year = append(text, '-'), -year
	case year > 9999:
		text = append(text, '+')
	}
	for limit := 1000; year < limit && limit > 1; limit /= 10 {
		text = append(text, '0')
	}
	text = strconv.AppendInt(text, int64(year), 10)
	return append(text, '-', '0'+byte(month/10), '0'+byte(month%10),
		'-', '0'+byte(day/10), '0'+byte(day%10))
}
