package pseudonym

import (
	"crypto/aes"
	"crypto/subtle"
	"encoding/binary"
	"errors"

	"github.com/lethe-go/lethe/internal/aesblocks"
)

// CMAC replaces a value by its AES-CMAC (RFC 4493, with a key of 256 bits)
// under the sub-key of the column's field: 128 bits, as those of [HMAC]. It is
// the fastest method, several times as fast as HMAC. It cannot be reversed without
// trying values under the key; unlike HMAC it is only as good as AES is a
// pseudorandom permutation, and its outputs stop to look random at about 2^64
// values.
type CMAC struct {
	// Format is how the bits are written. Columns of one field that differ in
	// Format hold the same bits.
	Format Format `yaml:"format,omitempty"`
}

// opCMAC names the derivation of token keys.
const opCMAC = "aes-cmac"

func (c CMAC) check() []error { return c.Format.check() }

func (c CMAC) compile(kr *Keyring, col Column) (kernel, error) {
	enc, err := c.Format.encoding()
	if err != nil {
		return nil, err
	}
	key, err := kr.subkey(opCMAC, col.Field, "", subkeyBytes)
	if err != nil {
		return nil, err
	}
	mac, err := newCMAC(key)
	if err != nil {
		return nil, err
	}
	return newTextKernel(enc.typ, enc.bits, func() maker {
		return &cmacMaker{cmac: mac, enc: enc}
	}), nil
}

// cmac is AES-CMAC under one key. It does not change.
type cmac struct {
	block  *aesblocks.Cipher
	k1, k2 token // for a complete last block, and for one that is padded
}

// errCipher is returned where a cipher refuses a key, whose length is ours.
var errCipher = errors.New("the cipher cannot be set up")

func newCMAC(key []byte) (*cmac, error) {
	block, err := aesblocks.New(key)
	if err != nil {
		return nil, errCipher
	}
	c := &cmac{block: block}
	block.EncryptOne(&c.k1)
	double(&c.k1)
	c.k2 = c.k1
	double(&c.k2)
	return c, nil
}

// double multiplies by x in GF(2^128) with the polynomial of RFC 4493.
func double(t *token) {
	hi, lo := binary.BigEndian.Uint64(t[:8]), binary.BigEndian.Uint64(t[8:])
	carry := -(hi >> 63) & 0x87
	binary.BigEndian.PutUint64(t[:8], hi<<1|lo>>63)
	binary.BigEndian.PutUint64(t[8:], lo<<1^carry)
}

// start sets t to what is left to be encrypted after all blocks of text but
// the last are absorbed.
func (c *cmac) start(t *token, text []byte) {
	if len(text) == aes.BlockSize {
		*t = token(text)
		xor(t, &c.k1)
		return
	}
	*t = token{}
	for len(text) > aes.BlockSize {
		xor(t, (*token)(text))
		c.block.EncryptOne(t)
		text = text[aes.BlockSize:]
	}
	if len(text) == aes.BlockSize {
		xor(t, (*token)(text))
		xor(t, &c.k1)
		return
	}
	subtle.XORBytes(t[:], t[:], text)
	t[len(text)] ^= 0x80
	xor(t, &c.k2)
}

// sum sets t to the CMAC of text.
func (c *cmac) sum(t *token, text []byte) {
	c.start(t, text)
	c.block.EncryptOne(t)
}

func xor(t, u *token) {
	a, b := binary.NativeEndian.Uint64(t[:8]), binary.NativeEndian.Uint64(t[8:])
	a ^= binary.NativeEndian.Uint64(u[:8])
	b ^= binary.NativeEndian.Uint64(u[8:])
	binary.NativeEndian.PutUint64(t[:8], a)
	binary.NativeEndian.PutUint64(t[8:], b)
}

// cmacMaker writes CMAC tokens. The last blocks of a chunk are encrypted
// together.
type cmacMaker struct {
	*cmac
	enc encoding
	buf [chunkRows]token
}

func (m *cmacMaker) make(out *outputs, c chunk) (int, error) {
	buf := m.buf[:len(c.rows)]
	for i := range buf {
		m.start(&buf[i], c.text(i))
	}
	m.block.Encrypt(buf)
	out.tokens(m.enc, c.rows, buf)
	return 0, nil
}
