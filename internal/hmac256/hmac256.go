// Package hmac256 computes HMAC-SHA256 (RFC 2104) of many short texts under one
// key: one at a time by the standard library, or sixteen at a time where the
// processor can.
package hmac256

import (
	"crypto/fips140"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
)

const (
	// stateBytes is the length of the marshaled state of SHA-256, of which the
	// chaining value begins at stateAt.
	stateBytes = 108
	stateAt    = 4
	// oneBlock is the longest text that leaves room for SHA-256's own padding
	// in a block.
	oneBlock = sha256.BlockSize - 9
	// PrefixBytes is how much of an HMAC Prefixes returns.
	PrefixBytes = 16
)

// MAC computes HMAC-SHA256 under one key, with the buffers that one goroutine
// needs, so that a text allocates nothing.
//
// A text of up to 55 bytes costs two blocks of SHA-256: the states after the
// padded keys are kept, and the final blocks are padded here and the chaining
// value read from the marshaled state, which saves two copies of the state that
// Sum would make.
type MAC struct {
	hash         marshaler
	inner, outer []byte // states after the padded keys
	state        []byte
	block        [sha256.BlockSize]byte
	last         [sha256.BlockSize]byte // the outer block
	sum          [sha256.Size]byte
	lanes        *lanes // nil: one text at a time
}

// marshaler is what the hashes of crypto/sha256 promise to implement.
type marshaler interface {
	hash.Hash
	AppendBinary([]byte) ([]byte, error)
	UnmarshalBinary([]byte) error
}

var errState = errors.New("this build of crypto/sha256 cannot save its state")

// New returns the MAC of a key of any length.
func New(key []byte) (*MAC, error) {
	h, ok := sha256.New().(marshaler)
	if !ok {
		return nil, errState
	}
	m := &MAC{hash: h, state: make([]byte, 0, stateBytes)}
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
			return nil, errState
		}
		*side.state = state
	}
	clear(m.block[:])
	m.last[sha256.Size] = 0x80
	binary.BigEndian.PutUint64(m.last[oneBlock+1:], 8*(sha256.BlockSize+sha256.Size))
	if Wide() && !fips140.Enabled() {
		m.lanes = newLanes(m.inner[stateAt:], m.outer[stateAt:])
	}
	return m, nil
}

// Digest returns the HMAC of a text. It is overwritten by the next call.
func (m *MAC) Digest(text []byte) *[sha256.Size]byte {
	_ = m.hash.UnmarshalBinary(m.inner) // it has been read before
	if len(text) <= oneBlock {
		pad(&m.block, text)
		m.compress(m.last[:sha256.Size], &m.block)
	} else {
		m.hash.Write(text)
		m.hash.Sum(m.last[:0])
	}
	_ = m.hash.UnmarshalBinary(m.outer)
	m.compress(m.sum[:], &m.last)
	return &m.sum
}

// pad makes the last block of the inner hash of a text that fits into it.
func pad(block *[sha256.BlockSize]byte, text []byte) {
	n := copy(block[:], text)
	clear(block[n:])
	block[n] = 0x80
	binary.BigEndian.PutUint64(block[oneBlock+1:], 8*uint64(sha256.BlockSize+n))
}

// compress hashes one padded block and writes the chaining value to dst.
func (m *MAC) compress(dst []byte, block *[sha256.BlockSize]byte) {
	m.hash.Write(block[:])
	m.state, _ = m.hash.AppendBinary(m.state[:0])
	copy(dst, m.state[stateAt:])
}

// Prefixes sets dst[i] to the first bytes of the HMAC of what lies in data from
// spans[i][0] to spans[i][1]. dst must be as long as spans.
func (m *MAC) Prefixes(dst [][PrefixBytes]byte, data []byte, spans [][2]int) {
	dst = dst[:len(spans)]
	if m.lanes == nil {
		for i, s := range spans {
			dst[i] = m.prefix(data[s[0]:s[1]])
		}
		return
	}
	m.lanes.prefixes(m, dst, data, spans)
}

func (m *MAC) prefix(text []byte) [PrefixBytes]byte {
	return [PrefixBytes]byte(m.Digest(text)[:PrefixBytes])
}
