// Package masking hides the middle of a text.
package masking

import "unicode/utf8"

// Rule says which characters of a text stay. A character is a Unicode code
// point; a byte that is not UTF-8 counts as one and is always masked.
type Rule struct {
	KeepFirst, KeepLast int
	With                string // stands for each masked character
	Length              int    // if above 0, how often With stands in every text
}

// Append appends the masked text to dst. A text with no character to spare
// between those kept is masked as a whole.
func (r Rule) Append(dst, text []byte) []byte {
	n := utf8.RuneCount(text)
	first, last := r.KeepFirst, r.KeepLast
	if n <= first+last {
		first, last = 0, 0
	}
	hidden := n - first - last
	if r.Length > 0 {
		hidden = r.Length
	}
	for i := range n {
		c, size := utf8.DecodeRune(text)
		if i == first {
			dst = repeat(dst, r.With, hidden)
		}
		switch {
		case i >= first && i < n-last:
		case c == utf8.RuneError && size == 1: // a stray byte
			dst = append(dst, r.With...)
		default:
			dst = append(dst, text[:size]...)
		}
		text = text[size:]
	}
	if n == 0 {
		dst = repeat(dst, r.With, hidden)
	}
	return dst
}

func repeat(dst []byte, with string, n int) []byte {
	for range n {
		dst = append(dst, with...)
	}
	return dst
}
