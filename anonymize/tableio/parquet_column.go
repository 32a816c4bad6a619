package tableio

import (
	"errors"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/anonymize/tableio/internal/pqfile"
)

// leafReader makes Arrow arrays of one column of one row group at a time. It
// belongs to one goroutine.
type leafReader struct {
	leaf  leafType
	chunk *pqfile.Chunk
	dict  bool        // keep dictionary indexes
	cache arrow.Array // the dictionary, once made

	raw     []byte // scratch: stored values
	values  []byte // scratch: Arrow values without the nulls
	strings pqfile.Strings
}

// open begins a row group.
func (r *leafReader) open(f *pqfile.File, group, column int, t *parquetTable) error {
	chunk, err := f.Chunk(group, column, r.chunk)
	if err != nil {
		return err
	}
	r.leaf, r.dict, r.chunk = t.leaves[column], t.dicts[column], chunk
	return nil
}

// forget lets go of the row group and keeps the memory.
func (r *leafReader) forget() {
	if r.cache != nil {
		r.cache.Release()
		r.cache = nil
	}
}

// close frees all that it holds.
func (r *leafReader) close() {
	r.forget()
	if r.chunk != nil {
		r.chunk.Close()
	}
}

var errShortGroup = errors.New("its pages hold fewer rows than the row group")

// read returns the next n rows, which the row group has.
func (r *leafReader) read(n int) (arrow.Array, error) {
	v := &validity{most: n}
	switch {
	case r.dict:
		return r.readDictionary(n, v)
	case r.leaf.dt.ID() == arrow.NULL:
		return r.readNull(n)
	case r.leaf.dt.ID() == arrow.BOOL:
		return r.readBool(n, v)
	case r.leaf.stored == 0 && r.leaf.bytes == nil:
		return r.readBytes(n, v)
	}
	return r.readFixed(n, v)
}

// validity collects the bitmap of an array.
type validity struct {
	most  int    // rows that there will be at most
	bits  []byte // nil until a row is null
	rows  int
	nulls int
}

// add appends rows, of which valid has a 1 for those that are not null; nil
// where none is.
func (v *validity) add(rows int, valid []byte) {
	at := v.rows
	v.rows += rows
	if valid != nil && v.bits == nil {
		v.bits = make([]byte, bitutil.BytesForBits(int64(v.most)))
		bitutil.SetBitsTo(v.bits, 0, int64(at), true)
	}
	if v.bits == nil {
		return
	}
	if valid == nil {
		bitutil.SetBitsTo(v.bits, int64(at), int64(rows), true)
		return
	}
	v.nulls += rows
	for i, ok := range valid {
		v.bits[(at+i)>>3] |= ok << ((at + i) & 7)
		v.nulls -= int(ok)
	}
}

func (v *validity) buffer() *memory.Buffer {
	if v.nulls == 0 {
		return nil
	}
	return memory.NewBufferBytes(v.bits)
}

func newArray(dt arrow.DataType, v *validity, buffers ...*memory.Buffer) arrow.Array {
	all := append([]*memory.Buffer{v.buffer()}, buffers...)
	d := array.NewData(dt, v.rows, all, nil, v.nulls, 0)
	defer d.Release()
	return array.MakeFromData(d)
}

// next is Chunk.Next for a row group that has at least one more row.
func (r *leafReader) next(limit int, v *validity) (rows, values int, err error) {
	rows, values, err = r.chunk.Next(limit)
	if err == nil && rows == 0 {
		err = errShortGroup
	}
	if err == nil {
		v.add(rows, r.chunk.Valid())
	}
	return rows, values, err
}

func (r *leafReader) readNull(n int) (arrow.Array, error) {
	for left := n; left > 0; {
		rows, values, err := r.chunk.Next(left)
		if err != nil {
			return nil, err
		}
		if rows == 0 {
			return nil, errShortGroup
		}
		if values > 0 {
			return nil, errors.New("a value in a column of nulls")
		}
		left -= rows
	}
	return array.NewNull(n), nil
}

func (r *leafReader) readBool(n int, v *validity) (arrow.Array, error) {
	out := make([]byte, bitutil.BytesForBits(int64(n)))
	for v.rows < n {
		at := v.rows
		rows, values, err := r.next(n-at, v)
		if err != nil {
			return nil, err
		}
		r.raw = slices.Grow(r.raw[:0], values)[:values]
		if err := r.chunk.Fixed(r.raw); err != nil {
			return nil, err
		}
		valid, k := r.chunk.Valid(), 0
		for i := range rows {
			if valid == nil || valid[i] != 0 {
				out[(at+i)>>3] |= r.raw[k] & 1 << ((at + i) & 7)
				k++
			}
		}
	}
	return newArray(r.leaf.dt, v, memory.NewBufferBytes(out)), nil
}

func (r *leafReader) readFixed(n int, v *validity) (arrow.Array, error) {
	width := r.leaf.dt.(arrow.FixedWidthDataType).Bytes()
	out := make([]byte, n*width)
	for v.rows < n {
		at := v.rows
		rows, values, err := r.next(n-at, v)
		if err != nil {
			return nil, err
		}
		dst := out[at*width : (at+rows)*width]
		if values == rows {
			if err := r.fixed(dst, values); err != nil {
				return nil, err
			}
			continue
		}
		r.values = slices.Grow(r.values[:0], values*width)[:values*width]
		if err := r.fixed(r.values, values); err != nil {
			return nil, err
		}
		scatter(dst, r.values, r.chunk.Valid(), width)
	}
	return newArray(r.leaf.dt, v, memory.NewBufferBytes(out)), nil
}

// fixed decodes values into dst, converted: those of a dictionary once each.
func (r *leafReader) fixed(dst []byte, values int) error {
	if r.leaf.conv != nil && r.chunk.IsDictionary() && values > 0 {
		return r.lookUp(dst)
	}
	if r.leaf.bytes != nil {
		r.strings.Reset()
		if err := r.chunk.Bytes(&r.strings, values); err != nil {
			return err
		}
		return r.eachString(dst, &r.strings)
	}
	if r.leaf.conv == nil {
		return r.chunk.Fixed(dst)
	}
	size := values * r.leaf.stored
	r.raw = slices.Grow(r.raw[:0], size)[:size]
	if err := r.chunk.Fixed(r.raw); err != nil {
		return err
	}
	return r.leaf.conv(dst, r.raw)
}

// lookUp decodes values that are indexes of the dictionary.
func (r *leafReader) lookUp(dst []byte) error {
	dict, err := r.dictionary()
	if err != nil {
		return err
	}
	width := r.leaf.dt.(arrow.FixedWidthDataType).Bytes()
	return r.chunk.LookUp(dst, dict.Data().Buffers()[1].Bytes(), width)
}

func (r *leafReader) eachString(dst []byte, s *pqfile.Strings) error {
	width := r.leaf.dt.(arrow.FixedWidthDataType).Bytes()
	for i := range s.Len() {
		err := r.leaf.bytes(dst[i*width:(i+1)*width], s.Data[s.Offsets[i]:s.Offsets[i+1]])
		if err != nil {
			return err
		}
	}
	return nil
}

// scatter puts the values where the rows are not null.
func scatter(dst, values, valid []byte, width int) {
	switch width {
	case 4:
		for i, ok := range valid {
			if ok != 0 {
				copy(dst[i*4:i*4+4], values[:4])
				values = values[4:]
			}
		}
	case 8:
		for i, ok := range valid {
			if ok != 0 {
				copy(dst[i*8:i*8+8], values[:8])
				values = values[8:]
			}
		}
	default:
		for i, ok := range valid {
			if ok != 0 {
				copy(dst[i*width:(i+1)*width], values)
				values = values[width:]
			}
		}
	}
}

func (r *leafReader) readBytes(n int, v *validity) (arrow.Array, error) {
	r.strings.Reset()
	// The bytes become the array's, so they need memory of their own; the
	// last record is a good guess of how much.
	r.strings.Data = make([]byte, 0, cap(r.raw))
	ends := make([]int64, 1, n+1)
	for v.rows < n {
		rows, values, err := r.next(n-v.rows, v)
		if err != nil {
			return nil, err
		}
		k := r.strings.Len()
		if err := r.chunk.Bytes(&r.strings, values); err != nil {
			return nil, err
		}
		if values == rows {
			ends = append(ends, r.strings.Offsets[k+1:]...)
			continue
		}
		for _, ok := range r.chunk.Valid() {
			k += int(ok)
			ends = append(ends, r.strings.Offsets[k])
		}
	}
	if cap(r.raw) < len(r.strings.Data) {
		r.raw = make([]byte, 0, len(r.strings.Data)+len(r.strings.Data)/8)
	}
	return stringArray(r.leaf.dt, v, ends, r.strings.Data)
}

// stringArray makes an array of text or bytes from where each row ends.
func stringArray(
	dt arrow.DataType, v *validity, ends []int64, data []byte,
) (arrow.Array, error) {
	id := dt.ID()
	if (id == arrow.STRING || id == arrow.LARGE_STRING) && !validText(ends, data) {
		return nil, errors.New("a text is not UTF-8")
	}
	var offsets []byte
	if id == arrow.LARGE_STRING || id == arrow.LARGE_BINARY {
		offsets = arrow.Int64Traits.CastToBytes(ends)
	} else {
		if len(data) > math.MaxInt32 {
			return nil, errors.New("a record holds more than 2 GiB of text; lower BatchRows")
		}
		short := make([]int32, len(ends))
		for i, e := range ends {
			short[i] = int32(e)
		}
		offsets = arrow.Int32Traits.CastToBytes(short)
	}
	return newArray(dt, v, memory.NewBufferBytes(offsets), memory.NewBufferBytes(data)), nil
}

// validText says whether each string is UTF-8: all of them together are, and
// none begins inside a character.
func validText(ends []int64, data []byte) bool {
	if !utf8.Valid(data) {
		return false
	}
	for _, e := range ends {
		if e < int64(len(data)) && !utf8.RuneStart(data[e]) {
			return false
		}
	}
	return true
}
