package pseudonym

import (
	"context"
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

const (
	// chunkRows is how many texts a maker gets at once: enough to interleave,
	// few enough to stay in the nearest cache.
	chunkRows = 64
	// cancelEvery is how many rows pass between two looks at the context:
	// some milliseconds. It is a multiple of chunkRows.
	cancelEvery = 1 << 15
)

// maker turns the canonical texts of values into outputs. It holds the key and
// the buffers of one goroutine.
type maker interface {
	// make writes the output of each text, in their order, into what
	// out.room(rows[i], length) returns. If a text cannot be encoded it
	// returns an error, which holds nothing of the text, and its position.
	make(out *outputs, texts [][]byte, rows []int) (int, error)
}

// textKernel is the kernel of every method whose output is a function of the
// canonical text of a value. Each distinct entry of a dictionary is encoded
// once.
type textKernel struct {
	typ   arrow.DataType // of an output
	nbits int
	pool  *sync.Pool // of *scratch; the key is in its New, out of reach of reflection
}

// newTextKernel returns a kernel with outputs of type typ; fresh makes the
// state of one goroutine.
func newTextKernel(typ arrow.DataType, bits int, fresh func() maker) *textKernel {
	return &textKernel{typ: typ, nbits: bits, pool: &sync.Pool{New: func() any {
		return &scratch{maker: fresh()}
	}}}
}

// scratch is what one goroutine needs to encode texts.
type scratch struct {
	maker
	n     int
	texts [chunkRows][]byte
	rows  [chunkRows]int
	text  [chunkRows][textBytes]byte // of values that are not text in the array
}

func (k *textKernel) reads() []string { return nil }

func (k *textKernel) bits() int { return k.nbits }

func (k *textKernel) outType(in arrow.DataType, _ []arrow.DataType) (arrow.DataType, error) {
	if err := checkType(in); err != nil {
		return nil, err
	}
	if in.ID() == arrow.DICTIONARY {
		return k.dictType(), nil
	}
	return k.typ, nil
}

func (k *textKernel) dictType() *arrow.DictionaryType {
	return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: k.typ}
}

func (k *textKernel) transform(
	ctx context.Context, mem memory.Allocator, a arrow.Array, _ []arrow.Array,
) (arrow.Array, error) {
	if d, ok := a.(*array.Dictionary); ok {
		return k.dictionary(ctx, mem, d)
	}
	v, err := valuesOf(a)
	if err != nil {
		return nil, err
	}
	out, err := newOutputs(mem, k.typ, v.n, v.validity)
	if err != nil {
		return nil, err
	}
	defer out.release()
	s := k.get()
	defer k.put(s)
	for row := 0; row < v.n; {
		if row%cancelEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		end := min(row+chunkRows, v.n)
		if at, err := s.gather(v, row, end); err != nil {
			return nil, fmt.Errorf("row %d: %w", at, err)
		}
		if at, err := s.flush(out); err != nil {
			return nil, fmt.Errorf("row %d: %w", at, err)
		}
		row = end
	}
	return out.array()
}

func (k *textKernel) get() *scratch { return k.pool.Get().(*scratch) }

// put returns a scratch without the texts of the last chunk, which would keep
// the caller's buffers alive.
func (k *textKernel) put(s *scratch) {
	s.n = 0
	clear(s.texts[:])
	k.pool.Put(s)
}

// gather puts the values of the rows from row to end, at most chunkRows, into
// the empty chunk, without the nulls. With an error it returns its row.
func (s *scratch) gather(v values, row, end int) (int, error) {
	if v.offsets == nil || v.any() {
		for ; row < end; row++ {
			if v.null(row) {
				continue
			}
			if err := s.add(v, row, row); err != nil {
				return row, err
			}
		}
		return 0, nil
	}
	offsets, n := v.offsets[row:end+1], 0
	from := offsets[0]
	for i, to := range offsets[1:] {
		if from < 0 || from > to || int(to) > len(v.data) {
			return row + i, errDamaged
		}
		s.texts[n&(chunkRows-1)] = v.data[from:to]
		s.rows[n&(chunkRows-1)] = row + i
		from = to
		n++
	}
	s.n = n
	return 0, nil
}

// add puts value at of v into the chunk, to be written into row to. The chunk
// must not be full.
func (s *scratch) add(v values, at, to int) error {
	text, err := v.at(at, s.text[s.n][:])
	if err != nil {
		return err
	}
	s.texts[s.n], s.rows[s.n] = text, to
	s.n++
	return nil
}

// flush encodes the chunk and empties it. With an error it returns the row of
// out that could not be filled.
func (s *scratch) flush(out *outputs) (int, error) {
	n := s.n
	s.n = 0
	if at, err := s.make(out, s.texts[:n], s.rows[:n]); err != nil {
		return s.rows[at], err
	}
	return 0, nil
}
