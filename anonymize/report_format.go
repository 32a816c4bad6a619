package anonymize

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// nbsp keeps a number and its sign on one line. The text report writes it as
// a plain space.
const nbsp = "\u00a0"

// unknown stands for a figure that is not a number.
const unknown = "unknown"

// formatCount writes 50000 as 50,000.
func formatCount(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	b.WriteString(sign)
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// formatShare writes 0.048 as 4.8 %. Only nothing is 0 % and only all of it
// is 100 %. What can be no share of anything is unknown.
func formatShare(x float64) string {
	switch {
	case math.IsNaN(x) || math.Abs(x) > 1e6:
		return unknown
	case x == 0 || x == 1:
		return strconv.Itoa(int(x)*100) + nbsp + "%"
	case x > 0 && x < 0.001:
		return "<" + nbsp + "0.1" + nbsp + "%"
	case x < 1 && x > 0.999:
		return ">" + nbsp + "99.9" + nbsp + "%"
	}
	return strconv.FormatFloat(x*100, 'f', 1, 64) + nbsp + "%"
}

// formatChance writes a probability of 0.2 as 1 in 5. Where it must round, it
// rounds to the larger risk.
func formatChance(p float64) string {
	switch {
	case math.IsNaN(p) || p < 0:
		return unknown
	case p == 0:
		return "none"
	case p >= 1:
		return "1" + nbsp + "in" + nbsp + "1"
	}
	n := 1 / p
	if whole := math.Round(n); math.Abs(n-whole) < 1e-9*n {
		n = whole
	}
	in := "1" + nbsp + "in" + nbsp
	switch {
	case n > math.MaxInt64/2:
		return "below " + in + "10^18"
	case n == math.Floor(n) || n >= 100:
		return in + formatCount(int64(n))
	}
	return in + strconv.FormatFloat(math.Floor(n*10)/10, 'f', 1, 64)
}

// formatFigure writes a parameter with at most four digits after the point,
// small ones as 1e-6.
func formatFigure(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, -1):
		return unknown
	case math.IsInf(x, 1):
		return "unlimited"
	case x == math.Trunc(x) && math.Abs(x) < 1e15:
		return formatCount(int64(x))
	case math.Abs(x) >= 1e15:
		return strconv.FormatFloat(x, 'g', 3, 64)
	case math.Abs(x) >= 1e-3:
		s := strconv.FormatFloat(x, 'f', 4, 64)
		return strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(x, 'e', 2, 64), "e-")
	mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	return mantissa + "e-" + strings.TrimLeft(exponent, "0")
}

// printable replaces what could steer a terminal, reorder a line or hide in
// it by its escape: names of columns and texts of policies come from others.
func printable(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[i])|0x100, 16)[1:])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

// cut shortens s to n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// plural gives the count with the noun, which takes an s unless there is one.
func plural(n int64, noun string) string { return agree(n, noun, noun+"s") }

// agree gives the count with the words that go with it.
func agree(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return formatCount(n) + " " + more
}
