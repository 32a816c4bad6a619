package pseudonym

import (
	"errors"
	"fmt"
)

const (
	// ShapeDigits is any number of digits 0-9, six at least.
	ShapeDigits Shape = "digits"
	// ShapeAlphanumeric is any number of letters and digits 0-9, A-Z, a-z, four
	// at least, all encrypted as characters of one alphabet of 62.
	ShapeAlphanumeric Shape = "alphanumeric"
	// ShapeAlphabet is any number of characters of FF1's Alphabet, as many as
	// make a million values at least.
	ShapeAlphabet Shape = "alphabet"
	// ShapeCard is a payment card number of 13 to 19 digits. The first six or
	// eight, which tell the issuer (ISO/IEC 7812), stay; the last is its Luhn
	// digit, which is checked and computed anew. Blanks and hyphens stay.
	ShapeCard Shape = "card"
	// ShapeIBAN is an International Bank Account Number (ISO 13616). The
	// country stays; digits become digits and letters letters; the two check
	// digits (ISO 7064, modulo 97) are checked and computed anew. National
	// check digits inside of it become arbitrary. Blanks stay.
	ShapeIBAN Shape = "iban"
	// ShapePhone is a telephone number in international form, + and country
	// code first (ITU-T E.164), at most 15 digits. The country code stays, and
	// at least six digits follow. Blanks, hyphens, dots, slashes and
	// parentheses stay.
	ShapePhone Shape = "phone"
	// ShapeCASIN is a Canadian social insurance number: nine digits, the last
	// its Luhn digit.
	ShapeCASIN Shape = "ca-sin"
	// ShapeUKNHS is an NHS number of England, Wales and the Isle of Man: ten
	// digits, the last a check digit modulo 11.
	ShapeUKNHS Shape = "uk-nhs"
	// ShapeNLBSN is a Dutch burgerservicenummer: nine digits that pass the
	// "elfproef" modulo 11.
	ShapeNLBSN Shape = "nl-bsn"
	// ShapeBRCPF is a Brazilian CPF: eleven digits, the last two check digits
	// modulo 11, not all equal. Dots and hyphens stay.
	ShapeBRCPF Shape = "br-cpf"
	// ShapeESDNI is a Spanish DNI: eight digits and a capital letter that
	// follows from them modulo 23.
	ShapeESDNI Shape = "es-dni"
	// ShapeINAadhaar is an Indian Aadhaar number: twelve digits, the first not
	// 0 or 1, the last a Verhoeff digit. Blanks stay.
	ShapeINAadhaar Shape = "in-aadhaar"
	// ShapeUSSSN is a United States social security number: nine digits, with
	// neither 000, 666 nor 900 to 999 in the first three, nor zeros alone in
	// the next two or the last four. Hyphens and blanks stay. It has no check
	// digit.
	ShapeUSSSN Shape = "us-ssn"
)

// form is how texts of a shape are taken apart.
type form struct {
	separators string
	// parse fills j.at and what else it needs from j.text, or says why the
	// text is not of the shape.
	parse func(m *ff1Maker, j *job) error
	// finish computes the check characters from the others. It returns false
	// if the result is no value of the shape. It is nil if every one is.
	finish func(j *job) bool
	// plain tells that every character which is no separator is encrypted.
	plain bool
}

var errShape = errors.New("not a value of the shape")

func (f FF1) form() (form, error) {
	switch f.Shape {
	case "":
		return form{}, errors.New("no shape")
	case ShapeDigits, ShapeAlphanumeric, ShapeAlphabet:
		return form{"", parseAll, nil, true}, nil
	case ShapeCard:
		return form{" -", parseCard, finishLuhn, false}, nil
	case ShapeIBAN:
		return form{" ", parseIBAN, finishIBAN, false}, nil
	case ShapePhone:
		return form{" -./()", parsePhone, nil, false}, nil
	}
	if id, ok := nationalID(f.Shape); ok {
		return form{id.separators, id.parse, id.finish, false}, nil
	}
	return form{}, fmt.Errorf("shape %q is not known", string(f.Shape))
}

// characters are the alphabet of what is encrypted, or "" for IBANs, where
// letters and digits have one each.
func (f FF1) characters() string {
	switch f.Shape {
	case ShapeAlphanumeric:
		return digits + upper + lower
	case ShapeAlphabet:
		return f.Alphabet
	case ShapeIBAN:
		return ""
	}
	return digits
}

const (
	digits = "0123456789"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower  = "abcdefghijklmnopqrstuvwxyz"
)

// all sets j.at to the place of each character from the given one on that is not
// a separator.
func (m *ff1Maker) all(j *job, from int) error {
	if cap(j.at) < len(j.text) {
		j.at = make([]int, 0, 2*len(j.text))
	}
	at, n := j.at[:len(j.text)], 0
	for i, c := range j.text[from:] {
		if m.letters.value[c] != foreign {
			at[n] = from + i
			n++
		} else if !m.seps[c] {
			return errForeign
		}
	}
	j.at = at[:n]
	return nil
}

func parseAll(m *ff1Maker, j *job) error { return m.all(j, 0) }

// digit returns the value of the i-th place of a list.
func (j *job) digit(at []int, i int) int { return int(j.text[at[i]] - '0') }

// split keeps the first digits as the tweak and the last ones as check digits,
// and leaves those in between to be encrypted.
func (j *job) split(first, last int) {
	for _, k := range j.at[:first] {
		j.tweak = append(j.tweak, j.text[k])
	}
	end := len(j.at) - last
	j.check = append(j.check, j.at[end:]...)
	j.at = append(j.at[:0], j.at[first:end]...)
}

// verify computes the check digits of a value that was read and compares.
func (j *job) verify(finish func(j *job) bool) error {
	var was [4]byte
	for i, k := range j.check {
		was[i] = j.text[k]
	}
	if !finish(j) {
		return errShape
	}
	for i, k := range j.check {
		if was[i] != j.text[k] {
			return errors.New("a check digit is wrong")
		}
	}
	return nil
}

func parseCard(m *ff1Maker, j *job) error {
	if err := m.all(j, 0); err != nil {
		return err
	}
	if n := len(j.at); n < 13 || n > 19 {
		return errors.New("want 13 to 19 digits")
	}
	j.split(m.keep, 1)
	return j.verify(finishLuhn)
}

// finishLuhn sets the check digit (ISO/IEC 7812-1, annex B) of the kept digits
// and the encrypted ones.
func finishLuhn(j *job) bool {
	sum, double := 0, true
	add := func(d int) {
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum, double = sum+d, !double
	}
	for i := len(j.at) - 1; i >= 0; i-- {
		add(j.digit(j.at, i))
	}
	for i := len(j.tweak) - 1; i >= 0; i-- {
		add(int(j.tweak[i] - '0'))
	}
	j.text[j.check[0]] = byte('0' + (10-sum%10)%10)
	return true
}

func parsePhone(m *ff1Maker, j *job) error {
	if len(j.text) == 0 || j.text[0] != '+' {
		return errors.New("want + and the country code first, as in E.164")
	}
	if err := m.all(j, 1); err != nil {
		return err
	}
	if len(j.at) < 4 {
		return errors.New("too few digits")
	}
	if len(j.at) > 15 {
		return errors.New("more than the 15 digits that E.164 allows")
	}
	code := callingCode(j.text[j.at[0]], j.text[j.at[1]])
	if code == 0 {
		return errors.New("no country code begins like this")
	}
	j.split(code, 0)
	return nil
}

// callingCode returns the length of the country code that begins with the
// digits a and b, or 0 if none does. ITU-T, List of Recommendation E.164
// assigned country codes: all that are not listed here have three digits.
func callingCode(a, b byte) int {
	two := ""
	switch a {
	case '0':
		return 0
	case '1', '7':
		return 1
	case '2':
		two = "07"
	case '3':
		two = "0123469"
	case '4':
		two = "013456789"
	case '5':
		two = "12345678"
	case '6':
		two = "0123456"
	case '8':
		two = "1246"
	case '9':
		two = "0123458"
	}
	for i := range len(two) {
		if two[i] == b {
			return 2
		}
	}
	return 3
}
