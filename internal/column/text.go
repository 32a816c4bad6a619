package column

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
)

// Text is the canonical text of a value: two values have equal texts if and
// only if they are the same value of the Type. Bytes are in hexadecimal, dates
// and times in the form of ISO 8601, or "@" and their number where that form
// has no place for them. The text of null is empty, as that of the empty
// string; ask Null first.
func (c *Coder) Text(code uint32) string {
	if int64(code) == c.null {
		return ""
	}
	switch c.typ.Kind {
	case String:
		return string(c.text.at(code))
	case Binary:
		return hex.EncodeToString(c.text.at(code))
	case Decimal:
		return decimalText(getDecimal(c.text.at(code)).BigInt(), c.typ.Scale)
	}
	w := c.words.Keys()[code]
	switch c.typ.Kind {
	case Boolean:
		return strconv.FormatBool(w != 0)
	case Unsigned:
		return strconv.FormatUint(w, 10)
	case Float:
		return strconv.FormatFloat(math.Float64frombits(w), 'g', -1, 64)
	case Date, Time, Timestamp:
		s := isoText(c.typ, int64(w))
		if back, err := parseISO(c.typ, s); err == nil && back == int64(w) {
			return s
		}
		return "@" + strconv.FormatInt(int64(w), 10)
	}
	return strconv.FormatInt(int64(w), 10)
}

// AddText adds the value with the given canonical text and returns its code.
// Any other text, and that of a value that is there already, is refused
// without being repeated.
func (c *Coder) AddText(s string) (uint32, error) {
	n := c.Len()
	code, err := c.addText(s)
	if err != nil || c.Text(code) != s {
		return 0, fmt.Errorf("a value is not a canonical %s", c.typ)
	}
	if int(code) != n {
		return 0, fmt.Errorf("a value occurs twice")
	}
	return code, nil
}

// AddNull adds null and returns its code.
func (c *Coder) AddNull() uint32 {
	if c.null < 0 {
		c.reserveNull()
	}
	return uint32(c.null)
}

func (c *Coder) addText(s string) (uint32, error) {
	switch c.typ.Kind {
	case String:
		return c.text.add([]byte(s)), nil
	case Binary:
		b, err := hex.DecodeString(s)
		return c.text.add(b), err
	case Decimal:
		d, err := parseDecimal(s, c.typ.Scale)
		b := make([]byte, decimalSize)
		putDecimal(b, d)
		return c.text.add(b), err
	}
	w, err := parseWord(c.typ, s)
	if err != nil {
		return 0, err
	}
	return c.addWord(w), nil
}

func parseWord(t Type, s string) (uint64, error) {
	switch t.Kind {
	case Null:
		return 0, fmt.Errorf("a null column has no values")
	case Boolean:
		if s == "true" {
			return 1, nil
		}
		return 0, nil // "false", or refused by its text
	case Unsigned:
		return strconv.ParseUint(s, 10, 64)
	case Float:
		f, err := strconv.ParseFloat(s, 64)
		return floatWord(f), err
	case Date, Time, Timestamp:
		if n, at := strings.CutPrefix(s, "@"); at {
			w, err := strconv.ParseInt(n, 10, 64)
			return uint64(w), err
		}
		w, err := parseISO(t, s)
		return uint64(w), err
	}
	w, err := strconv.ParseInt(s, 10, 64)
	return uint64(w), err
}

const (
	dateForm  = "2006-01-02"
	timeForm  = "15:04:05.999999999"
	stampForm = dateForm + "T" + timeForm + "Z"
)

func isoText(t Type, v int64) string {
	switch t.Kind {
	case Date:
		return time.UnixMilli(v).UTC().Format(dateForm)
	case Time:
		return time.Unix(0, v).UTC().Format(timeForm)
	}
	return arrow.Timestamp(v).ToTime(t.Unit).Format(stampForm)
}

func parseISO(t Type, s string) (int64, error) {
	switch t.Kind {
	case Date:
		d, err := time.Parse(dateForm, s)
		return d.UnixMilli(), err
	case Time:
		d, err := time.Parse(dateForm+" "+timeForm, "1970-01-01 "+s)
		return d.UnixNano(), err
	}
	d, err := time.Parse(stampForm, s)
	switch t.Unit {
	case arrow.Second:
		return d.Unix(), err
	case arrow.Millisecond:
		return d.UnixMilli(), err
	case arrow.Microsecond:
		return d.UnixMicro(), err
	}
	return d.UnixNano(), err
}

// decimalText writes all the digits after the point that the scale has, and an
// exponent where the scale is negative or too large to be written out.
func decimalText(n *big.Int, scale int32) string {
	if scale < 0 || scale > 76 {
		return fmt.Sprintf("%se%d", n, -int64(scale))
	}
	if scale == 0 {
		return n.String()
	}
	digits := new(big.Int).Abs(n).String()
	if missing := int(scale) + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	sign := ""
	if n.Sign() < 0 {
		sign = "-"
	}
	point := len(digits) - int(scale)
	return sign + digits[:point] + "." + digits[point:]
}

func parseDecimal(s string, scale int32) (decimal128.Num, error) {
	if scale < 0 || scale > 76 {
		s, _, _ = strings.Cut(s, "e")
	}
	s = strings.Replace(s, ".", "", 1)
	n, ok := new(big.Int), len(s) <= 64
	if ok {
		n, ok = n.SetString(s, 10)
	}
	if !ok || n.BitLen() > 127 {
		return decimal128.Num{}, fmt.Errorf("not a decimal")
	}
	return decimal128.FromBigInt(n), nil
}
