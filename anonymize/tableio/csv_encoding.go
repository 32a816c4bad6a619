package tableio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Encoding is how characters are bytes in a file of text.
type Encoding string

// The encodings.
const (
	UTF8        Encoding = "utf-8"
	UTF16       Encoding = "utf-16" // of the order that its byte order mark says
	UTF16LE     Encoding = "utf-16le"
	UTF16BE     Encoding = "utf-16be"
	Latin1      Encoding = "iso-8859-1"
	Windows1252 Encoding = "windows-1252"
)

const encodings = "utf-8, utf-16, utf-16le, utf-16be, iso-8859-1 or windows-1252"

func (e Encoding) known() bool {
	switch e {
	case "", UTF8, UTF16, UTF16LE, UTF16BE, Latin1, Windows1252:
		return true
	}
	return false
}

// asUTF8 makes text of an encoding UTF-8.
func asUTF8(r io.Reader, e Encoding) (io.Reader, error) {
	if e == "" || e == UTF16 {
		b := bufio.NewReader(r)
		r = b
		mark, err := b.Peek(2)
		if err != nil && err != io.EOF {
			return nil, err
		}
		switch {
		case string(mark) == "\xff\xfe":
			e = UTF16LE
		case string(mark) == "\xfe\xff":
			e = UTF16BE
		case e == UTF16:
			return nil, errors.New("it has no byte order mark; name its order, utf-16le or utf-16be")
		}
	}
	d := &decoder{r: r, encoding: e}
	switch e {
	case UTF16LE:
		d.decode = utf16Text(binary.LittleEndian)
	case UTF16BE:
		d.decode = utf16Text(binary.BigEndian)
	case Latin1:
		d.decode = byteText(charmap.ISO8859_1)
	case Windows1252:
		d.decode = byteText(charmap.Windows1252)
	default:
		return r, nil
	}
	return d, nil
}

// decoder reads text of an encoding as UTF-8. What is none is an error.
type decoder struct {
	r        io.Reader
	encoding Encoding
	// decode appends the characters of src to dst and says of how many bytes. It
	// stops before half a character, and before bytes that are none with bad.
	decode func(dst, src []byte) (text []byte, n int, bad bool)

	raw   [1 << 14]byte
	n     int    // bytes in raw, of half a character
	text  []byte // decoded; rest was not read yet
	rest  []byte
	bytes int64 // decoded
	err   error // behind rest
}

func (d *decoder) Read(p []byte) (int, error) {
	for len(d.rest) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		d.fill()
	}
	n := copy(p, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

func (d *decoder) fill() {
	n, err := d.r.Read(d.raw[d.n:])
	d.n += n
	text, used, bad := d.decode(d.text[:0], d.raw[:d.n])
	d.text, d.rest = text, text
	d.bytes += int64(used)
	d.n = copy(d.raw[:], d.raw[used:d.n])
	if d.err = err; bad || err == io.EOF && d.n > 0 {
		d.err = fmt.Errorf("text that is not of encoding %s, at byte %d", d.encoding, d.bytes)
	}
}

func byteText(of *charmap.Charmap) func(dst, src []byte) ([]byte, int, bool) {
	return func(dst, src []byte) ([]byte, int, bool) {
		for i, c := range src {
			if c < utf8.RuneSelf {
				dst = append(dst, c)
				continue
			}
			r := of.DecodeByte(c)
			if r == utf8.RuneError {
				return dst, i, true
			}
			dst = utf8.AppendRune(dst, r)
		}
		return dst, len(src), false
	}
}

func utf16Text(order binary.ByteOrder) func(dst, src []byte) ([]byte, int, bool) {
	return func(dst, src []byte) ([]byte, int, bool) {
		i := 0
		for ; i+2 <= len(src); i += 2 {
			r := rune(order.Uint16(src[i:]))
			if utf16.IsSurrogate(r) {
				if i+4 > len(src) {
					return dst, i, r >= 0xdc00
				}
				if r = utf16.DecodeRune(r, rune(order.Uint16(src[i+2:]))); r == utf8.RuneError {
					return dst, i, true
				}
				i += 2
			}
			dst = utf8.AppendRune(dst, r)
		}
		return dst, i, false
	}
}
