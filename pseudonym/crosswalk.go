package pseudonym

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/hmac256"
	"github.com/lethe-go/lethe/pseudonym/internal/reverse"
)

// Crosswalk replaces a value by a random token that a table remembers: for
// rules that forbid codes derived from what they stand for, such as those of
// HIPAA for re-identification codes (45 CFR 164.514(c)). Tokens have 122 random
// bits, in the form of a UUID of version 8 (RFC 9562), which Format writes as text or bytes.
//
// A value of a field has one token for ever, also after a rotation: rows are
// found under every enabled key, and new ones are sealed under the primary. A
// keyring that lacks a key of the table, or in which it is disabled, is
// refused, because known values would get a second token; [RekeyCrosswalk] moves
// the rows to the primary key. Whoever has the table and the keyring can reverse
// the tokens, by package [github.com/lethe-go/lethe/pseudonym/reid].
type Crosswalk struct {
	// Format is how the bits are written; Int63 has too few and is refused.
	Format Format `yaml:"format,omitempty"`
	// Table remembers the tokens. It must be set.
	Table CrosswalkTable `yaml:"-" json:"-"`
}

// The derivations of a crosswalk's keys.
const (
	opCrosswalkValue = "crosswalk-value"
	opCrosswalkToken = "crosswalk-token"
	opCrosswalkRow   = "crosswalk-row"
)

// crosswalkBucket hides the exact length of values in the table.
const crosswalkBucket = 16

func (c Crosswalk) check() []error {
	if errs := c.Format.check(); errs != nil {
		return errs
	}
	if c.Format == Int63 {
		return []error{errors.New("format int63 has too few bits for random tokens, " +
			"want base32, hex, binary or uuid")}
	}
	return nil
}

func (c Crosswalk) compile(kr *Keyring, col Column) (kernel, error) {
	enc, err := c.Format.encoding()
	if err != nil {
		return nil, err
	}
	book, err := c.book(kr, col.Field)
	if err != nil {
		return nil, err
	}
	return &crosswalkKernel{textKernel: newTextKernel(enc.typ, 0, nil), enc: enc, book: book}, nil
}

var errNoTable = errors.New("no crosswalk table; open one with package crosswalk")

// book returns the crosswalk of a field.
func (c Crosswalk) book(kr *Keyring, f Field) (*book, error) {
	if c.Table == nil {
		return nil, errNoTable
	}
	b := &book{table: c.Table, ids: kr.enabled()}
	for _, id := range b.ids {
		key, err := kr.pin(id)
		if err != nil {
			return nil, err
		}
		p := page{id: id}
		if p.values, err = key.macs(opCrosswalkValue, f, ""); err != nil {
			return nil, err
		}
		if p.tokens, err = key.macs(opCrosswalkToken, f, ""); err != nil {
			return nil, err
		}
		raw, err := key.subkey(opCrosswalkRow, f, "", subkeyBytes)
		if err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(raw)
		clear(raw)
		if err != nil {
			return nil, errors.New("the sub-key cannot be used")
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, errors.New("the sub-key cannot be used")
		}
		p.seal = func(dst, plain, data []byte) []byte { return aead.Seal(dst, nil, plain, data) }
		p.open = func(dst, sealed, data []byte) ([]byte, error) {
			return aead.Open(dst, nil, sealed, data)
		}
		b.pages = append(b.pages, p)
	}
	return b, nil
}

// crosswalkKernel looks the values of a batch up together. Two text kernels do
// the work on arrays: one makes the hash of each value and records the value,
// the other replaces hashes by tokens.
type crosswalkKernel struct {
	*textKernel // for the types; it makes nothing
	enc         encoding
	book        *book
}

func (k *crosswalkKernel) transform(
	ctx context.Context, mem memory.Allocator, a arrow.Array, _ []arrow.Array,
) (arrow.Array, error) {
	asked := newQuestions()
	hash := newTextKernel(&arrow.FixedSizeBinaryType{ByteWidth: tokenBytes}, 0, func() maker {
		return &asker{questions: asked, mac: k.book.pages[0].values.get()}
	})
	hashes, err := hash.transform(ctx, mem, a, nil)
	if err != nil {
		return nil, err
	}
	defer hashes.Release()
	tokens, err := k.book.answer(ctx, asked)
	if err != nil {
		return nil, err
	}
	return newTextKernel(k.typ, 0, func() maker {
		return &answerer{questions: asked, tokens: tokens, enc: k.enc}
	}).transform(ctx, mem, hashes, nil)
}

// questions are the distinct values of a batch.
type questions struct {
	at     map[token]int32 // by hash
	hashes []token
	text   []byte
	ends   []int
}

func newQuestions() *questions { return &questions{at: map[token]int32{}} }

func (q *questions) value(i int) []byte {
	if i == 0 {
		return q.text[:q.ends[0]]
	}
	return q.text[q.ends[i-1]:q.ends[i]]
}

// asker records values and writes their hashes.
type asker struct {
	*questions
	mac *hmac256.MAC
}

func (q *asker) make(out *outputs, c chunk) (int, error) {
	for i, row := range c.rows {
		text := c.text(i)
		hash := (*token)(q.mac.Digest(text)[:tokenBytes])
		copy(out.room(row, tokenBytes), hash[:])
		if _, known := q.at[*hash]; !known {
			q.at[*hash] = int32(len(q.hashes))
			q.hashes = append(q.hashes, *hash)
			q.text = append(q.text, text...)
			q.ends = append(q.ends, len(q.text))
		}
	}
	return 0, nil
}

// answerer writes the tokens of hashes.
type answerer struct {
	*questions
	tokens []token
	enc    encoding
}

func (a *answerer) make(out *outputs, c chunk) (int, error) {
	for i, row := range c.rows {
		at, known := a.at[token(c.text(i))]
		if !known {
			return i, errors.New("a value without a token")
		}
		a.enc.put(out.room(row, a.enc.width), &a.tokens[at])
	}
	return 0, nil
}

// book is the crosswalk of one field: a table, and a page for each enabled key
// of the keyring, that of the primary first.
type book struct {
	table CrosswalkTable
	ids   []uint32
	pages []page
}

// page is what one key of the keyring is used for. The keys are in closures.
type page struct {
	id     uint32
	values macs
	tokens macs
	seal   func(dst, plain, data []byte) []byte
	open   func(dst, sealed, data []byte) ([]byte, error)
}

func (p *page) key(m macs, text []byte) RowKey {
	s := m.get()
	defer m.put(s)
	return RowKey{p.id, token(s.Digest(text)[:tokenBytes])}
}

var errRow = errors.New("the crosswalk table is damaged, or belongs to another keyring")

// answer returns the token of each question: those that the table knows, and
// new ones, which are durable when it returns.
func (b *book) answer(ctx context.Context, q *questions) ([]token, error) {
	n := len(q.hashes)
	tokens := make([]token, n)
	// keys holds those of question i at i*len(pages).
	stride := len(b.pages)
	keys := make([]RowKey, 0, n*stride)
	var open []int // the questions without an answer
	for i, hash := range q.hashes {
		open = append(open, i)
		keys = append(keys, RowKey{b.pages[0].id, hash})
		for p := 1; p < stride; p++ {
			keys = append(keys, b.pages[p].key(b.pages[p].values, q.value(i)))
		}
	}
	for p := range b.pages {
		wanted := make([]RowKey, len(open))
		for j, i := range open {
			wanted[j] = keys[i*stride+p]
		}
		rows, err := b.table.Find(ctx, b.ids, wanted)
		if err == nil && len(rows) != len(wanted) {
			err = errRow
		}
		if err != nil {
			return nil, err
		}
		left := open[:0]
		for j, i := range open {
			if rows[j] == nil {
				left = append(left, i)
				continue
			}
			if tokens[i], err = b.read(q.value(i), wanted[j], rows[j]); err != nil {
				return nil, err
			}
		}
		if open = left; len(open) == 0 {
			return tokens, nil
		}
	}
	return tokens, b.add(ctx, q, keys, open, tokens)
}

// add gives new tokens to the open questions.
func (b *book) add(ctx context.Context, q *questions, keys []RowKey, open []int,
	tokens []token) error {
	random := make([]byte, len(open)*tokenBytes)
	rand.Read(random) // never fails, as crypto/rand promises
	stride, first := len(b.pages), &b.pages[0]
	rows := make([]CrosswalkRow, len(open))
	var plain []byte
	for j, i := range open {
		t := token(random[j*tokenBytes:])
		t[6] = t[6]&0x0f | 0x80 // version 8, as in the format UUID
		t[8] = t[8]&0x3f | 0x80 // variant of RFC 9562
		tokens[i] = t
		plain = appendRow(plain[:0], t, q.value(i))
		own := keys[i*stride : (i+1)*stride]
		rows[j] = CrosswalkRow{
			Keys:   own,
			Token:  first.key(first.tokens, t[:]),
			Sealed: first.seal(nil, plain, own[0].Hash[:]),
		}
	}
	clear(plain)
	kept, err := b.table.Add(ctx, b.ids, rows)
	if err == nil && len(kept) != len(rows) {
		err = errRow
	}
	if err != nil {
		return err
	}
	for j, i := range open {
		if kept[j] == nil {
			continue
		}
		// Another process was faster. Under which key it has stored the row
		// is told by which one opens it.
		err := errRow
		for _, key := range rows[j].Keys {
			if tokens[i], err = b.read(q.value(i), key, kept[j]); err == nil {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// appendRow appends a token, its value, the byte 0x80, and zero bytes up to a
// multiple of crosswalkBucket.
func appendRow(dst []byte, t token, value []byte) []byte {
	dst = append(append(append(dst, t[:]...), value...), 0x80)
	for len(dst)%crosswalkBucket != 0 {
		dst = append(dst, 0)
	}
	return dst
}

// unseal returns the token and the value of a row.
func (b *book) unseal(key RowKey, row []byte) (t token, value []byte, err error) {
	for i := range b.pages {
		if b.pages[i].id != key.KeyID {
			continue
		}
		plain, err := b.pages[i].open(nil, row, key.Hash[:])
		end := bytes.LastIndexByte(plain, 0x80)
		if err != nil || end < tokenBytes {
			return t, nil, errRow
		}
		return token(plain), plain[tokenBytes:end], nil
	}
	return t, nil, fmt.Errorf("a row under key %d, which is not in the keyring or disabled",
		key.KeyID)
}

// read returns the token of the row that was found for a value. The row holds
// the value, so that two values can never share a token unseen.
func (b *book) read(value []byte, key RowKey, row []byte) (token, error) {
	t, stored, err := b.unseal(key, row)
	if err == nil && subtle.ConstantTimeCompare(stored, value) != 1 {
		err = errRow
	}
	return t, err
}

// opener returns what reverses the tokens.
func (c Crosswalk) opener(kr *Keyring, col Column) (reverse.Opener, error) {
	if errs := c.check(); errs != nil {
		return nil, errs[0]
	}
	book, err := c.book(kr, col.Field)
	if err != nil {
		return nil, err
	}
	return &crosswalkOpener{book, c.Format}, nil
}

type crosswalkOpener struct {
	*book
	format Format
}

// Open appends the value of a token to dst.
func (o *crosswalkOpener) Open(dst, text []byte) ([]byte, error) {
	t, err := o.format.read(text)
	if err != nil {
		return dst, err
	}
	// The row may move to the first page, by RekeyCrosswalk, after it was looked
	// for there.
	for i := range len(o.pages) + 1 {
		p := &o.pages[i%len(o.pages)]
		key, row, err := o.table.Resolve(context.Background(), o.ids, p.key(p.tokens, t[:]))
		if err != nil {
			return dst, err
		}
		if row == nil {
			continue
		}
		own, value, err := o.unseal(key, row)
		if err != nil {
			return dst, err
		}
		if own != t {
			return dst, errRow
		}
		return append(dst, value...), nil
	}
	return dst, errors.New("the crosswalk table does not know the token in this field")
}
