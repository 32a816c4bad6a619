package pqfile

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// ValueBytes returns the bytes Fixed writes for a value of the field, 1 for a
// Boolean and 0 for a ByteArray.
func (f *Field) ValueBytes() int {
	switch f.Physical {
	case Boolean:
		return 1
	case Int32, Float:
		return 4
	case Int64, Double:
		return 8
	case Int96:
		return 12
	case FixedBytes:
		return f.Width
	}
	return 0
}

// Chunk decodes one column of one row group, some rows at a time. It belongs
// to one goroutine. Every error stops it for good.
type Chunk struct {
	field *Field
	meta  *chunk
	pages pages
	inf   inflater

	raw, body []byte // of the page, before and after decompression

	// The dictionary, once its page was read.
	hasDict   bool
	dictLen   int
	dictFixed []byte
	dictBytes Strings

	rows    int64 // of the row group, not yet returned by Next
	left    int   // values of the page not yet returned by Next
	levels  hybrid
	isDict  bool
	indexes hybrid
	fixed   fixedDecoder
	bytes   bytesDecoder

	valid    []byte // of the rows Next returned; nil where none is null
	levelsOf []byte // scratch: memory of valid
	codes    [lookUpStep]int32
}

// Chunk returns the decoder of field in row group group. It takes over the memory
// of another one that is done, but for its dictionary; old may be nil.
func (f *File) Chunk(group, field int, old *Chunk) (*Chunk, error) {
	g, fd := &f.RowGroups[group], &f.Fields[field]
	if fd.Nested {
		return nil, errors.New("a nested column")
	}
	meta := &g.chunks[fd.leaf]
	if meta.encrypted {
		return nil, errors.New("it is encrypted, which is not supported")
	}
	if fd.Physical < 0 || fd.Physical > FixedBytes ||
		fd.Physical == FixedBytes && (fd.Width <= 0 || fd.Width > maxPage) {
		return nil, errors.New("its physical type is malformed")
	}
	c := &Chunk{field: fd, meta: meta, rows: g.Rows}
	if old != nil {
		c.inf, old.inf = old.inf, inflater{}
		c.raw, c.body, c.levelsOf, c.pages.head = old.raw, old.body, old.levelsOf, old.pages.head
	}
	if g.Rows > 0 {
		c.pages.r, c.pages.pos = f.r, meta.start()
		c.pages.end = c.pages.pos + meta.compressed
	}
	return c, nil
}

// Close frees what the decoder holds. It may be called more than once.
func (c *Chunk) Close() { c.inf.close() }

// Dictionary says whether every data page of field in row group group holds
// indexes into a dictionary, and of how many entries. It trusts the encoding
// statistics of the file and, without any, walks the page headers.
func (f *File) Dictionary(group, field int) (ok bool, entries int, err error) {
	c, err := f.Chunk(group, field, nil)
	if err != nil || c.rows == 0 {
		return err == nil, 0, err
	}
	if c.meta.stats && (c.meta.statsRest || !c.meta.statsDict) {
		return false, 0, nil
	}
	for {
		h, err := c.pages.next()
		switch {
		case err == io.EOF:
			return true, entries, nil
		case err != nil:
			return false, 0, err
		case h.kind == dictionaryPage:
			entries = int(h.values)
			if c.meta.stats {
				return true, entries, nil
			}
		case h.kind != indexPage && h.values > 0 && !h.encoding.dictionary():
			return false, 0, nil
		}
		c.pages.skip(h)
	}
}

// Next makes the next rows available, as many as the open page has but at most
// limit, and returns how many and how many of them are not null. The values of
// these must then be decoded by one call of Fixed, Bytes or Indexes before
// Next is called again. At the end of the row group it returns 0 rows.
func (c *Chunk) Next(limit int) (rows, values int, err error) {
	for c.left == 0 {
		if c.rows == 0 {
			return 0, 0, nil
		}
		if err := c.nextPage(); err != nil {
			return 0, 0, err
		}
	}
	n := min(c.left, limit)
	c.left -= n
	c.rows -= int64(n)
	if !c.field.Optional {
		return n, n, nil
	}
	level, same, err := c.levels.repeated(n)
	if err != nil {
		return 0, 0, err
	}
	if same && level == 1 {
		c.valid = nil
		return n, n, nil
	}
	c.levelsOf = slices.Grow(c.levelsOf[:0], n)[:n]
	c.valid = c.levelsOf
	if same {
		for i := range c.valid {
			c.valid[i] = byte(min(level, 2))
		}
	} else if err := decode(&c.levels, c.valid); err != nil {
		return 0, 0, err
	}
	for _, v := range c.valid {
		if v > 1 {
			return 0, 0, errors.New("a definition level above 1")
		}
		values += int(v)
	}
	if values == n {
		c.valid = nil
	}
	return n, values, nil
}

// Valid has a 1 for each row Next returned that is not null and a 0 for the
// others; nil where none is null. It is overwritten by the next call of Next.
func (c *Chunk) Valid() []byte { return c.valid }

// IsDictionary says whether the rows Next returned are indexes.
func (c *Chunk) IsDictionary() bool { return c.isDict }

// Indexes decodes dictionary indexes, all inside the dictionary.
func (c *Chunk) Indexes(dst []int32) error {
	if err := c.unchecked(dst); err != nil {
		return err
	}
	last, outside := int64(c.dictLen)-1, int64(0)
	for _, v := range dst {
		outside |= last - int64(uint32(v))
	}
	if outside < 0 {
		return errIndex
	}
	return nil
}

// unchecked decodes dictionary indexes, which may be outside the dictionary.
func (c *Chunk) unchecked(dst []int32) error {
	if !c.isDict {
		return errors.New("a page without dictionary indexes in a column that has them")
	}
	return decode(&c.indexes, dst)
}

// DictionaryFixed returns the entries of the dictionary of a column of fixed
// width, one after another.
func (c *Chunk) DictionaryFixed() []byte { return c.dictFixed }

// DictionaryBytes returns the entries of the dictionary of a ByteArray column.
func (c *Chunk) DictionaryBytes() *Strings { return &c.dictBytes }

// Fixed decodes values of a fixed width, little-endian where they are numbers,
// a byte of 0 or 1 where they are Booleans.
func (c *Chunk) Fixed(dst []byte) error {
	width := c.field.ValueBytes()
	if !c.isDict {
		if c.fixed == nil {
			return errMalformed
		}
		return c.fixed.fixed(dst)
	}
	return c.LookUp(dst, c.dictFixed, width)
}

// Bytes appends n byte strings.
func (c *Chunk) Bytes(dst *Strings, n int) error {
	if !c.isDict {
		if c.bytes == nil {
			return errMalformed
		}
		return c.bytes.bytes(dst, n)
	}
	for start := len(dst.Data); n > 0; {
		codes := c.codes[:min(n, lookUpStep)]
		if err := c.Indexes(codes); err != nil {
			return err
		}
		total := int64(0)
		for _, v := range codes {
			total += c.dictBytes.Offsets[v+1] - c.dictBytes.Offsets[v]
		}
		if int64(len(dst.Data)-start)+total > maxRun {
			return errRun
		}
		dst.Data = slices.Grow(dst.Data, int(total))
		for _, v := range codes {
			dst.append(c.dictBytes.at(int(v)))
		}
		n -= len(codes)
	}
	return nil
}

func (c *Chunk) nextPage() error {
	h, err := c.pages.next()
	if err == io.EOF {
		return errors.New("its pages hold fewer rows than the row group")
	}
	if err != nil {
		return err
	}
	if h.kind == indexPage {
		c.pages.skip(h)
		return nil
	}
	if h.kind != dictionaryPage && int64(h.values) > c.rows {
		return errors.New("its pages hold more rows than the row group")
	}
	if c.raw, err = c.pages.body(h, c.raw); err != nil {
		return err
	}
	switch h.kind {
	case dictionaryPage:
		return c.readDictionary(h)
	case dataPageV2:
		return c.openV2(h)
	}
	return c.openV1(h)
}

func (c *Chunk) readDictionary(h *pageHeader) error {
	if c.hasDict {
		return errors.New("a second dictionary")
	}
	if h.encoding != plain && h.encoding != plainDictionary {
		return fmt.Errorf("a dictionary in encoding %v", h.encoding)
	}
	// The dictionary outlives the page, so it gets memory of its own.
	b, err := c.inf.inflate(c.meta.codec, nil, c.raw, int(h.uncompressed))
	if err != nil {
		return err
	}
	n, width := int(h.values), c.field.ValueBytes()
	switch {
	case c.field.Physical == Boolean:
		return errors.New("a dictionary of Booleans")
	case width == 0:
		if n > len(b)/4 {
			return errRunOut
		}
		c.dictBytes = Strings{Offsets: make([]int64, 1, n+1), Data: make([]byte, 0, len(b))}
		if err := (&plainBytes{b}).bytes(&c.dictBytes, n); err != nil {
			return err
		}
	case n > len(b)/width:
		return errRunOut
	default:
		c.dictFixed = b[:n*width]
	}
	c.hasDict, c.dictLen = true, n
	return nil
}

func (c *Chunk) openV1(h *pageHeader) (err error) {
	if c.body, err = c.inf.inflate(c.meta.codec, c.body[:0], c.raw, int(h.uncompressed)); err != nil {
		return err
	}
	b := c.body
	if c.field.Optional {
		if h.levels != rle {
			return fmt.Errorf("definition levels in encoding %v are not supported", h.levels)
		}
		var levels []byte
		if levels, b, err = cutLength(b); err != nil {
			return err
		}
		if c.levels, err = newHybrid(levels, 1); err != nil {
			return err
		}
	}
	return c.openValues(h, b)
}

func (c *Chunk) openV2(h *pageHeader) (err error) {
	levels := c.raw[h.repBytes : h.repBytes+h.defBytes]
	b := c.raw[h.repBytes+h.defBytes:]
	size := int(h.uncompressed - h.repBytes - h.defBytes)
	kind := c.meta.codec
	if h.storedAsIs {
		kind = uncompressed
	}
	if c.body, err = c.inf.inflate(kind, c.body[:0], b, size); err != nil {
		return err
	}
	if c.field.Optional {
		// The levels are used while the next page is not yet read, and raw
		// is overwritten then only.
		if c.levels, err = newHybrid(levels, 1); err != nil {
			return err
		}
	}
	return c.openValues(h, c.body)
}

// cutLength cuts off a part that has its length before it.
func cutLength(b []byte) (part, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, errRunOut
	}
	n := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24
	if n > uint64(len(b)-4) {
		return nil, nil, errRunOut
	}
	return b[4 : 4+n], b[4+n:], nil
}

func (c *Chunk) openValues(h *pageHeader, b []byte) error {
	c.left = int(h.values)
	c.isDict, c.fixed, c.bytes = false, nil, nil
	if len(b) == 0 {
		// Only nulls, or an error when the first value is asked for.
		c.fixed, c.bytes = &plainFixed{}, &plainBytes{}
		c.isDict = h.encoding.dictionary()
		return nil
	}
	width := c.field.ValueBytes()
	var err error
	switch {
	case h.encoding.dictionary():
		if !c.hasDict {
			return errors.New("dictionary indexes without a dictionary")
		}
		c.isDict = true
		c.indexes, err = newHybrid(b[1:], uint(b[0]))
	case c.field.Physical == Boolean:
		err = c.openBools(h.encoding, b)
	case width == 0:
		err = c.openBytes(h.encoding, b)
	default:
		err = c.openFixed(h.encoding, b, width)
	}
	return err
}

func (c *Chunk) openBools(e encoding, b []byte) error {
	switch e {
	case plain:
		c.fixed = &plainBools{b: b}
		return nil
	case rle:
		part, _, err := cutLength(b)
		if err != nil {
			return err
		}
		h, err := newHybrid(part, 1)
		c.fixed = &rleBools{h}
		return err
	}
	return unsupported(e)
}

func (c *Chunk) openBytes(e encoding, b []byte) (err error) {
	switch e {
	case plain:
		c.bytes = &plainBytes{b}
	case deltaLengthBytes:
		c.bytes, err = newDeltaLength(b)
	case deltaBytes:
		c.bytes, err = newDeltaPrefix(b)
	default:
		return unsupported(e)
	}
	return err
}

func (c *Chunk) openFixed(e encoding, b []byte, width int) error {
	integer := c.field.Physical == Int32 || c.field.Physical == Int64
	switch {
	case e == plain:
		c.fixed = &plainFixed{b}
	case e == byteStreamSplit && c.field.Physical != Int96:
		c.fixed = &splitFixed{b: b, width: width}
	case e == deltaBinary && integer:
		d, err := newDelta(b)
		if err != nil {
			return err
		}
		c.fixed = &deltaFixed{d: d, width: width}
	case e == deltaBytes && c.field.Physical == FixedBytes:
		d, err := newDeltaPrefix(b)
		if err != nil {
			return err
		}
		c.fixed = &fixedOfBytes{one: d.one, width: width}
	case e == deltaLengthBytes && c.field.Physical == FixedBytes:
		d, err := newDeltaLength(b)
		if err != nil {
			return err
		}
		c.fixed = &fixedOfBytes{one: d.one, width: width}
	default:
		return unsupported(e)
	}
	return nil
}

func unsupported(e encoding) error {
	return fmt.Errorf("values in encoding %v are not supported for its type", e)
}
