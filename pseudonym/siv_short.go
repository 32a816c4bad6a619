package pseudonym

import (
	"crypto/aes"
	"crypto/subtle"
)

const (
	// maxShort is the longest padded text that is encrypted beside others.
	maxShort = 64
	// shortToken is how far tokens of such texts lie apart.
	shortToken = prefixBytes + aes.BlockSize + maxShort
)

// shortTexts are texts that are encrypted together, with the buffers for it.
type shortTexts struct {
	n     int
	most  int                          // the greatest of sizes
	equal bool                         // all sizes are
	sizes [chunkRows]int               // of the texts with their padding
	raw   [chunkRows * shortToken]byte // prefix, vector, text; as long as its size needs
	chain [chunkRows][maxShort]byte    // what CMAC absorbs
	state [chunkRows]token
}

func newShortTexts(prefix []byte) *shortTexts {
	c := new(shortTexts)
	for i := range chunkRows {
		copy(c.raw[i*shortToken:], prefix)
	}
	return c
}

func (c *shortTexts) iv(i int) *token {
	return (*token)(c.raw[i*shortToken+prefixBytes:])
}

func (c *shortTexts) text(i int) *[maxShort]byte {
	return (*[maxShort]byte)(c.raw[i*shortToken+prefixBytes+aes.BlockSize:])
}

// fill takes texts up to the first one that is long, and returns how many.
func (c *shortTexts) fill(texts chunk, bucket int) int {
	c.n, c.most, c.equal = 0, 0, true
	for i := range texts.rows {
		text := texts.text(i)
		size := paddedSize(text, bucket)
		if size > maxShort {
			break
		}
		own := c.text(i)
		if len(text) == aes.BlockSize {
			*(*token)(own[:]) = token(text)
		} else {
			copy(own[:], text)
		}
		if size > len(text) {
			own[len(text)] = 0x80
			clear(own[len(text)+1 : size])
		}
		c.sizes[i] = size
		c.most = max(c.most, size)
		c.equal = c.equal && size == c.sizes[0]
		c.n++
	}
	return c.n
}

// write writes the tokens into the given rows.
func (c *shortTexts) write(out *outputs, enc sealed, rows []int) {
	if c.equal {
		total := prefixBytes + aes.BlockSize + c.most
		if text := out.rooms(rows, enc.size(total)); text != nil {
			enc.all(text, c.raw[:], c.n, shortToken, total)
			return
		}
	}
	for i, row := range rows {
		total := prefixBytes + aes.BlockSize + c.sizes[i]
		enc.put(out.room(row, enc.size(total)), c.raw[i*shortToken:][:total])
	}
}

// sealShort encrypts the texts, so that the processor works on blocks of many at
// a time: they become the ciphertexts and get their vectors, exactly as from
// seal. Of texts that have no more blocks, blocks are encrypted for nothing.
func (s *siv) sealShort(c *shortTexts) {
	state := c.state[:c.n]
	if c.equal && c.most == aes.BlockSize {
		for i := range state {
			state[i] = token(c.text(i)[:])
			xor(&state[i], &s.whole)
		}
		s.mac.block.Encrypt(state)
		for i := range state {
			*c.iv(i) = state[i]
		}
	} else {
		s.vectors(c)
	}
	for from := 0; from < c.most; from += aes.BlockSize {
		for i := range state {
			state[i] = counter(c.iv(i), uint64(from/aes.BlockSize))
		}
		s.ctr.Encrypt(state)
		for i := range state {
			if rest := c.sizes[i] - from; rest >= aes.BlockSize {
				xor((*token)(c.text(i)[from:]), &state[i])
			} else if rest > 0 {
				text := c.text(i)[from:c.sizes[i]]
				subtle.XORBytes(text, text, state[i][:])
			}
		}
	}
}

// vectors sets the vector of each text.
func (s *siv) vectors(c *shortTexts) {
	state := c.state[:c.n]
	clear(state)
	for i := range state {
		s.chainOf(c, i)
	}
	for from := 0; from == 0 || from < c.most; from += aes.BlockSize {
		for i := range state {
			xor(&state[i], (*token)(c.chain[i][from:]))
		}
		s.mac.block.Encrypt(state)
		for i := range state {
			if size := c.sizes[i]; from == max(0, size-1)/aes.BlockSize*aes.BlockSize {
				*c.iv(i) = state[i]
			}
		}
	}
}

// chainOf prepares the last step of S2V: the blocks of the text with the
// context at its end, or behind it if it is short, and the sub-key of CMAC in
// the last block.
func (s *siv) chainOf(c *shortTexts, i int) {
	size, chain := c.sizes[i], &c.chain[i]
	clear(chain[copy(chain[:], c.text(i)[:size]):])
	if size < aes.BlockSize {
		block, context := (*token)(chain[:]), s.context
		double(&context)
		block[size] ^= 0x80
		xor(block, &context)
		xor(block, &s.mac.k1)
		return
	}
	xor((*token)(chain[size-aes.BlockSize:]), &s.context)
	last := (size - 1) / aes.BlockSize * aes.BlockSize
	if size%aes.BlockSize == 0 {
		xor((*token)(chain[last:]), &s.mac.k1)
		return
	}
	chain[size] ^= 0x80
	xor((*token)(chain[last:]), &s.mac.k2)
}
