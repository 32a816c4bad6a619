package tableio

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// block is some rows of a CSV file, taken apart into fields.
type block struct {
	columns int
	rows    int
	data    []byte  // the fields one after another, without their quotes
	ends    []int   // where each field ends in data, after a first 0
	quoted  []bool  // of each field
	lines   []int64 // where each row begins
}

func (b *block) reset(columns int) {
	b.columns, b.rows = columns, 0
	b.data, b.quoted, b.lines = b.data[:0], b.quoted[:0], b.lines[:0]
	b.ends = append(b.ends[:0], 0)
}

func (b *block) field(row, column int) []byte {
	i := row*b.columns + column
	return b.data[b.ends[i]:b.ends[i+1]]
}

// scanner takes a CSV file apart (RFC 4180). A quote inside a field without
// quotes is an error, as is text behind a closing quote. Lines end in LF or
// CRLF; line breaks in quotes stay as they are. A blank line is a row of one
// empty field where the table has one column and is passed over otherwise.
type scanner struct {
	r     io.Reader
	delim byte
	buf   []byte
	at, n int // the unread part of buf
	line  int64
	eof   bool
	err   error // of r, after the bytes before it
}

const (
	scanBuffer = 1 << 18
	// maxField bounds a field, and with it what an unclosed quote costs.
	maxField = 64 << 20
	// maxBlock is where a block ends early.
	maxBlock = 64 << 20
)

func newScanner(r io.Reader, delim byte) *scanner {
	return &scanner{r: r, delim: delim, buf: make([]byte, scanBuffer), line: 1}
}

// fill reads more once everything was used; it returns false at the end.
func (s *scanner) fill() bool {
	if s.eof {
		return false
	}
	s.at, s.n = 0, 0
	for s.n == 0 {
		n, err := s.r.Read(s.buf)
		s.n = n
		if err != nil {
			s.eof = true
			if err != io.EOF {
				s.err = err
			}
			return n > 0 && s.err == nil
		}
	}
	return true
}

// skipBOM drops a byte order mark at the beginning.
func (s *scanner) skipBOM() {
	if !s.fill() {
		return
	}
	// A reader may give less than three bytes at first.
	for s.n < 3 && !s.eof {
		n, err := s.r.Read(s.buf[s.n:])
		s.n += n
		if err != nil {
			s.eof = true
			if err != io.EOF {
				s.err = err
			}
		}
	}
	if s.n >= 3 && string(s.buf[:3]) == "\xef\xbb\xbf" {
		s.at = 3
	}
}

var (
	errQuote    = errors.New("a quote in a field that does not begin with one")
	errBehind   = errors.New("text behind a closing quote")
	errUnclosed = errors.New("a quote is not closed")
	errLong     = fmt.Errorf("a field is above the limit of %d bytes", maxField)
)

// record appends the next record to b. It returns io.EOF at the end.
func (s *scanner) record(b *block) error {
	for {
		start, fields := s.line, len(b.quoted)
		if s.at == s.n && !s.fill() {
			if s.err != nil {
				return s.err
			}
			return io.EOF
		}
		for last := false; !last; {
			var err error
			if last, err = s.field(b); err != nil {
				return &line{start, err}
			}
		}
		if s.err != nil {
			return s.err
		}
		got := len(b.quoted) - fields
		switch {
		case b.columns != 1 && got == 1 && b.blank(fields):
			b.ends, b.quoted = b.ends[:fields+1], b.quoted[:fields]
			continue
		case b.columns > 0 && got != b.columns:
			return &line{start, fmt.Errorf("%d fields, want %d", got, b.columns)}
		}
		b.lines = append(b.lines, start)
		b.rows++
		return nil
	}
}

// blank says whether field i, in the order they were read, is empty and not in
// quotes.
func (b *block) blank(i int) bool { return !b.quoted[i] && b.ends[i] == b.ends[i+1] }

// field appends the next field and says whether the record ends behind it.
func (s *scanner) field(b *block) (last bool, err error) {
	if s.at == s.n && !s.fill() {
		s.push(b, false) // behind a delimiter at the very end
		return true, nil
	}
	if s.buf[s.at] == '"' {
		return s.quotedField(b)
	}
	start := len(b.data)
	for {
		window := s.buf[s.at:s.n]
		i := 0
		for i < len(window) {
			c := window[i]
			if c == s.delim || c == '\n' || c == '"' {
				break
			}
			i++
		}
		b.data = append(b.data, window[:i]...)
		s.at += i
		if len(b.data)-start > maxField {
			return false, errLong
		}
		if i == len(window) {
			if s.fill() {
				continue
			}
			b.data = dropCR(b.data, start)
			s.push(b, false)
			return true, nil
		}
		s.at++
		switch window[i] {
		case '"':
			return false, errQuote
		case '\n':
			s.line++
			b.data = dropCR(b.data, start)
			s.push(b, false)
			return true, nil
		}
		s.push(b, false)
		return false, nil
	}
}

func dropCR(data []byte, start int) []byte {
	if n := len(data); n > start && data[n-1] == '\r' {
		return data[:n-1]
	}
	return data
}

func (s *scanner) push(b *block, quoted bool) {
	b.ends = append(b.ends, len(b.data))
	b.quoted = append(b.quoted, quoted)
}

func (s *scanner) quotedField(b *block) (last bool, err error) {
	s.at++
	start := len(b.data)
	for {
		if s.at == s.n && !s.fill() {
			return false, errUnclosed
		}
		window := s.buf[s.at:s.n]
		i := 0
		for i < len(window) && window[i] != '"' {
			if window[i] == '\n' {
				s.line++
			}
			i++
		}
		b.data = append(b.data, window[:i]...)
		s.at += i
		if len(b.data)-start > maxField {
			return false, errLong
		}
		if i == len(window) {
			continue
		}
		s.at++
		if s.at < s.n || s.fill() {
			if s.buf[s.at] == '"' {
				b.data = append(b.data, '"')
				s.at++
				continue
			}
		}
		s.push(b, true)
		return s.behindQuote()
	}
}

// behindQuote reads what ends a field in quotes.
func (s *scanner) behindQuote() (last bool, err error) {
	if s.at == s.n && !s.fill() {
		return true, nil
	}
	c := s.buf[s.at]
	s.at++
	if c == '\r' {
		if s.at == s.n && !s.fill() {
			return true, nil
		}
		if c = s.buf[s.at]; c != '\n' {
			return false, errBehind
		}
		s.at++
	}
	switch c {
	case '\n':
		s.line++
		return true, nil
	case s.delim:
		return false, nil
	}
	return false, errBehind
}

// block fills b with up to rows records of columns fields. It returns io.EOF
// with no rows at the end of the file.
func (s *scanner) block(b *block, columns, rows int) error {
	b.reset(columns)
	for b.rows < rows && len(b.data) < maxBlock {
		if err := s.record(b); err == io.EOF {
			if b.rows == 0 {
				return io.EOF
			}
			break
		} else if err != nil {
			return err
		}
	}
	return b.checkText()
}

var errText = errors.New("text that is not UTF-8")

// checkText refuses what is not UTF-8.
func (b *block) checkText() error {
	if utf8.Valid(b.data) {
		whole := true
		for _, e := range b.ends {
			if e < len(b.data) && !utf8.RuneStart(b.data[e]) {
				whole = false
				break
			}
		}
		if whole {
			return nil
		}
	}
	for row := range b.rows {
		for column := range b.columns {
			if !utf8.Valid(b.field(row, column)) {
				return &line{b.lines[row], fmt.Errorf("field %d: %w", column+1, errText)}
			}
		}
	}
	return nil
}
