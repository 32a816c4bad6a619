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
	// out.room(c.rows[i], length) returns. If a text cannot be encoded it
	// returns an error, which holds nothing of the text, and its position.
	make(out *outputs, c chunk) (int, error)
}

// chunk are at most chunkRows texts and the rows where their outputs go. Text i
// is what lies in data from spans[i][0] to spans[i][1]: a slice for each text
// would be a pointer, and to write many of those is slow while the garbage
// collector runs.
type chunk struct {
	data  []byte
	spans [][2]int
	rows  []int
}

func (c chunk) text(i int) []byte { return c.data[c.spans[i][0]:c.spans[i][1]] }

// part returns the texts from the given one on, up to another.
func (c chunk) part(from, to int) chunk {
	return chunk{c.data, c.spans[from:to], c.rows[from:to]}
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
	data  []byte // what the spans refer to
	spans [chunkRows][2]int
	rows  [chunkRows]int
	own   []byte // the texts of values that do not lie in the array as such
	text  [textBytes]byte
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

// put returns a scratch without the last chunk, which would keep the caller's
// buffers alive.
func (k *textKernel) put(s *scratch) {
	s.n, s.data, s.own = 0, nil, s.own[:0]
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
	from, length := offsets[0], len(v.data)
	for i, to := range offsets[1:] {
		if from < 0 || from > to || int(to) > length {
			return row + i, errDamaged
		}
		s.spans[n&(chunkRows-1)] = [2]int{int(from), int(to)}
		s.rows[n&(chunkRows-1)] = row + i
		from = to
		n++
	}
	s.n, s.data = n, v.data
	return 0, nil
}

// add puts value at of v into the chunk, to be written into row to. The chunk
// must not be full, and all that it holds must be of v.
func (s *scratch) add(v values, at, to int) error {
	if s.n == 0 {
		s.own, s.data = s.own[:0], v.data
	}
	s.rows[s.n] = to
	if v.offsets != nil {
		from, end := v.offsets[at], v.offsets[at+1]
		if from < 0 || from > end || int(end) > len(v.data) {
			return errDamaged
		}
		s.spans[s.n] = [2]int{int(from), int(end)}
		s.n++
		return nil
	}
	text, err := v.at(at, s.text[:])
	if err != nil {
		return err
	}
	s.spans[s.n] = [2]int{len(s.own), len(s.own) + len(text)}
	s.own = append(s.own, text...)
	s.n++
	return nil
}

// flush encodes the chunk and empties it. With an error it returns the row of
// out that could not be filled.
func (s *scratch) flush(out *outputs) (int, error) {
	c := chunk{s.data, s.spans[:s.n], s.rows[:s.n]}
	if len(s.own) > 0 {
		c.data = s.own
	}
	s.n, s.own = 0, s.own[:0]
	if at, err := s.make(out, c); err != nil {
		return s.rows[at], err
	}
	return 0, nil
}
