package column

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/lethe-go/lethe/internal/group"
)

// None is the code of a value that a Coder does not hold.
const None = group.None

// maxCodes bounds the distinct values of a Coder, so that codes and the
// numbers derived from them stay below None.
const maxCodes = 1<<31 - 1

// block is how many rows are coded at a time.
const block = 1024

// Coder maps the values of columns of one Type to dense codes in the order in
// which they are first seen; null is one code like the others. Encode and
// Merge change it and must not run beside anything else; what only reads may
// run in many goroutines at once.
type Coder struct {
	typ   Type
	words *group.Table // kinds of one word
	near  window       // of words
	text  *byteTable   // the others
	null  int64        // code of null; -1 before it is seen
	memo  Memo
}

// Memo remembers the codes of the entries of a dictionary for the time of one
// call. It holds nothing but memory to be used again. The zero value is ready;
// one Memo serves one goroutine.
type Memo struct {
	size  int // entries of the dictionary
	epoch uint32
	seen  []uint32 // epoch in which the entry was met
	code  []uint32
	used  []int32 // entries met, in order; -1 is a null
	found []uint32
}

// NewCoder makes an empty Coder.
func NewCoder(t Type) *Coder {
	c := &Coder{typ: t, null: -1}
	if t.bytes() {
		c.text = newByteTable()
	} else {
		c.words, c.near = group.New(1, 0), newWindow(t)
	}
	return c
}

// Type is the type of the values.
func (c *Coder) Type() Type { return c.typ }

// Len is the number of codes, with that of null where it was seen.
func (c *Coder) Len() int {
	if c.text != nil {
		return c.text.len()
	}
	return c.words.Len()
}

// Null is the code of null, if it was seen.
func (c *Coder) Null() (code uint32, seen bool) { return uint32(c.null), c.null >= 0 }

// Encode writes the code of every value of a, giving new values the next ones.
// Entries of a dictionary that no row uses get none. It fails, and may have
// taken in a part of the values, when a is of another type, has a dictionary
// index out of range, or there are more than 2^31-1 distinct values.
func (c *Coder) Encode(a arrow.Array, codes []uint32) error {
	_, err := c.code(a, codes, &c.memo, true)
	return err
}

// Find writes the code of every value of a, None for values that the Coder
// does not hold, and returns how many rows those are. It does not change the
// Coder.
func (c *Coder) Find(a arrow.Array, codes []uint32, m *Memo) (missing int, err error) {
	return c.code(a, codes, m, false)
}

func (c *Coder) code(a arrow.Array, codes []uint32, m *Memo, add bool) (int, error) {
	t, err := TypeOf(a.DataType())
	if err != nil {
		return 0, err
	}
	if t != c.typ {
		return 0, fmt.Errorf("values are of type %s, want %s", t, c.typ)
	}
	if len(codes) != a.Len() {
		return 0, fmt.Errorf("room for %d codes, want %d", len(codes), a.Len())
	}
	if d, ok := a.(*array.Dictionary); ok {
		return c.codeDictionary(d, codes, m, add)
	}
	return c.codeRows(a, rows{}, codes, add)
}

// codeRows codes the values at the rows, block by block. A block ends before
// the first null, so that null gets its code in its turn.
func (c *Coder) codeRows(a arrow.Array, r rows, codes []uint32, add bool) (missing int, err error) {
	nulls := r.list != nil || hasNulls(a)
	for len(codes) > 0 {
		n := min(block, len(codes))
		if nulls && add && c.null < 0 {
			for i := range n {
				if isNull(a, r.at(i)) {
					n = i
					break
				}
			}
			if n == 0 {
				c.reserveNull()
				continue
			}
		}
		more, err := c.codeBlock(a, r, codes[:n], nulls, add)
		if err != nil {
			return 0, err
		}
		if c.Len() > maxCodes {
			return 0, fmt.Errorf("more than %d distinct values", maxCodes)
		}
		missing += more
		r.lo += n
		codes = codes[n:]
	}
	return missing, nil
}

func isNull(a arrow.Array, i int) bool {
	return i < 0 || a.IsNull(i) || a.DataType().ID() == arrow.NULL
}

// hasNulls asks the bitmap: NullN would remember the answer in the array,
// which others may be reading.
func hasNulls(a arrow.Array) bool {
	if a.DataType().ID() == arrow.NULL {
		return true
	}
	bitmap := a.NullBitmapBytes()
	return len(bitmap) > 0 && bitutil.CountSetBits(bitmap, a.Data().Offset(), a.Len()) < a.Len()
}

func (c *Coder) reserveNull() {
	c.null = int64(c.Len())
	if c.text != nil {
		c.text.append(nil)
	} else {
		c.words.Reserve()
	}
}

func (c *Coder) nullCode() uint32 {
	if c.null < 0 {
		return None
	}
	return uint32(c.null)
}

func (c *Coder) codeBlock(a arrow.Array, r rows, codes []uint32, nulls, add bool) (int, error) {
	if c.text != nil {
		return c.codeBytes(a, r, codes, nulls, add)
	}
	var local [block]uint64
	keys := local[:len(codes)]
	if err := loadWords(a, r, keys); err != nil {
		return 0, err
	}
	if !nulls {
		return c.number(keys, codes, add), nil
	}
	var at [block]uint16
	n, missing := 0, 0
	for i := range codes {
		if isNull(a, r.at(i)) {
			codes[i] = c.nullCode()
			if codes[i] == None {
				missing++
			}
			continue
		}
		keys[n], at[n] = keys[i], uint16(i)
		n++
	}
	var dense [block]uint32
	missing += c.number(keys[:n], dense[:n], add)
	for i := range n {
		codes[at[i]] = dense[i]
	}
	return missing, nil
}

// number codes words, of which there may be any number.
func (c *Coder) number(words []uint64, codes []uint32, add bool) (missing int) {
	if c.near.step == 0 {
		return c.ask(words, codes, add)
	}
	var places [block]uint16
	for len(words) > 0 {
		n := min(block, len(words))
		if late := c.near.find(words[:n], codes[:n], &places); len(late) > 0 {
			missing += c.numberFar(words, codes, late, add)
		}
		words, codes = words[n:], codes[n:]
	}
	return missing
}

// numberFar codes the words at some places, which the window does not have.
func (c *Coder) numberFar(words []uint64, codes []uint32, places []uint16, add bool) int {
	var far [block]uint64
	var found [block]uint32
	n := len(places)
	for i, p := range places {
		far[i] = words[p]
	}
	missing := c.ask(far[:n], found[:n], add)
	for i, p := range places {
		codes[p] = found[i]
		if add {
			c.near.note(far[i], found[i], c.words.Len())
		}
	}
	return missing
}

// addWord adds one.
func (c *Coder) addWord(word uint64) uint32 {
	var code [1]uint32
	c.words.Add([]uint64{word}, code[:])
	c.near.note(word, code[0], c.words.Len())
	return code[0]
}

// ask asks the table.
func (c *Coder) ask(words []uint64, codes []uint32, add bool) (missing int) {
	if add {
		c.words.Add(words, codes)
		return 0
	}
	return c.words.Find(words, codes)
}

func (c *Coder) codeBytes(a arrow.Array, r rows, codes []uint32, nulls, add bool) (int, error) {
	value, err := byteReader(a)
	if err != nil {
		return 0, err
	}
	missing := 0
	for i := range codes {
		p := r.at(i)
		switch {
		case nulls && isNull(a, p):
			codes[i] = c.nullCode()
		case add:
			codes[i] = c.text.add(value(p))
		default:
			codes[i] = c.text.lookup(value(p))
		}
		if codes[i] == None {
			missing++
		}
	}
	return missing, nil
}

// unsafeBytes views a string as bytes, for reading only.
func unsafeBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
