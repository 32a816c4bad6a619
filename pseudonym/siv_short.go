package pseudonym

import (
	"crypto/aes"
	"encoding/binary"
)

// maxShort is the longest text that is encrypted beside others.
const maxShort = 64

// shortSIV is a text of at most maxShort bytes on its way.
type shortSIV struct {
	size  int
	raw   [prefixBytes + aes.BlockSize + maxShort]byte // prefix, vector, text
	chain [maxShort]byte                               // what CMAC absorbs; later the key stream
}

func (t *shortSIV) iv() *token { return (*token)(t.raw[prefixBytes:]) }

func (t *shortSIV) text() *[maxShort]byte {
	return (*[maxShort]byte)(t.raw[prefixBytes+aes.BlockSize:])
}

// set copies a text, which has the given size with its padding.
func (t *shortSIV) set(text []byte, size int) {
	t.size = size
	own := t.text()
	clear(own[copy(own[:], text):])
	if size > len(text) {
		own[len(text)] = 0x80
	}
}

// sealShort encrypts texts side by side, so that the processor works on blocks
// of several at a time, and never waits for a block that was just written: the
// texts become the ciphertexts and get their vectors, exactly as from seal.
func (s *siv) sealShort(texts []shortSIV) {
	most := 0
	for i := range texts {
		t := &texts[i]
		s.chainOf(t)
		*t.iv() = token(t.chain[:aes.BlockSize])
		most = max(most, t.size)
	}
	for from := 0; from == 0 || from < most; from += aes.BlockSize {
		for i := range texts {
			iv := texts[i].iv()
			if from > 0 {
				if from >= texts[i].size {
					continue
				}
				xor(iv, (*token)(texts[i].chain[from:]))
			}
			s.mac.block.Encrypt(iv[:], iv[:])
		}
	}
	for i := range texts {
		t := &texts[i]
		iv := t.iv()
		hi := binary.BigEndian.Uint64(iv[:8])
		lo := binary.BigEndian.Uint64(iv[8:]) &^ (1<<63 | 1<<31)
		for from := 0; from < t.size; from += aes.BlockSize {
			binary.BigEndian.PutUint64(t.chain[from:], hi)
			binary.BigEndian.PutUint64(t.chain[from+8:], lo)
			lo++
		}
	}
	for i := range texts {
		t := &texts[i]
		for from := 0; from < t.size; from += aes.BlockSize {
			block := t.chain[from:][:aes.BlockSize]
			s.ctr.Encrypt(block, block)
		}
	}
	for i := range texts {
		t := &texts[i]
		text := t.text()
		for from := 0; from < t.size; from += aes.BlockSize {
			xor((*token)(text[from:]), (*token)(t.chain[from:]))
		}
	}
}

// chainOf prepares the last step of S2V: the blocks of the text with the
// context at its end, or behind it if it is short, and the sub-key of CMAC in
// the last block.
func (s *siv) chainOf(t *shortSIV) {
	t.chain = *t.text()
	if t.size < aes.BlockSize {
		block, context := (*token)(t.chain[:]), s.context
		double(&context)
		block[t.size] ^= 0x80
		xor(block, &context)
		xor(block, &s.mac.k1)
		return
	}
	xor((*token)(t.chain[t.size-aes.BlockSize:]), &s.context)
	last := (t.size - 1) / aes.BlockSize * aes.BlockSize
	if t.size%aes.BlockSize == 0 {
		xor((*token)(t.chain[last:]), &s.mac.k1)
		return
	}
	t.chain[t.size] ^= 0x80
	xor((*token)(t.chain[last:]), &s.mac.k2)
}
