// Package aesblocks encrypts many independent blocks under one AES key, as many
// at a time as the processor can.
package aesblocks

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/fips140"
)

// Block is a block of AES.
type Block = [aes.BlockSize]byte

// Cipher is AES under one key. It does not change and is safe for concurrent
// use. How long it takes depends on the number of blocks alone.
type Cipher struct {
	block cipher.Block
	// wide are the round keys for the instructions that take four blocks, or
	// nil where the processor lacks them, the key is not of 256 bits, or the
	// program asks for the validated code of the standard library.
	wide *schedule
}

// New returns AES under a key of 16, 24 or 32 bytes.
func New(key []byte) (*Cipher, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	c := &Cipher{block: block}
	if Wide() && len(key) == keyBytes && !fips140.Enabled() {
		c.wide = expand((*[keyBytes]byte)(key))
	}
	return c, nil
}

// Encrypt encrypts each of the blocks in its place.
func (c *Cipher) Encrypt(blocks []Block) {
	if c.wide != nil {
		c.wide.encrypt(blocks)
		return
	}
	for i := range blocks {
		c.block.Encrypt(blocks[i][:], blocks[i][:])
	}
}

// EncryptOne encrypts one block in its place.
func (c *Cipher) EncryptOne(b *Block) { c.block.Encrypt(b[:], b[:]) }
