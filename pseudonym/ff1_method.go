package pseudonym

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lethe-go/lethe/pseudonym/internal/reverse"
)

// FF1 encrypts a value by FF1 (NIST SP 800-38G revision 1, with AES-256) into
// another value of the same shape, for systems that check formats: a card
// number becomes a card number. Different values never have equal tokens, and
// whoever holds the key can read them again through package
// [github.com/lethe-go/lethe/pseudonym/reid]. Prefer another method where the
// format does not matter: a token of FF1 looks real, cannot tell whether it was
// altered, and shows the length of its value.
//
// A value that is not of the shape, holds a foreign character, has a wrong
// check digit, or belongs to a format of fewer than a million values is an
// error, never passed through.
type FF1 struct {
	// Shape is what the values look like. It must be set.
	Shape Shape `yaml:"shape"`
	// Alphabet are the characters of ShapeAlphabet, in the order in which
	// they count: 2 to 94 different ones, of printable ASCII, no blank. Other
	// shapes have their own.
	Alphabet string `yaml:"alphabet,omitempty"`
	// Separators are characters that stay where they stand in a value and
	// are not encrypted. Printable ASCII. Values that differ in their
	// separators only have tokens that differ in them only.
	Separators string `yaml:"separators,omitempty"`
	// Keep is how many of the first digits of a ShapeCard stay: 6, which zero
	// means, or 8. It is for no other shape.
	Keep int `yaml:"keep,omitempty"`
}

// Shape names a format that [FF1] preserves. The zero Shape is refused.
type Shape string

const opFF1 = "ff1"

// maxNumerals bounds the length of a value.
const maxNumerals = 1 << 12

func (f FF1) check() []error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if _, err := f.form(); err != nil {
		errs = append(errs, err)
	}
	if f.Shape == ShapeAlphabet {
		if n := len(f.Alphabet); n < 2 || n > 94 {
			add("alphabet has %d characters, want 2 to 94", n)
		}
		checkCharacters("alphabet", f.Alphabet, false, add)
	} else if f.Alphabet != "" {
		add("alphabet is for shape %q, not for %q", ShapeAlphabet, f.Shape)
	}
	checkCharacters("separators", f.Separators, true, add)
	encrypted := f.characters()
	if f.Shape == ShapeIBAN {
		encrypted = digits + upper
	}
	if strings.ContainsAny(encrypted, f.Separators) {
		add("separators hold a character that is encrypted")
	}
	if f.Keep != 0 && f.Shape != ShapeCard {
		add("keep is for shape %q, not for %q", ShapeCard, f.Shape)
	} else if f.Keep != 0 && f.Keep != 6 && f.Keep != 8 {
		add("keep is %d, want 6 or 8", f.Keep)
	}
	return errs
}

// checkCharacters adds what is wrong with a set of characters.
func checkCharacters(what, set string, blank bool, add func(string, ...any)) {
	for i, c := range set {
		switch {
		case c == utf8.RuneError || c < ' ' || c > '~' || c == ' ' && !blank:
			add("%s hold a character that is not printable ASCII", what)
			return
		case strings.IndexRune(set, c) != i:
			add("%s hold a character twice", what)
			return
		}
	}
}

// params sets the keys of different shapes apart.
func (f FF1) params() string { return string(f.Shape) + ":" + f.Alphabet }

func (f FF1) compile(kr *Keyring, c Column) (kernel, error) {
	key, err := f.key(kr, c)
	if err != nil {
		return nil, err
	}
	return newTextKernel(arrow.BinaryTypes.String, 0, func() maker {
		m, _ := newFF1Maker(f, key) // it has been made before
		return m
	}), nil
}

// key derives the sub-key and tries it.
func (f FF1) key(kr *Keyring, c Column) ([]byte, error) {
	key, err := kr.subkey(opFF1, c.Field, f.params(), subkeyBytes)
	if err != nil {
		return nil, err
	}
	_, err = newFF1Maker(f, key)
	return key, err
}

func (f FF1) opener(kr *Keyring, c Column) (reverse.Opener, error) {
	key, err := f.key(kr, c)
	if err != nil {
		return nil, err
	}
	return newFF1Maker(f, key)
}

// ff1Maker encrypts chunks of values of one shape.
type ff1Maker struct {
	*ff1
	form    form
	letters *letters // nil where each character has an alphabet of its own
	seps    [256]bool
	keep    int
	jobs    [chunkRows]job
	records [chunkRows]ff1Record
	blocks  [chunkRows]token
	of      [chunkRows]int // the job of each record
	digits  []uint16
}

// job is one value on its way.
type job struct {
	text  []byte // becomes the output
	at    []int  // the characters that are encrypted
	tweak []byte // the parts that stay, where others depend on them
	check []int  // characters that follow from the others
	class []*letters
	size  wide // of the domain where each character has its own alphabet
}

func newFF1Maker(f FF1, key []byte) (*ff1Maker, error) {
	form, err := f.form()
	if err != nil {
		return nil, err
	}
	m := &ff1Maker{form: form, keep: f.Keep}
	if m.keep == 0 {
		m.keep = 6
	}
	radix := 2
	if set := f.characters(); set != "" {
		m.letters = newLetters(set)
		radix = len(set)
	}
	for _, c := range []byte(f.Separators) {
		m.seps[c] = true
	}
	for _, c := range []byte(form.separators) {
		m.seps[c] = true
	}
	m.ff1, err = newFF1(key, radix)
	return m, err
}

func (m *ff1Maker) make(out *outputs, c chunk) (int, error) {
	if m.form.plain && m.letters.decimal && m.encryptDigits(out, c) {
		return 0, nil
	}
	if at, err := m.run(c, false); err != nil {
		return at, err
	}
	for i, row := range c.rows {
		text := m.jobs[i].text
		copy(out.room(row, len(text)), text)
	}
	return 0, nil
}

// Open appends the value of a token to dst.
func (m *ff1Maker) Open(dst, token []byte) ([]byte, error) {
	one := chunk{token, [][2]int{{0, len(token)}}, []int{0}}
	if _, err := m.run(one, true); err != nil {
		return dst, err
	}
	return append(dst, m.jobs[0].text...), nil
}

var errForeign = errors.New("a character outside of the shape and its separators")

// run encrypts or decrypts a chunk: the results are the texts of the jobs. A
// result that is no value of the shape, such as one without a check digit, is
// encrypted again until it is. This ends, because encryption is a permutation
// and the value itself is of the shape, and it is reversed the same way.
func (m *ff1Maker) run(c chunk, decrypt bool) (int, error) {
	n := 0
	for i := range c.rows {
		j := &m.jobs[i]
		j.text, j.at, j.tweak = append(j.text[:0], c.text(i)...), j.at[:0], j.tweak[:0]
		j.check, j.class = j.check[:0], j.class[:0]
		if err := m.form.parse(m, j); err != nil {
			return i, err
		}
		small, err := m.load(j, &m.records[n], &m.blocks[n], decrypt)
		if err != nil {
			return i, err
		}
		if small {
			m.of[n] = i
			n++
		}
	}
	for n > 0 {
		if decrypt {
			m.decrypt(m.records[:n], m.blocks[:n])
		} else {
			m.encrypt(m.records[:n], m.blocks[:n])
		}
		left := 0
		for i := range n {
			if !m.store(&m.jobs[m.of[i]], &m.records[i]) {
				m.records[left], m.of[left] = m.records[i], m.of[i]
				left++
			}
		}
		n = left
	}
	return 0, nil
}

// load makes the record of a job. If its halves are too large for one it does
// the work itself and returns false.
func (m *ff1Maker) load(j *job, r *ff1Record, tmp *token, decrypt bool) (bool, error) {
	if m.letters == nil {
		return true, m.loadMixed(j, r, tmp)
	}
	if len(j.at) > maxNumerals {
		return false, fmt.Errorf("longer than %d characters", maxNumerals)
	}
	p, err := m.plan(len(j.at), len(j.tweak))
	if err != nil {
		return false, err
	}
	if p.fits() {
		*r = m.begin(p, m.letters.read(j.text, j.at[:p.u]), m.letters.read(j.text, j.at[p.u:]),
			j.tweak, tmp)
		return true, nil
	}
	m.digits = m.digits[:0]
	for _, at := range j.at {
		m.digits = append(m.digits, uint16(m.letters.value[j.text[at]]))
	}
	m.crypt(p, m.digits, j.tweak, decrypt)
	for i, at := range j.at {
		j.text[at] = m.letters.set[m.digits[i]]
	}
	return false, nil // shapes with a rule are shorter
}

// store writes the numbers of a record into the text. It returns false if that
// is no value of the shape.
func (m *ff1Maker) store(j *job, r *ff1Record) bool {
	if m.letters == nil {
		if !j.storeMixed(r) {
			return false
		}
	} else {
		m.letters.write(j.text, j.at[:r.u], r.a)
		m.letters.write(j.text, j.at[r.u:], r.b)
	}
	return m.form.finish == nil || m.form.finish(j)
}

// letters is an alphabet.
type letters struct {
	set   string
	value [256]uint8 // foreign outside

	decimal bool // the digits 0 to 9 in this order
}

const foreign = 0xff

func newLetters(set string) *letters {
	l := &letters{set: set, decimal: set == digits}
	for i := range l.value {
		l.value[i] = foreign
	}
	for i := range len(set) {
		l.value[set[i]] = uint8(i)
	}
	return l
}

// read returns the number that the characters at the given places stand for.
func (l *letters) read(text []byte, at []int) uint64 {
	if l.decimal && dense(at) {
		n, _ := readDigits(text[at[0]:][:len(at)])
		return n
	}
	n, radix := uint64(0), uint64(len(l.set))
	for _, k := range at {
		n = n*radix + uint64(l.value[text[k]])
	}
	return n
}

// write is the inverse of read.
func (l *letters) write(text []byte, at []int, n uint64) {
	if l.decimal && dense(at) {
		writeDigits(text[at[0]:][:len(at)], n)
		return
	}
	radix := uint64(len(l.set))
	for i := len(at) - 1; i >= 0; i-- {
		q := n / radix
		text[at[i]] = l.set[n-radix*q]
		n = q
	}
}

// dense tells whether ascending places have nothing in between.
func dense(at []int) bool {
	return len(at) > 0 && at[len(at)-1]-at[0] == len(at)-1
}
