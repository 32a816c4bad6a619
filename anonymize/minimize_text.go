package anonymize

import (
	"errors"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// mapText makes a column of text with the nulls of a. write appends the text
// of row i, which is not null, to dst.
func mapText[O int32 | int64](
	mem memory.Allocator, a arrow.Array, out arrow.DataType, write func(dst []byte, i int) []byte,
) (arrow.Array, error) {
	n := a.Len()
	offsets := newZeroed(mem, (n+1)*int(offsetSize(O(0))))
	defer offsets.Release()
	ends := arrow.GetData[O](offsets.Bytes())
	var text []byte
	nulls := hasNulls(a)
	for i := range n {
		if !nulls || a.IsValid(i) {
			text = write(text, i)
		}
		if offsetSize(O(0)) == 4 && len(text) > math.MaxInt32 {
			return nil, errors.New("the text of one batch would pass 2 GiB; want smaller batches")
		}
		ends[i+1] = O(len(text))
	}
	data := newZeroed(mem, len(text))
	defer data.Release()
	copy(data.Bytes(), text)
	return finish(mem, a, out, offsets, data), nil
}

// textsOf returns the bytes of a row that is not null, after it has seen that
// the offsets, which come from a file, lie in the memory there is.
func textsOf[O int32 | int64](a arrow.Array) (func(i int) []byte, error) {
	if a.Len() == 0 {
		return func(int) []byte { return nil }, nil
	}
	var text []byte
	if b := a.Data().Buffers()[2]; b != nil {
		text = b.Bytes()
	}
	ends := arrow.GetOffsets[O](a.Data(), 1)
	for i := range a.Len() {
		if ends[i] < 0 || ends[i] > ends[i+1] || int64(ends[i+1]) > int64(len(text)) {
			return nil, errors.New("the offsets of the text are not in order")
		}
	}
	return func(i int) []byte { return text[ends[i]:ends[i+1]] }, nil
}

func offsetSize[O int32 | int64](o O) uintptr {
	if _, short := any(o).(int32); short {
		return 4
	}
	return 8
}
