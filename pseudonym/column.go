package pseudonym

import (
	"context"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// cancelEvery is how many tokens are made between two looks at the context:
// about ten milliseconds.
const cancelEvery = 1 << 16

// column is a compiled Column.
type column struct {
	name string
	macs macs
	enc  encoding
}

// outType is the type of the column's tokens for an input type.
func (c *column) outType(in arrow.DataType) arrow.DataType {
	if in.ID() == arrow.DICTIONARY {
		return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: c.enc.typ}
	}
	return c.enc.typ
}

// transform returns a new array of tokens for a.
func (c *column) transform(
	ctx context.Context, mem memory.Allocator, a arrow.Array,
) (arrow.Array, error) {
	if d, ok := a.(*array.Dictionary); ok {
		return c.dictionary(ctx, mem, d)
	}
	v, err := valuesOf(a)
	if err != nil {
		return nil, err
	}
	return c.plain(ctx, mem, v)
}

func (c *column) plain(
	ctx context.Context, mem memory.Allocator, v values,
) (arrow.Array, error) {
	out, err := newTokens(mem, c.enc, v.n, v.validity)
	if err != nil {
		return nil, err
	}
	defer out.release()
	m := c.macs.get()
	defer c.macs.put(m)
	for row := range v.n {
		if row%cancelEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if v.null(row) {
			out.skip(row)
			continue
		}
		text, err := v.at(row, m.text[:])
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", row, err)
		}
		out.set(row, (*token)(m.digest(text)[:tokenBytes]))
	}
	return out.array(), nil
}

// tokens are the buffers of an array of tokens while it is filled, row by row
// and each row once.
type tokens struct {
	enc     encoding
	n       int
	nulls   int
	buffers []*memory.Buffer // validity or nil; offsets unless fixed; tokens
	offsets []int32          // nil for a fixed width
	text    []byte
	end     int
}

// newTokens makes room for n rows of which v tells the nulls.
func newTokens(mem memory.Allocator, enc encoding, n int, v validity) (*tokens, error) {
	t := &tokens{enc: enc, n: n, nulls: v.count(n)}
	t.buffers = append(t.buffers, v.copy(mem, n))
	size := n * enc.width
	if enc.typ.ID() == arrow.STRING {
		if size = (n - t.nulls) * enc.width; size > math.MaxInt32 {
			t.release()
			return nil, fmt.Errorf("a batch of %d rows holds more text than 32-bit offsets reach; "+
				"split it", n)
		}
		b := newBuffer(mem, arrow.Int32Traits.BytesRequired(n+1))
		t.buffers = append(t.buffers, b)
		t.offsets = arrow.Int32Traits.CastFromBytes(b.Bytes())
		t.offsets[0] = 0
	}
	b := newBuffer(mem, size)
	t.buffers = append(t.buffers, b)
	t.text = b.Bytes()
	return t, nil
}

func (t *tokens) set(row int, tok *token) {
	t.enc.put(t.text[t.end:t.end+t.enc.width], tok)
	t.end += t.enc.width
	if t.offsets != nil {
		t.offsets[row+1] = int32(t.end)
	}
}

// skip passes a null row.
func (t *tokens) skip(row int) {
	if t.offsets != nil {
		t.offsets[row+1] = int32(t.end)
		return
	}
	clear(t.text[t.end : t.end+t.enc.width])
	t.end += t.enc.width
}

func (t *tokens) array() arrow.Array {
	return makeArray(t.enc.typ, t.n, t.buffers, t.nulls)
}

func (t *tokens) release() { releaseAll(t.buffers) }

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
