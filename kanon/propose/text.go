package propose

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/lethe-go/lethe/kanon"
)

// What makes text a code, an identifier or a category.
const (
	shortestCode = 3
	longestCode  = 12
	digitShare   = 0.25 // of the characters of codes
	idShare      = 0.5  // distinct values over rows, above which text identifies
)

// text proposes a prefix for codes and the frequent values for categories.
func (v *values) text(p *Proposal) {
	length, shorter, code := v.code()
	switch {
	case v.all >= idRows && float64(p.Distinct) > idShare*float64(v.all) && !code:
		p.because("%d distinct values in %d rows: the text tells most rows apart; drop it or give "+
			"it a pseudonym", p.Distinct, v.all)
	case v.all >= idRows && float64(p.Distinct) > (1-minShare)*float64(v.all):
		p.because("%d distinct values in %d rows: the code tells nearly every row apart; drop it or "+
			"give it a pseudonym", p.Distinct, v.all)
	case code:
		p.Hierarchy = kanon.Prefix{Length: length, Shorter: shorter}
		p.because("%d distinct codes of up to %d characters: a star for one character more at each "+
			"level, from the end", p.Distinct, length)
	default:
		v.frequent(p)
	}
}

// code says whether the values look like codes whose first characters say most:
// capital letters, digits, dots and dashes with digits among them, of one
// length or nearly so.
func (v *values) code() (length int, shorter, ok bool) {
	digits, all, shortest := 0, 0, longestCode
	for _, c := range v.codes {
		s := v.coder.Text(c)
		n := utf8.RuneCountInString(s)
		length, shortest = max(length, n), min(shortest, n)
		for _, r := range s {
			switch {
			case r >= '0' && r <= '9':
				digits++
			case r >= 'A' && r <= 'Z', r == '.', r == '-', r == ' ':
			default:
				return 0, false, false
			}
			all++
		}
	}
	ok = shortest >= shortestCode && length <= longestCode && float64(digits) >= digitShare*float64(all)
	return length, shortest < length, ok
}

// frequent proposes to keep the values of many rows, and at the level above
// those of ten times as many.
func (v *values) frequent(p *Proposal) {
	type value struct {
		text string
		rows int64
	}
	var keep []value
	other, texts := "other", map[string]bool{}
	for i, c := range v.codes {
		text := v.coder.Text(c)
		texts[text] = true
		if v.shows(i) && text != kanon.Top && utf8.ValidString(text) {
			keep = append(keep, value{text, v.rows[i]})
		}
	}
	for texts[other] {
		other += " values"
	}
	slices.SortStableFunc(keep, func(a, b value) int { return cmp.Compare(b.rows, a.rows) })
	h := kanon.Frequent{Other: other}
	for share := minShare; share < 1; share *= 10 {
		var kept []string
		for _, k := range keep {
			if float64(k.rows) >= share*float64(v.all) {
				kept = append(kept, k.text)
			}
		}
		if len(kept) > 0 && (len(h.Keep) == 0 || len(kept) < len(h.Keep[len(h.Keep)-1])) {
			h.Keep = append(h.Keep, kept)
		}
	}
	if len(h.Keep) == 0 {
		p.because("%d distinct values, none with a share of %v of the rows: group them by what they "+
			"mean, in a file of leaf;label;…;*", p.Distinct, minShare)
		return
	}
	p.Hierarchy = h
	p.because("%d distinct values, %d of which have a share of at least %v of the rows: those are "+
		"kept at level 1, the others put together", p.Distinct, len(h.Keep[0]), minShare)
	p.because("groups by meaning keep more than groups by frequency: consider a file of " +
		"leaf;label;…;*")
}
