package pseudonym

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

var errIndex = errors.New("a dictionary index is out of range")

// dictionary returns a dictionary of the tokens that occur in the rows of d,
// each once, in the order of their first row. Entries that no row uses are
// left out: they may belong to people who are no longer in the table. The
// order of the input's entries is not kept either: a dictionary is often
// sorted, and the rank of a token would tell about its value.
func (k *textKernel) dictionary(
	ctx context.Context, mem memory.Allocator, d *array.Dictionary,
) (arrow.Array, error) {
	entries, v, err := dictionaryValues(d)
	if err != nil {
		return nil, err
	}
	defer entries.release()
	rows, err := validityOf(d)
	if err != nil {
		return nil, err
	}
	n := d.Len()
	buffers := []*memory.Buffer{nil, newBuffer(mem, arrow.Int32Traits.BytesRequired(n))}
	defer func() { releaseAll(buffers) }()
	codes := arrow.Int32Traits.CastFromBytes(buffers[1].Bytes())
	entry := newNumbering(v)
	if err := entry.number(codes, d, rows); err != nil {
		return nil, err
	}
	nulls := 0
	if rows.any() || v.any() {
		buffers[0] = newBuffer(mem, int(bitutil.BytesForBits(int64(n))))
		nulls = markNulls(buffers[0].Bytes(), codes)
	}
	dict, err := k.encode(ctx, mem, codes, v, entry)
	if err != nil {
		return nil, err
	}
	defer dict.Release()
	index := makeArray(arrow.PrimitiveTypes.Int32, n, buffers, nulls)
	defer index.Release()
	return array.NewDictionaryArray(k.dictType(), index, dict), nil
}

// encode returns the outputs of the entries that are used, each once. Of
// entries whose outputs are equal, codes get the code of the first.
func (k *textKernel) encode(ctx context.Context, mem memory.Allocator, codes []int32, v values,
	entry *numbering) (arrow.Array, error) {
	all, err := k.entries(ctx, mem, v, entry.used, entry.first)
	if err != nil {
		return nil, err
	}
	defer all.release()
	// Entries may be equal, or become equal.
	seen := newOutputSet(all)
	again := false
	code := make([]int32, len(entry.used))
	for i := range code {
		code[i] = seen.add(i)
		again = again || int(code[i]) != i
	}
	if !again {
		return all.array()
	}
	for row, c := range codes {
		codes[row] = code[c]
	}
	out, err := newOutputs(mem, k.typ, len(seen.list), validity{})
	if err != nil {
		return nil, err
	}
	defer out.release()
	for i, c := range seen.list {
		text := all.value(int(c))
		copy(out.room(i, len(text)), text)
	}
	return out.array()
}

// entries returns the outputs of the given entries of v, each of which occurs
// first in the row of that number.
func (k *textKernel) entries(
	ctx context.Context, mem memory.Allocator, v values, used, first []int32,
) (*outputs, error) {
	out, err := newOutputs(mem, k.typ, len(used), validity{})
	if err != nil {
		return nil, err
	}
	s := k.get()
	defer k.put(s)
	for i, entry := range used {
		at := i
		if i%cancelEvery == 0 {
			err = ctx.Err()
		}
		if err == nil {
			err = s.add(v, int(entry), i)
		}
		if err == nil && (s.n == chunkRows || i == len(used)-1) {
			at, err = s.flush(out)
		}
		if err != nil {
			out.release()
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, fmt.Errorf("row %d: %w", first[at], err)
		}
	}
	return out, nil
}

// held is an array made from the data of another one.
type held struct{ arrow.Array }

func (h held) release() { h.Array.Release() }

// dictionaryValues returns the entries of a dictionary. It makes an array of
// its own: Dictionary of d caches one, which is a race when two goroutines
// read d.
func dictionaryValues(d *array.Dictionary) (held, values, error) {
	data := d.Data().Dictionary()
	if data == nil || data.Len() == 0 {
		return held{array.NewNull(0)}, values{}, nil
	}
	if data.Len() > math.MaxInt32-1 {
		return held{}, values{}, fmt.Errorf("a dictionary of %d entries is too long", data.Len())
	}
	a := array.MakeFromData(data)
	v, err := valuesOf(a)
	if err != nil {
		a.Release()
		return held{}, values{}, err
	}
	return held{a}, v, nil
}

// indices fills out with the index of each row of d, or -1 where the row is
// null: the value of its index then means nothing. An index that is not below
// size is an error.
func indices(out []int32, d *array.Dictionary, rows validity, size int) error {
	if len(out) == 0 {
		return nil
	}
	switch x := d.Indices().(type) {
	case *array.Int8:
		return widen(out, x.Int8Values(), rows, size)
	case *array.Int16:
		return widen(out, x.Int16Values(), rows, size)
	case *array.Int32:
		return widen(out, x.Int32Values(), rows, size)
	case *array.Int64:
		return widen(out, x.Int64Values(), rows, size)
	case *array.Uint8:
		return widen(out, x.Uint8Values(), rows, size)
	case *array.Uint16:
		return widen(out, x.Uint16Values(), rows, size)
	case *array.Uint32:
		return widen(out, x.Uint32Values(), rows, size)
	case *array.Uint64:
		return widen(out, x.Uint64Values(), rows, size)
	}
	return fmt.Errorf("dictionary indices of type %s are not supported", d.Indices().DataType())
}

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

func widen[T integer](out []int32, in []T, rows validity, size int) error {
	if len(in) != len(out) {
		return errDamaged
	}
	if !rows.any() {
		bad := false
		for row, x := range in {
			// A negative index becomes a huge one.
			bad = bad || uint64(x) >= uint64(size)
			out[row] = int32(x)
		}
		if bad {
			return errIndex
		}
		return nil
	}
	for row, x := range in {
		switch {
		case rows.null(row):
			out[row] = -1
		case uint64(x) >= uint64(size):
			return errIndex
		default:
			out[row] = int32(x)
		}
	}
	return nil
}

// outputSet numbers distinct outputs in the order in which they are added.
type outputSet struct {
	of    *outputs
	seed  maphash.Seed
	list  []int32 // the row of each number
	slots []int32 // open addressing, a power of two; number plus one
}

func newOutputSet(of *outputs) *outputSet {
	size := 64
	for size < 2*of.n {
		size *= 2
	}
	return &outputSet{of: of, seed: maphash.MakeSeed(), slots: make([]int32, size)}
}

// add returns the number of the output in a row.
func (s *outputSet) add(row int) int32 {
	text := s.of.value(row)
	mask := uint64(len(s.slots) - 1)
	for slot := maphash.Bytes(s.seed, text) & mask; ; slot = (slot + 1) & mask {
		switch i := s.slots[slot]; {
		case i == 0:
			s.list = append(s.list, int32(row))
			s.slots[slot] = int32(len(s.list))
			return s.slots[slot] - 1
		case bytes.Equal(s.of.value(int(s.list[i-1])), text):
			return i - 1
		}
	}
}
