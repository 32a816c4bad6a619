package pseudonym

import "errors"

// identity is a national identifier of a fixed number of digits, some of which
// follow from the others.
type identity struct {
	digits     int // all of them, with check digits
	check      int // of which the last ones follow from the others
	letter     bool
	separators string
	// finish sets the check digits; false if the others are not valid.
	finish func(j *job) bool
}

// nationalID returns the rules of a shape.
func nationalID(s Shape) (identity, bool) {
	switch s {
	case ShapeCASIN:
		// Luhn: Employment and Social Development Canada.
		return identity{9, 1, false, " -", finishLuhn}, true
	case ShapeUKNHS:
		// NHS Data Dictionary, "NHS Number": weights 10 to 2, 11 minus the
		// remainder, 11 counts as 0, and 10 is never issued.
		return identity{10, 1, false, " -", finishNHS}, true
	case ShapeNLBSN:
		// Logisch Ontwerp BSN, "elfproef": weights 9 to 2 and -1, a sum that 11
		// divides, not all zero.
		return identity{9, 1, false, " .", finishBSN}, true
	case ShapeBRCPF:
		// Receita Federal: weights 10 to 2 and 11 to 2, 11 minus the remainder,
		// of which 10 and 11 count as 0; numbers of one repeated digit are void.
		return identity{11, 2, false, ".-", finishCPF}, true
	case ShapeESDNI:
		// Ministerio del Interior, "Cálculo del dígito de control del NIF".
		return identity{8, 1, true, " -.", finishDNI}, true
	case ShapeINAadhaar:
		// UIDAI, "A UID Numbering Scheme" (2010); Verhoeff (1969), Error
		// Detecting Decimal Codes.
		return identity{12, 1, false, " -", finishAadhaar}, true
	case ShapeUSSSN:
		// Social Security Administration, "SSN Randomization" (2011).
		return identity{9, 0, false, " -", validSSN}, true
	}
	return identity{}, false
}

var errDigits = errors.New("the number of digits is wrong")

// parse finds the digits, and the letter behind them if there is one.
func (id identity) parse(m *ff1Maker, j *job) error {
	text := j.text
	if id.letter {
		if len(text) == 0 || ibanLetters.value[text[len(text)-1]] == foreign {
			return errors.New("want a capital letter last")
		}
		j.text = text[:len(text)-1]
	}
	err := m.all(j, 0)
	j.text = text
	if err != nil {
		return err
	}
	if len(j.at) != id.digits {
		return errDigits
	}
	if id.letter {
		j.at = append(j.at, len(text)-1)
	}
	j.split(0, id.check)
	return j.verify(id.finish)
}

// weigh returns the sum of the encrypted digits times weights that fall by one
// from first.
func (j *job) weigh(first int) int {
	sum := 0
	for i := range j.at {
		sum += (first - i) * j.digit(j.at, i)
	}
	return sum
}

func finishNHS(j *job) bool {
	c := (11 - j.weigh(10)%11) % 11
	if c == 10 {
		return false
	}
	j.text[j.check[0]] = byte('0' + c)
	return true
}

func finishBSN(j *job) bool {
	sum := j.weigh(9)
	if sum == 0 || sum%11 == 10 {
		return false
	}
	j.text[j.check[0]] = byte('0' + sum%11)
	return true
}

func finishCPF(j *job) bool {
	equal := true
	for i := range j.at {
		equal = equal && j.digit(j.at, i) == j.digit(j.at, 0)
	}
	if equal { // the check digits of nine equal digits are the same digit
		return false
	}
	first := (11 - j.weigh(10)%11) % 11 % 10
	second := (11 - (j.weigh(11)+2*first)%11) % 11 % 10
	j.text[j.check[0]], j.text[j.check[1]] = byte('0'+first), byte('0'+second)
	return true
}

func finishDNI(j *job) bool {
	n := 0
	for i := range j.at {
		n = 10*n + j.digit(j.at, i)
	}
	j.text[j.check[0]] = "TRWAGMYFPDXBNJZSQVHLCKE"[n%23]
	return true
}

func finishAadhaar(j *job) bool {
	if j.digit(j.at, 0) < 2 {
		return false
	}
	c := 0
	for i := len(j.at) - 1; i >= 0; i-- {
		place := len(j.at) - i // the check digit is at place 0
		c = dihedral(c, permuted(j.digit(j.at, i), place))
	}
	for inverse := range 10 {
		if dihedral(inverse, c) == 0 {
			j.text[j.check[0]] = byte('0' + inverse)
		}
	}
	return true
}

// dihedral multiplies in the group of the symmetries of a pentagon: 0 to 4 are
// rotations, 5 to 9 reflections.
func dihedral(a, b int) int {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return 5 + (a+b)%5
	case b < 5:
		return 5 + (a-b)%5
	}
	return (a - b + 5) % 5
}

// permuted applies Verhoeff's permutation as often as the place says. It has
// order 8.
func permuted(d, place int) int {
	for range place % 8 {
		d = int("1576283094"[d] - '0')
	}
	return d
}

func validSSN(j *job) bool {
	number := func(from, to int) int {
		n := 0
		for i := from; i < to; i++ {
			n = 10*n + j.digit(j.at, i)
		}
		return n
	}
	area := number(0, 3)
	return area != 0 && area != 666 && area < 900 && number(3, 5) != 0 && number(5, 9) != 0
}
