package tableio

import (
	"bytes"
	"io"
)

const (
	// chunkSize is how much text is taken apart at a time, longer records aside.
	chunkSize = 4 << 20
	// maxRecord bounds a record, and with it what an unclosed quote costs.
	maxRecord = 64 << 20
	// csvSlack is how many bytes behind a chunk may be read, whatever they are.
	csvSlack = 16
)

// chunks cuts text into chunks of whole records, without taking records apart.
// Whether a line feed ends a record depends on every quote before it: it does
// where their number is even, since a quote within a field in quotes is
// doubled. That is exact for text that is taken apart without an error; where
// there is one, it is in the chunk that holds the quote that must not be there,
// and what comes behind does not matter.
type chunks struct {
	r    io.Reader
	size int // of a chunk
	most int // of a record

	rest   []byte // read, but behind the chunk before
	begun  bool
	eof    bool
	line   int64 // of the next chunk
	offset int64 // of the next chunk
}

func newChunks(r io.Reader, size int) *chunks {
	return &chunks{r: r, size: size, most: maxRecord, line: 1}
}

// next makes b the next chunk, or returns io.EOF. Every chunk ends in a line
// feed, one of its own at the end of a text that has none there.
func (c *chunks) next(b *block) error {
	data := append(b.data[:0], c.rest...)
	quotes, counted, want := 0, 0, c.size
	for {
		var err error
		if data, err = c.fill(data, want); err != nil {
			return err
		}
		quotes += bytes.Count(data[counted:], quote)
		counted = len(data)
		end := len(data)
		if !c.eof {
			end = lastRecord(data, quotes%2 == 1)
		}
		switch {
		case len(data) == 0:
			return io.EOF
		case end == 0 && len(data) <= c.most:
			want = min(2*len(data), c.most+1) // one record is larger
			continue
		}
		b.cut = end == 0
		if b.cut {
			end = len(data)
		}
		c.rest = append(c.rest[:0], data[end:]...)
		b.begin(data[:end], c.line, c.offset)
		c.line += int64(bytes.Count(b.data, lineFeed))
		c.offset += int64(end)
		return nil
	}
}

var quote, lineFeed, byteOrderMark = []byte{'"'}, []byte{'\n'}, []byte("\ufeff")

// fill reads until data has as many bytes as wanted, and slack behind them, or
// the text ends.
func (c *chunks) fill(data []byte, want int) ([]byte, error) {
	n := len(data)
	if room := max(n, want) + csvSlack + 1; cap(data) < room {
		data = append(make([]byte, 0, room), data...)
	}
	if c.eof || n >= want {
		return data, nil
	}
	got, err := io.ReadFull(c.r, data[n:want])
	data = data[:n+got]
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		c.eof, err = true, nil
	}
	if !c.begun && err == nil {
		c.begun = true
		if bytes.HasPrefix(data, byteOrderMark) {
			c.offset = int64(len(byteOrderMark))
			data = data[:copy(data, data[len(byteOrderMark):])]
		}
	}
	return data, err
}

// lastRecord returns where the last record that is whole ends, 0 where none is.
// inside says whether data ends within quotes. Its cost is one look at the bytes
// behind that place.
func lastRecord(data []byte, inside bool) int {
	end := len(data) // of what was not looked at
	feed := -2       // the last line feed before end; -2 where it is not known
	for {
		if inside {
			if end = bytes.LastIndexByte(data[:end], '"'); end < 0 {
				return 0
			}
			inside = false
			continue
		}
		if feed == -2 || feed >= end {
			feed = bytes.LastIndexByte(data[:end], '\n')
		}
		if feed < 0 {
			return 0
		}
		last := bytes.LastIndexByte(data[feed+1:end], '"')
		if last < 0 {
			return feed + 1
		}
		end, inside = feed+1+last, true
	}
}
