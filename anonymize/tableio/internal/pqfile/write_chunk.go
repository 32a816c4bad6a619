package pqfile

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/bits"
	"slices"

	"github.com/klauspost/compress/zstd"
	hybrids "github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// pageRows and pageBytes bound what a reader decompresses at a time. A page
	// has a row at the least.
	pageRows  = 1 << 14
	pageBytes = 1 << 20
)

var errHuge = errors.New("a value or a dictionary is above the limit of a page, 256 MiB")

// chunkWriter encodes one column, a row group at a time.
type chunkWriter struct {
	field *Field
	width int
	enc   *zstd.Encoder
	dict  dictionaryBuilder

	// The chunk that was encoded last; offsets count from its beginning.
	rows      int
	pages     []byte
	meta      format.ColumnMetaData
	index     format.ColumnIndex
	locations []format.PageLocation
	bounds    *bounds // of the chunk
	unindexed bool    // a page has values and no bounds
	unbounded bool    // because they are too long

	// Scratch.
	body, packed []byte
	values       []byte
	codes        []int32
	longs        []int64
	used         []bool // entries of the dictionary that a page has
}

func newChunkWriter(f *Field, enc *zstd.Encoder) *chunkWriter {
	return &chunkWriter{field: f, width: f.ValueBytes(), enc: enc}
}

// encode makes the pages of v. Where it has no dictionary and one pays, it
// makes one.
func (c *chunkWriter) encode(v *Values) error {
	c.rows, c.pages, c.locations = len(v.Valid), c.pages[:0], c.locations[:0]
	c.index = format.ColumnIndex{}
	c.bounds, c.unindexed, c.unbounded = newBounds(c.field), false, false
	c.meta = format.ColumnMetaData{
		Type: format.Type(c.field.Physical), PathInSchema: []string{c.field.Name},
		Codec: format.Zstd, NumValues: int64(len(v.Valid)),
	}
	if v.Codes == nil && c.field.Physical != Boolean {
		if codes := c.dict.build(v, c.width); codes != nil {
			v = &Values{Valid: v.Valid, Nulls: v.Nulls, Codes: codes,
				Fixed: c.dict.fixed, Strings: c.dict.strings}
		}
	}
	if v.Codes != nil {
		if err := c.writeDictionary(v); err != nil {
			return err
		}
	}
	c.meta.DataPageOffset = int64(len(c.pages))
	for from := 0; from < c.rows; {
		to := c.endOfPage(v, from)
		if err := c.writeData(v, from, to); err != nil {
			return err
		}
		from = to
	}
	if c.field.Optional { // last, because some readers take the first for that of the values
		c.meta.Encoding = append(c.meta.Encoding, format.RLE)
	}
	c.meta.TotalCompressedSize = int64(len(c.pages))
	return nil
}

// chunk returns what the footer and the page index say of the chunk, which
// begins at pos.
func (c *chunkWriter) chunk(pos int64) (chunk format.ColumnChunk, index pageIndex, err error) {
	chunk = format.ColumnChunk{FileOffset: pos, MetaData: c.meta}
	if chunk.MetaData.DataPageOffset > 0 {
		chunk.MetaData.DictionaryPageOffset = pos
	}
	chunk.MetaData.DataPageOffset += pos
	stats := format.Statistics{}
	for _, n := range c.index.NullCounts {
		stats.NullCount += n
	}
	if least, most, ok := c.bounds.take(); ok && !c.unbounded {
		stats.MinValue, stats.MaxValue = least, most
	}
	chunk.MetaData.Statistics = stats
	if !c.unindexed {
		if index.bounds, err = marshal(&c.index); err != nil {
			return chunk, index, err
		}
	}
	for i := range c.locations {
		c.locations[i].Offset += pos
	}
	index.offsets, err = marshal(&format.OffsetIndex{PageLocations: c.locations})
	return chunk, index, err
}

// endOfPage is the row after the last of the page that begins with from.
func (c *chunkWriter) endOfPage(v *Values, from int) int {
	to := min(c.rows, from+pageRows)
	switch {
	case v.Codes != nil:
		return to
	case c.width > 0:
		return min(to, from+max(1, pageBytes/c.width))
	}
	offsets := v.Strings.Offsets
	limit := offsets[from] + pageBytes
	n, found := slices.BinarySearch(offsets[from+1:to+1], limit)
	if found {
		n++
	}
	return min(to, from+max(1, n))
}

func (c *chunkWriter) writeDictionary(v *Values) error {
	c.body = c.body[:0]
	n := v.Strings.Len()
	if c.width > 0 {
		c.body, n = append(c.body, v.Fixed...), len(v.Fixed)/c.width
	} else {
		c.body = appendStrings(c.body, &v.Strings)
	}
	c.used = slices.Grow(c.used[:0], n)[:n]
	clear(c.used)
	return c.writePage(format.Plain, &format.PageHeader{
		Type: format.DictionaryPage,
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{
			NumValues: int32(n), Encoding: format.Plain}),
	})
}

// writeData writes the page of rows from to to.
func (c *chunkWriter) writeData(v *Values, from, to int) error {
	valid, values := v.Valid[from:to], to-from
	c.body = c.body[:0]
	if c.field.Optional {
		if v.Nulls > 0 {
			values = countOnes(valid)
		}
		if err := c.appendLevels(valid); err != nil {
			return err
		}
	}
	if values == len(valid) {
		valid = nil
	}
	b := newBounds(c.field)
	encoding, err := c.appendValues(v, b, valid, from, to)
	if err != nil {
		return err
	}
	c.describe(b, from, to-from, values)
	err = c.writePage(encoding, &format.PageHeader{
		Type: format.DataPage,
		DataPageHeader: thrift.New(format.DataPageHeader{
			NumValues: int32(to - from), Encoding: encoding,
			DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE}),
	})
	last := &c.locations[len(c.locations)-1]
	last.CompressedPageSize = int32(int64(len(c.pages)) - last.Offset)
	return err
}

// appendValues appends the values that are not null to c.body and to b. valid
// is nil where none is null.
func (c *chunkWriter) appendValues(
	v *Values, b *bounds, valid []byte, from, to int,
) (format.Encoding, error) {
	switch {
	case v.Codes != nil:
		return format.RLEDictionary, c.appendCodes(v, b, valid, from, to)
	case v.Nulls == len(v.Valid):
		return format.Plain, nil
	case c.field.Physical == Boolean:
		c.body = appendBools(c.body, v.Fixed[from:to], valid)
		b.addBools(v.Fixed[from:to], valid)
		return format.Plain, nil
	case c.width == 0:
		for i := from; i < to; i++ {
			if valid == nil || valid[i-from] != 0 {
				b.add(v.Strings.at(i))
			}
		}
		return format.DeltaLengthByteArray, c.appendLengths(&v.Strings, valid, from, to)
	}
	values := v.Fixed[from*c.width : to*c.width]
	if valid != nil {
		c.values = appendFixed(c.values[:0], values, valid, c.width)
		values = c.values
	}
	b.addFixed(values)
	if b.ok && (b.order == signed || b.order == unsigned) {
		return c.appendIntegers(values, b)
	}
	c.body = append(c.body, values...)
	return format.Plain, nil
}

// describe adds a page that is not yet written to the page index.
func (c *chunkWriter) describe(b *bounds, from, rows, values int) {
	c.locations = append(c.locations, format.PageLocation{
		Offset: int64(len(c.pages)), FirstRowIndex: int64(from)})
	least, most, ok := b.take()
	if !ok && values > 0 {
		c.unindexed, c.unbounded = true, c.unbounded || b.ok
	}
	if ok {
		c.bounds.add(least)
		c.bounds.add(most)
	}
	c.index.NullPages = append(c.index.NullPages, values == 0)
	c.index.MinValues = append(c.index.MinValues, least)
	c.index.MaxValues = append(c.index.MaxValues, most)
	c.index.NullCounts = append(c.index.NullCounts, int64(rows-values))
}

// writePage compresses c.body and puts it after the header h.
func (c *chunkWriter) writePage(encoding format.Encoding, h *format.PageHeader) error {
	if len(c.body) > maxPage {
		return errHuge
	}
	c.packed = c.enc.EncodeAll(c.body, c.packed[:0])
	if len(c.packed) > maxPage {
		return errHuge
	}
	h.UncompressedPageSize, h.CompressedPageSize = int32(len(c.body)), int32(len(c.packed))
	h.CRC = int32(crc32.ChecksumIEEE(c.packed))
	header, err := marshal(h)
	if err != nil {
		return err
	}
	c.pages = append(append(c.pages, header...), c.packed...)
	c.meta.TotalUncompressedSize += int64(len(header) + len(c.body))
	c.count(h.Type, encoding)
	return nil
}

// count adds a page to what the footer says of the encodings of the chunk.
func (c *chunkWriter) count(kind format.PageType, encoding format.Encoding) {
	if !slices.Contains(c.meta.Encoding, encoding) {
		c.meta.Encoding = append(c.meta.Encoding, encoding)
	}
	for i := range c.meta.EncodingStats {
		if s := &c.meta.EncodingStats[i]; s.PageType == kind && s.Encoding == encoding {
			s.Count++
			return
		}
	}
	c.meta.EncodingStats = append(c.meta.EncodingStats,
		format.PageEncodingStats{PageType: kind, Encoding: encoding, Count: 1})
}

// appendLevels appends definition levels, with their length before them.
func (c *chunkWriter) appendLevels(valid []byte) (err error) {
	c.packed, err = (&hybrids.Encoding{BitWidth: 1}).EncodeLevels(c.packed, valid)
	c.body = binary.LittleEndian.AppendUint32(c.body, uint32(len(c.packed)))
	c.body = append(c.body, c.packed...)
	return err
}

// appendCodes appends the rows as indexes of the dictionary, after the bits of
// one, and adds the entries that they are to b.
func (c *chunkWriter) appendCodes(v *Values, b *bounds, valid []byte, from, to int) (err error) {
	codes := v.Codes[from:to]
	if valid != nil {
		c.codes = slices.Grow(c.codes[:0], len(codes))[:len(codes)]
		n := 0
		for i, code := range codes {
			c.codes[n] = code
			n += int(valid[i])
		}
		codes = c.codes[:n]
	}
	for _, code := range codes {
		c.used[code] = true
	}
	for code, used := range c.used {
		if !used {
			continue
		}
		c.used[code] = false
		if c.width > 0 {
			b.add(v.Fixed[code*c.width : (code+1)*c.width])
		} else {
			b.add(v.Strings.at(code))
		}
	}
	width := max(1, bits.Len(uint(max(len(c.used)-1, 0)))) // some readers take no 0
	c.body = append(c.body, byte(width))
	if len(codes) == 0 {
		return nil
	}
	c.packed, err = (&hybrids.Encoding{BitWidth: width}).EncodeInt32(c.packed, codes)
	c.body = append(c.body, c.packed...)
	return err
}
