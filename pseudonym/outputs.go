package pseudonym

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// outputs are the buffers of an array while it is filled, in ascending order
// of rows. Rows that are passed over stay empty: they are null.
type outputs struct {
	typ     arrow.DataType
	n       int
	nulls   int
	buffers []*memory.Buffer // validity or nil; offsets unless fixed; content
	width   int              // of a fixed width; 0 else
	offsets []int32          // nil for a fixed width
	content []byte
	next    int // the first row whose end is not yet known
	end     int
	large   bool // too long for the offsets; what is written is lost
}

// newOutputs makes room for n rows of which v tells the nulls. The type is
// utf8, binary, or one of fixed width.
func newOutputs(mem memory.Allocator, typ arrow.DataType, n int, v validity) (*outputs, error) {
	o := &outputs{typ: typ, n: n, nulls: v.count(n)}
	o.buffers = append(o.buffers, v.copy(mem, n))
	if fixed, ok := typ.(arrow.FixedWidthDataType); ok {
		o.width = fixed.BitWidth() / 8
		b := newBuffer(mem, n*o.width)
		o.buffers = append(o.buffers, b)
		o.content = b.Bytes()
		if o.nulls > 0 {
			clear(o.content)
		}
		return o, nil
	}
	b := newBuffer(mem, arrow.Int32Traits.BytesRequired(n+1))
	o.buffers = append(o.buffers, b, newBuffer(mem, 0))
	o.offsets = arrow.Int32Traits.CastFromBytes(b.Bytes())
	o.offsets[0] = 0
	return o, nil
}

// room returns where the output of a row, size bytes long, is to be written.
// Its content is undefined.
func (o *outputs) room(row, size int) []byte {
	if o.offsets == nil {
		return o.content[row*o.width:][:size]
	}
	for ; o.next <= row; o.next++ { // the rows passed over
		o.offsets[o.next] = int32(o.end)
	}
	if o.end+size > len(o.content) {
		o.grow(size, size)
	}
	from := o.end
	o.end += size
	return o.content[from:o.end:o.end]
}

// rooms returns where the outputs of rows, each size bytes long, are to be
// written one after the other, or nil if they are to be written one by one.
func (o *outputs) rooms(rows []int, size int) []byte {
	n := len(rows)
	if n == 0 {
		return nil
	}
	together := rows[n-1]-rows[0] == n-1 // no row between them is left out
	if o.offsets == nil {
		if !together || size != o.width {
			return nil
		}
		return o.content[rows[0]*size:][:n*size]
	}
	if o.end+n*size > len(o.content) {
		o.grow(n*size, size)
	}
	from := o.end
	if together && o.next == rows[0] {
		for i := range o.offsets[o.next:][:n] {
			o.offsets[o.next+i] = int32(from + i*size)
		}
		o.next += n
		o.end += n * size
	} else {
		for _, row := range rows {
			o.room(row, size)
		}
	}
	return o.content[from:][:n*size]
}

// tokens writes the token of each row.
func (o *outputs) tokens(enc encoding, rows []int, tokens []token) {
	if text := o.rooms(rows, enc.width); text != nil {
		enc.all(text, tokens)
		return
	}
	for i, row := range rows {
		enc.put(o.room(row, enc.width), &tokens[i])
	}
}

// grow makes room for size more bytes: at first for all rows, if each needs as
// many bytes as this one, later by half.
func (o *outputs) grow(size, each int) {
	if o.end+size > math.MaxInt32 {
		o.large, o.end = true, 0
		if len(o.content) < size {
			o.content = make([]byte, size)
		}
		return
	}
	b := o.buffers[2]
	want := max((o.n-o.nulls)*each, o.end+size+o.end/2)
	b.Resize(max(min(want, math.MaxInt32), o.end+size))
	o.content = b.Bytes()
}

// array returns the array. The outputs are still to be released.
func (o *outputs) array() (arrow.Array, error) {
	if o.large {
		return nil, fmt.Errorf("a batch of %d rows holds more text than 32-bit offsets reach; "+
			"split it", o.n)
	}
	if o.offsets != nil {
		for ; o.next <= o.n; o.next++ {
			o.offsets[o.next] = int32(o.end)
		}
		o.buffers[2].ResizeNoShrink(o.end)
	}
	return makeArray(o.typ, o.n, o.buffers, o.nulls), nil
}

func (o *outputs) release() { releaseAll(o.buffers) }

// value returns the output of a row of which all rows up to the next are
// written.
func (o *outputs) value(row int) []byte {
	if o.offsets == nil {
		return o.content[row*o.width:][:o.width]
	}
	end := o.end
	if row+1 < o.next {
		end = int(o.offsets[row+1])
	}
	return o.content[o.offsets[row]:end]
}

// copy returns the bitmap of n rows, or nil if none is null.
func (v validity) copy(mem memory.Allocator, n int) *memory.Buffer {
	if !v.any() {
		return nil
	}
	b := newBuffer(mem, int(bitutil.BytesForBits(int64(n))))
	clear(b.Bytes())
	if !v.all {
		bitutil.CopyBitmap(v.bitmap, v.offset, n, b.Bytes(), 0)
	}
	return b
}

func newBuffer(mem memory.Allocator, size int) *memory.Buffer {
	b := memory.NewResizableBuffer(mem)
	b.Resize(size)
	return b
}

func makeArray(
	typ arrow.DataType, n int, buffers []*memory.Buffer, nulls int,
) arrow.Array {
	data := array.NewData(typ, n, buffers, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

func releaseAll(buffers []*memory.Buffer) {
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
}
