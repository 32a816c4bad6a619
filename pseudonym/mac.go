package pseudonym

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// textBytes is room for the canonical text of any integer or date.
const textBytes = 32

// mac is the state of HMAC-SHA256 under one sub-key with the buffers that one
// goroutine needs, so that a row allocates nothing. Reset of the standard
// library restores the hash of the padded key: a value of up to 55 bytes costs
// two blocks of SHA-256.
type mac struct {
	hash hash.Hash
	sum  [sha256.Size]byte
	text [textBytes]byte
}

// digest returns the HMAC of value. It is overwritten by the next call.
func (m *mac) digest(value []byte) *[sha256.Size]byte {
	m.hash.Reset()
	m.hash.Write(value) // never fails, as package hash promises
	m.hash.Sum(m.sum[:0])
	return &m.sum
}

// macs lends states of one sub-key to concurrent callers. As in a Keyring the
// key is in a closure.
type macs struct{ pool *sync.Pool }

func newMACs(key []byte) macs {
	return macs{&sync.Pool{New: func() any {
		return &mac{hash: hmac.New(sha256.New, key)}
	}}}
}

func (p macs) get() *mac  { return p.pool.Get().(*mac) }
func (p macs) put(m *mac) { p.pool.Put(m) }
