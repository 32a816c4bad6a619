package tableio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// stretchRows is how many rows are split before their columns are looked at:
// few enough that text and spans are still near.
const stretchRows = 1024

// maxColumns bounds the columns of a table, and what is kept of a row.
const maxColumns = 1 << 16

// block is a chunk of a CSV file (RFC 4180), which is split into rows stretch by
// stretch. A quote inside a field without quotes is an error, as is text behind
// a closing quote. Lines end in LF or CRLF; line breaks in quotes stay as they
// are. A blank line is a row of one empty field where the table has one column
// and is passed over otherwise.
type block struct {
	delim   byte
	columns int // 0 for any number

	data   []byte // ends in a line feed; slack follows
	line   int64  // in the file, of the first byte
	offset int64  // in the text of the file, of the first byte
	cut    bool   // the last record is not whole

	at     int    // where the next row begins
	starts []int  // where the rows of the stretch begin
	fields []span // of the stretch, row by row

	plain []byte // of the last field that had doubled quotes
}

// span is where a field is in a block, without its quotes.
type span struct{ from, to uint32 }

// Marks in the end of a span. A block is shorter than either.
const (
	inQuotes   = 1 << 31
	hasDoubled = 1 << 30
	spanEnd    = hasDoubled - 1
)

// begin gives the block other text, which has room for slack behind it and one
// byte more.
func (b *block) begin(data []byte, line, offset int64) {
	if n := len(data); n > 0 && data[n-1] != '\n' {
		data = append(data, '\n')
	}
	b.data, b.line, b.offset, b.at = data, line, offset, 0
	b.starts, b.fields = b.starts[:0], b.fields[:0]
}

var (
	errQuote    = errors.New("a quote in a field that does not begin with one")
	errBehind   = errors.New("text behind a closing quote")
	errUnclosed = errors.New("a quote is not closed")
	errLong     = fmt.Errorf("a record is above the limit of %d bytes; is a quote not closed?",
		maxRecord)
)

// Text is looked at in words of eight bytes, of which the lowest is the first.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// marks sets the high bit of each byte of x that is zero, and of no lower one.
// Other bits are anything, as are those of higher bytes.
func marks(x uint64) uint64 { return (x - ones) &^ x }

// split takes up to rows further rows apart, none at the end of the block. The
// rows before an error are there.
func (b *block) split(rows int) (err error) {
	data, end := b.data[:len(b.data)+csvSlack], len(b.data)
	delims := ones * uint64(b.delim)
	fields, starts, limit := b.fields[:0], b.starts[:0], b.columns
	if limit == 0 {
		limit = maxColumns
	}
	for len(starts) < rows && b.at < end && err == nil {
		first, got, at, last := len(fields), 0, b.at, false
		for !last {
			var s span
			if data[at] == '"' {
				if s, at, err = b.quoted(at); err != nil {
					break
				}
			} else {
				s.from = uint32(at)
				for {
					x := binary.LittleEndian.Uint64(data[at:])
					m := (marks(x^delims) | marks(x^ones*'\n') | marks(x^ones*'"')) & highs
					if m != 0 {
						at += bits.TrailingZeros64(m) / 8
						break
					}
					at += 8
				}
				s.to = uint32(at)
			}
			if c := data[at]; c == '\n' {
				last = true
				if s.to&inQuotes == 0 && s.to > s.from && data[at-1] == '\r' {
					s.to--
				}
			} else if c == '"' {
				err = errQuote
				break
			}
			if got++; got <= limit {
				fields = append(fields, s)
			}
			at++
		}
		if err == nil {
			err = b.checkRow(fields[first:], got, at)
		}
		switch {
		case err != nil:
			fields, err = fields[:first], b.wrong(b.at, err)
		case b.columns != 1 && got == 1 && fields[first].from == fields[first].to:
			fields, b.at = fields[:first], at
		default:
			starts, b.at = append(starts, b.at), at
		}
	}
	b.fields, b.starts = fields, starts
	return err
}

// quoted takes a field in quotes apart and says where what ends it is.
func (b *block) quoted(at int) (s span, behind int, err error) {
	data := b.data
	from, marked := at+1, uint32(inQuotes)
	for at = from; ; at++ {
		i := bytes.IndexByte(data[at:], '"')
		if i < 0 && b.cut {
			return s, 0, errLong
		}
		if i < 0 {
			return s, 0, errUnclosed
		}
		if at += i + 1; data[at] != '"' { // a line feed is last
			break
		}
		marked |= hasDoubled
	}
	s = span{uint32(from), uint32(at-1) | marked}
	if data[at] == '\r' && data[at+1] == '\n' {
		at++
	}
	if c := data[at]; c != b.delim && c != '\n' {
		return s, 0, errBehind
	}
	return s, at, nil
}

// checkRow says what is wrong with a row of got fields that ends before end.
func (b *block) checkRow(fields []span, got, end int) error {
	switch {
	case b.cut && end == len(b.data):
		return errLong
	case b.columns == 0 && got > maxColumns:
		return fmt.Errorf("%d columns, which is above the limit of %d", got, maxColumns)
	case got == b.columns, b.columns == 0, got == 1 && fields[0].from == fields[0].to:
		return nil
	default:
		return fmt.Errorf("%d fields, want %d", got, b.columns)
	}
}

// wrong is an error in the row that begins at a place.
func (b *block) wrong(at int, err error) error {
	return &line{b.line + int64(bytes.Count(b.data[:at], lineFeed)), err}
}

// text is the text of a field, valid until the next call.
func (b *block) text(s span) []byte {
	v := b.data[s.from : s.to&spanEnd]
	if s.to&hasDoubled == 0 {
		return v
	}
	b.plain = b.plain[:0]
	for {
		i := bytes.IndexByte(v, '"')
		if i < 0 {
			b.plain = append(b.plain, v...)
			return b.plain
		}
		b.plain = append(b.plain, v[:i+1]...)
		v = v[i+2:]
	}
}

var errText = errors.New("text that is not UTF-8")

// each splits the block and calls do with every stretch of rows. It refuses text
// that is not UTF-8.
func (b *block) each(do func() error) error {
	bad := len(b.data)
	if rest := b.data[b.at:]; !utf8.Valid(rest) {
		bad = b.at + badText(rest)
	}
	for b.at < len(b.data) {
		failed := b.split(stretchRows)
		if b.at > bad || failed != nil && bad < len(b.data) {
			if err := b.badField(bad); err != nil {
				return err
			}
		}
		if err := do(); err != nil {
			return err
		}
		if failed != nil {
			return failed
		}
	}
	return nil
}

// badText is where the first text is that is not UTF-8.
func badText(data []byte) int {
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return len(data)
}

// badField says which field of the stretch has the byte at a place; nil where
// none has.
func (b *block) badField(bad int) error {
	for i, s := range b.fields {
		if to := int(s.to & spanEnd); int(s.from) <= bad && bad < to {
			return b.wrong(b.starts[i/b.columns], fmt.Errorf("field %d: %w, at byte %d of the text; "+
				"set Encoding where it has another", i%b.columns+1, errText, b.offset+int64(bad)))
		}
	}
	return nil
}
