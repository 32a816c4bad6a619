package pseudonym

import "errors"

var ibanDigits, ibanLetters = newLetters(digits), newLetters(upper)

// parseIBAN takes a number apart into country, check digits and the account.
// The country and which characters of the account are letters are the tweak.
func parseIBAN(m *ff1Maker, j *job) error {
	for i, c := range j.text {
		switch {
		case ibanDigits.value[c] != foreign || ibanLetters.value[c] != foreign:
			j.at = append(j.at, i)
		case !m.seps[c]:
			return errForeign
		}
	}
	if n := len(j.at); n < 15 || n > 34 {
		return errors.New("want 15 to 34 letters and digits")
	}
	isDigit := func(i int) bool { return ibanDigits.value[j.text[j.at[i]]] != foreign }
	if isDigit(0) || isDigit(1) || !isDigit(2) || !isDigit(3) {
		return errors.New("want two letters of a country and two check digits first")
	}
	j.tweak = append(j.tweak, j.text[j.at[0]], j.text[j.at[1]])
	j.check = append(j.check, j.at[2:4]...)
	j.at = append(j.at[:0], j.at[4:]...)
	for i := range j.at {
		if isDigit(i) {
			j.class, j.tweak = append(j.class, ibanDigits), append(j.tweak, '0')
		} else {
			j.class, j.tweak = append(j.class, ibanLetters), append(j.tweak, 'A')
		}
	}
	return j.verify(finishIBAN)
}

// finishIBAN sets the check digits after ISO 7064, MOD 97-10: the account, the
// country and the check digits, letters read as 10 to 35, are 1 modulo 97.
func finishIBAN(j *job) bool {
	rest := 0
	add := func(c byte) {
		if c <= '9' {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	for _, k := range j.at {
		add(j.text[k])
	}
	add(j.tweak[0])
	add(j.tweak[1])
	check := 98 - rest*100%97
	j.text[j.check[0]], j.text[j.check[1]] = byte('0'+check/10), byte('0'+check%10)
	return true
}
