package take

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// indexArray makes the indices renumber[codes[i]] of the integer type, null
// for none. The type holds them: they are fewer than those it held before.
func indexArray(
	mem memory.Allocator, typ arrow.DataType, codes, renumber []int32,
) arrow.Array {
	width := typ.(arrow.FixedWidthDataType).Bytes()
	values := zeroed(mem, len(codes)*width)
	defer values.Release()
	valid := zeroed(mem, int(bitutil.BytesForBits(int64(len(codes)))))
	defer valid.Release()
	var nulls int
	switch width {
	case 1:
		nulls = renumbered(values.Bytes(), valid.Bytes(), codes, renumber)
	case 2:
		nulls = renumbered(arrow.GetData[uint16](values.Bytes()), valid.Bytes(), codes, renumber)
	case 4:
		nulls = renumbered(arrow.GetData[uint32](values.Bytes()), valid.Bytes(), codes, renumber)
	default:
		nulls = renumbered(arrow.GetData[uint64](values.Bytes()), valid.Bytes(), codes, renumber)
	}
	bitmap := valid
	if nulls == 0 {
		bitmap = nil
	}
	data := array.NewData(typ, len(codes), []*memory.Buffer{bitmap, values}, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// renumbered writes the indices and their validity and counts the nulls.
func renumbered[T uint8 | uint16 | uint32 | uint64](
	to []T, valid []byte, codes, renumber []int32,
) (nulls int) {
	for i, c := range codes {
		if c != none {
			c = renumber[c]
		}
		if c == none {
			nulls++
			continue
		}
		to[i] = T(c)
		bitutil.SetBit(valid, i)
	}
	return nulls
}
