package pqfile

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

const (
	// maxPage bounds a page before and after decompression. Writers cut pages
	// at a megabyte or so; the largest known limit is 100 MB.
	maxPage       = 256 << 20
	maxPageHeader = 16 << 20
)

type pageHeader struct {
	kind         int32
	uncompressed int32
	compressed   int32
	crc          int32
	hasCRC       bool
	hasBody      bool // the part that belongs to kind is there

	values   int32
	encoding encoding
	levels   encoding // of definition levels

	// Version 2 only.
	nulls, rows        int32
	defBytes, repBytes int32
	storedAsIs         bool // the values are not compressed
}

// pages walks the pages of a column chunk.
type pages struct {
	r        io.ReaderAt
	pos, end int64
	head     []byte // scratch
}

// next reads the next page header; io.EOF where the chunk ends. The page's
// bytes begin at pos then.
func (p *pages) next() (*pageHeader, error) {
	if p.pos >= p.end {
		return nil, io.EOF
	}
	for size := int64(256); ; size *= 8 {
		n := min(size, p.end-p.pos)
		p.head = slices.Grow(p.head[:0], int(n))[:n]
		if _, err := p.r.ReadAt(p.head, p.pos); err != nil {
			return nil, err
		}
		h, used, err := parsePageHeader(p.head)
		if errors.Is(err, errShort) && n == size && size < maxPageHeader {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("a page header cannot be read: %w", err)
		}
		p.pos += int64(used)
		if int64(h.compressed) > p.end-p.pos {
			return nil, errors.New("a page reaches beyond its column chunk")
		}
		return h, nil
	}
}

// body reads the bytes of the page whose header was read last, or skips them.
func (p *pages) body(h *pageHeader, dst []byte) ([]byte, error) {
	dst = slices.Grow(dst[:0], int(h.compressed))[:h.compressed]
	if _, err := p.r.ReadAt(dst, p.pos); err != nil {
		return nil, err
	}
	p.pos += int64(h.compressed)
	if h.hasCRC && crc32.ChecksumIEEE(dst) != uint32(h.crc) {
		return nil, errors.New("the checksum of a page does not match")
	}
	return dst, nil
}

func (p *pages) skip(h *pageHeader) { p.pos += int64(h.compressed) }

func parsePageHeader(b []byte) (*pageHeader, int, error) {
	h := &pageHeader{kind: -1}
	c := &compact{b: b}
	c.fields(func(id int16, wire byte) {
		switch id {
		case 1:
			h.kind = c.wantI32(wire)
		case 2:
			h.uncompressed = c.wantI32(wire)
		case 3:
			h.compressed = c.wantI32(wire)
		case 4:
			h.crc, h.hasCRC = c.wantI32(wire), true
		case 5:
			c.wantStruct(wire, func(id int16, wire byte) { h.dataPage(c, id, wire) })
			h.hasBody = h.hasBody || h.kind == dataPage
		case 7:
			c.wantStruct(wire, func(id int16, wire byte) { h.dataPage(c, id, wire) })
			h.hasBody = h.hasBody || h.kind == dictionaryPage
		case 8:
			c.wantStruct(wire, func(id int16, wire byte) { h.dataPageV2(c, id, wire) })
			h.hasBody = h.hasBody || h.kind == dataPageV2
		default:
			c.skip(wire)
		}
	})
	if c.err != nil {
		return nil, 0, c.err
	}
	return h, c.pos, h.check()
}

// dataPage reads the fields that data pages of version 1 and dictionary pages
// have in common; the latter have a boolean as third field.
func (h *pageHeader) dataPage(c *compact, id int16, wire byte) {
	switch {
	case id == 1:
		h.values = c.wantI32(wire)
	case id == 2:
		h.encoding = encoding(c.wantI32(wire))
	case id == 3 && wire == wireI32:
		h.levels = encoding(c.i32())
	default:
		c.skip(wire)
	}
}

func (h *pageHeader) dataPageV2(c *compact, id int16, wire byte) {
	h.levels = rle
	switch id {
	case 1:
		h.values = c.wantI32(wire)
	case 2:
		h.nulls = c.wantI32(wire)
	case 3:
		h.rows = c.wantI32(wire)
	case 4:
		h.encoding = encoding(c.wantI32(wire))
	case 5:
		h.defBytes = c.wantI32(wire)
	case 6:
		h.repBytes = c.wantI32(wire)
	case 7:
		h.storedAsIs = !c.wantBool(wire)
	default:
		c.skip(wire)
	}
}

func (h *pageHeader) check() error {
	if h.compressed < 0 || h.uncompressed < 0 || h.values < 0 {
		return errors.New("a negative size")
	}
	if h.compressed > maxPage || h.uncompressed > maxPage {
		return fmt.Errorf("a page of %d bytes is above the limit of %d",
			max(h.compressed, h.uncompressed), maxPage)
	}
	switch h.kind {
	case indexPage:
		return nil
	case dataPage, dictionaryPage:
	case dataPageV2:
		levels := int64(h.defBytes) + int64(h.repBytes)
		if h.defBytes < 0 || h.repBytes < 0 || levels > int64(h.compressed) ||
			levels > int64(h.uncompressed) {
			return errors.New("levels longer than their page")
		}
		if h.nulls < 0 || h.nulls > h.values {
			return errors.New("more nulls than values")
		}
	default:
		return fmt.Errorf("a page of unknown type %d", h.kind)
	}
	if !h.hasBody {
		return errMalformed
	}
	return nil
}
