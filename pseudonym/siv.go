package pseudonym

import (
	"crypto/aes"
	"crypto/subtle"
	"encoding/binary"
	"errors"

	"github.com/lethe-go/lethe/internal/aesblocks"
)

// siv is AES-SIV (RFC 5297) under one key and one list of associated data. It
// does not change but for the buffers of one goroutine.
//
// S2V begins with the associated data, which are the same for a whole column:
// their part is computed once.
type siv struct {
	mac     *cmac
	ctr     *aesblocks.Cipher
	context token // S2V after the associated data, before the plaintext
	whole   token // context and the sub-key of CMAC, for a text of one block
	iv, tmp token
	stream  token
	final   []byte
}

// newSIV returns AES-SIV under a key of 32, 48 or 64 bytes.
func newSIV(key []byte, associated ...[]byte) (*siv, error) {
	half := len(key) / 2
	mac, err := newCMAC(key[:half])
	if err != nil {
		return nil, err
	}
	ctr, err := aesblocks.New(key[half:])
	if err != nil {
		return nil, errCipher
	}
	s := &siv{mac: mac, ctr: ctr}
	mac.sum(&s.context, s.tmp[:])
	for _, ad := range associated {
		double(&s.context)
		mac.sum(&s.tmp, ad)
		xor(&s.context, &s.tmp)
	}
	s.whole = s.context
	xor(&s.whole, &mac.k1)
	return s, nil
}

// s2v sets s.iv to the synthetic initialization vector of a plaintext.
func (s *siv) s2v(plain []byte) {
	if len(plain) >= aes.BlockSize {
		// The context is added to the end of the plaintext.
		s.final = append(s.final[:0], plain...)
		end := s.final[len(plain)-aes.BlockSize:]
		xor((*token)(end), &s.context)
		s.mac.sum(&s.iv, s.final)
		return
	}
	s.tmp = s.context
	double(&s.tmp)
	subtle.XORBytes(s.tmp[:], s.tmp[:], plain)
	s.tmp[len(plain)] ^= 0x80
	s.mac.sum(&s.iv, s.tmp[:])
}

// crypt adds the key stream that iv starts to src.
func (s *siv) crypt(dst, src []byte, iv *token) {
	for block := uint64(0); len(src) > 0; block++ {
		s.stream = counter(iv, block)
		s.ctr.EncryptOne(&s.stream)
		n := subtle.XORBytes(dst, src, s.stream[:])
		dst, src = dst[n:], src[n:]
	}
}

// counter returns the block from which the key stream of the given block is
// made. Two bits of the vector are cleared so that the counter never carries out
// of 32 bits for any text that fits into memory here; all 64 are added all the
// same.
func counter(iv *token, block uint64) (t token) {
	*(*[8]byte)(t[:]) = [8]byte(iv[:8])
	lo := binary.BigEndian.Uint64(iv[8:]) &^ (1<<63 | 1<<31)
	binary.BigEndian.PutUint64(t[8:], lo+block)
	return t
}

// seal writes the vector and the ciphertext, 16 bytes longer than plain, to
// dst. They must not overlap.
func (s *siv) seal(dst, plain []byte) {
	s.s2v(plain)
	copy(dst, s.iv[:])
	s.crypt(dst[aes.BlockSize:], plain, &s.iv)
}

var errForged = errors.New("the token was not made under this key and field, or is damaged")

// open appends the plaintext of a sealed text to dst. They must not overlap.
func (s *siv) open(dst, sealed []byte) ([]byte, error) {
	if len(sealed) < aes.BlockSize {
		return dst, errForged
	}
	iv, text := token(sealed), sealed[aes.BlockSize:]
	start := len(dst)
	dst = append(dst, text...)
	plain := dst[start:]
	s.crypt(plain, text, &iv)
	s.s2v(plain)
	if subtle.ConstantTimeCompare(s.iv[:], iv[:]) != 1 {
		clear(plain)
		return dst[:start], errForged
	}
	return dst, nil
}
