package pseudonym

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"sync"
)

// textBytes is room for the canonical text of any integer or date.
const textBytes = 32

const (
	// stateBytes is the length of the marshaled state of SHA-256, of which the
	// chaining value begins at stateAt.
	stateBytes = 108
	stateAt    = 4
	// oneBlock is the longest value that leaves room for SHA-256's own padding
	// in a block.
	oneBlock = sha256.BlockSize - 9
)

// mac computes HMAC-SHA256 (RFC 2104) under one sub-key, with the buffers that
// one goroutine needs, so that a row allocates nothing.
//
// A value of up to 55 bytes costs two blocks of SHA-256: the states after the
// padded keys are kept, and the final blocks are padded here and the chaining
// value read from the marshaled state, which saves two copies of the state that
// Sum would make.
type mac struct {
	hash         marshaler
	inner, outer []byte // states after the padded keys
	state        []byte
	block        [sha256.BlockSize]byte
	last         [sha256.BlockSize]byte // the outer block
	sum          [sha256.Size]byte
	text         [textBytes]byte
}

// marshaler is what the hashes of crypto/sha256 promise to implement.
type marshaler interface {
	hash.Hash
	AppendBinary([]byte) ([]byte, error)
	UnmarshalBinary([]byte) error
}

func newMAC(key []byte) (*mac, error) {
	h, ok := sha256.New().(marshaler)
	if !ok {
		return nil, errors.New("this build of crypto/sha256 cannot save its state")
	}
	m := &mac{hash: h, state: make([]byte, 0, stateBytes)}
	if len(key) > sha256.BlockSize {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	for _, side := range []struct {
		state *[]byte
		pad   byte
	}{{&m.inner, 0x36}, {&m.outer, 0x5c}} {
		h.Reset()
		for i := range m.block {
			m.block[i] = side.pad
			if i < len(key) {
				m.block[i] ^= key[i]
			}
		}
		h.Write(m.block[:]) // never fails, as package hash promises
		state, err := h.AppendBinary(nil)
		if err != nil || len(state) != stateBytes || h.UnmarshalBinary(state) != nil {
			return nil, errors.New("this build of crypto/sha256 cannot save its state")
		}
		*side.state = state
	}
	clear(m.block[:])
	m.last[sha256.Size] = 0x80
	binary.BigEndian.PutUint64(m.last[oneBlock+1:], 8*(sha256.BlockSize+sha256.Size))
	return m, nil
}

// digest returns the HMAC of value. It is overwritten by the next call.
func (m *mac) digest(value []byte) *[sha256.Size]byte {
	_ = m.hash.UnmarshalBinary(m.inner) // it has been read before
	if len(value) <= oneBlock {
		n := copy(m.block[:], value)
		clear(m.block[n:])
		m.block[n] = 0x80
		binary.BigEndian.PutUint64(m.block[oneBlock+1:], 8*uint64(sha256.BlockSize+n))
		m.compress(m.last[:sha256.Size], &m.block)
	} else {
		m.hash.Write(value)
		m.hash.Sum(m.last[:0])
	}
	_ = m.hash.UnmarshalBinary(m.outer)
	m.compress(m.sum[:], &m.last)
	return &m.sum
}

// compress hashes one padded block and writes the chaining value to dst.
func (m *mac) compress(dst []byte, block *[sha256.BlockSize]byte) {
	m.hash.Write(block[:])
	m.state, _ = m.hash.AppendBinary(m.state[:0])
	copy(dst, m.state[stateAt:])
}

// macs lends states of one sub-key to concurrent callers. As in a Keyring the
// key is in a closure.
type macs struct{ pool *sync.Pool }

func newMACs(key []byte) (macs, error) {
	first, err := newMAC(key)
	if err != nil {
		return macs{}, err
	}
	p := macs{&sync.Pool{New: func() any {
		m, _ := newMAC(key) // as above
		return m
	}}}
	p.put(first)
	return p, nil
}

func (p macs) get() *mac  { return p.pool.Get().(*mac) }
func (p macs) put(m *mac) { p.pool.Put(m) }
