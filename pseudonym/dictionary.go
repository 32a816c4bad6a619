package pseudonym

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
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
func (c *column) dictionary(
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
	if err := indices(codes, d, rows, v.n); err != nil {
		return nil, err
	}
	nulls := rows.count(n)
	if v.any() {
		buffers[0] = newBuffer(mem, int(bitutil.BytesForBits(int64(n))))
		nulls = nullEntries(buffers[0].Bytes(), codes, v)
	} else {
		buffers[0] = rows.copy(mem, n)
	}
	seen, err := c.encode(ctx, codes, v)
	if err != nil {
		return nil, err
	}
	out, err := newTokens(mem, c.enc, len(seen.list), validity{})
	if err != nil {
		return nil, err
	}
	defer out.release()
	for i := range seen.list {
		out.set(i, &seen.list[i])
	}
	dict := out.array()
	defer dict.Release()
	index := makeArray(arrow.PrimitiveTypes.Int32, n, buffers, nulls)
	defer index.Release()
	return array.NewDictionaryArray(c.outType(d.DataType()), index, dict), nil
}

// encode replaces each index by the code of its token. Nulls become 0.
func (c *column) encode(ctx context.Context, codes []int32, v values) (*tokenSet, error) {
	seen := &tokenSet{}
	m := c.macs.get()
	defer c.macs.put(m)
	made := 0
	code := make([]int32, v.n) // 0: not met yet, else the code plus one
	for row, entry := range codes {
		if entry < 0 {
			codes[row] = 0
			continue
		}
		if code[entry] == 0 {
			if made++; made%cancelEvery == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			text, err := v.at(int(entry), m.text[:])
			if err != nil {
				return nil, fmt.Errorf("row %d: %w", row, err)
			}
			code[entry] = seen.add((*token)(m.digest(text)[:tokenBytes])) + 1
		}
		codes[row] = code[entry] - 1
	}
	return seen, nil
}

// nullEntries fills the bitmap of a dictionary of which some entries are null,
// gives the rows of such entries the index -1 that null rows have already, and
// returns the number of both.
func nullEntries(bits []byte, codes []int32, v values) int {
	clear(bits)
	nulls := 0
	for row, entry := range codes {
		if entry < 0 || v.null(int(entry)) {
			codes[row] = -1
			nulls++
			continue
		}
		bitutil.SetBit(bits, row)
	}
	return nulls
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

// tokenSet numbers distinct tokens in the order in which they are added. A
// token is uniformly random to whoever lacks the key, so its own bits serve as
// the hash.
type tokenSet struct {
	list  []token
	slots []int32 // open addressing, a power of two; number plus one
}

// add returns the number of a token.
func (s *tokenSet) add(t *token) int32 {
	if 2*len(s.list) >= len(s.slots) {
		s.grow()
	}
	slot, found := s.find(t)
	if !found {
		s.list = append(s.list, *t)
		s.slots[slot] = int32(len(s.list))
	}
	return s.slots[slot] - 1
}

// find returns the slot of a token, or the free one where it belongs.
func (s *tokenSet) find(t *token) (int, bool) {
	mask := len(s.slots) - 1
	for slot := int(binary.LittleEndian.Uint32(t[:])) & mask; ; slot = (slot + 1) & mask {
		switch i := s.slots[slot]; {
		case i == 0:
			return slot, false
		case s.list[i-1] == *t:
			return slot, true
		}
	}
}

func (s *tokenSet) grow() {
	s.slots = make([]int32, max(64, 2*len(s.slots)))
	for i := range s.list {
		slot, _ := s.find(&s.list[i])
		s.slots[slot] = int32(i) + 1
	}
}
