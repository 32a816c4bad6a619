package linkage

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"unicode/utf8"
)

// keyBytes is the length of the key of a feature.
const keyBytes = 32

const (
	// perBlock is how many positions one HMAC gives.
	perBlock = sha256.Size / 2
	// maxTimes is how often one n-gram sets a bit at most.
	maxTimes = 4 * perBlock
	// maxCached bounds the n-grams of a feature that are kept: 2 MiB. There
	// are about a thousand bigrams of lower-case names.
	maxCached = 1 << 14
)

// state is what one goroutine needs to encode people.
type state struct {
	words    [2 * FilterBits / 64]uint64 // bits before the hardening
	features []featureState
	order    []uint16
	text     []byte   // canonical value
	grams    [][]byte // parts of text
	scratch  positions
}

// featureState computes the positions of n-grams under the key of a feature
// and keeps those of short ones.
type featureState struct {
	mac    hash.Hash
	sum    []byte
	block  []byte
	cached map[uint64]int32 // packed n-gram to the place in kept
	kept   []positions
}

// positions are those of one n-gram, of which the first blocks are known.
type positions struct {
	at     [maxTimes]uint16
	blocks int
}

func newState(keys [][]byte, order []uint16) *state {
	s := &state{order: order}
	for _, key := range keys {
		s.features = append(s.features, featureState{
			mac:    hmac.New(sha256.New, key),
			cached: map[uint64]int32{},
		})
	}
	return s
}

// add sets the bits of a value and tells whether there were any.
func (s *state) add(i int, f *feature, value []byte, size int) (bool, error) {
	if len(value) == 0 {
		return false, nil
	}
	var err error
	if s.text, err = f.chain.Append(s.text[:0], value); err != nil {
		return false, err
	}
	if len(s.text) == 0 {
		return false, nil
	}
	s.cut(f.grams)
	times := min(max((f.bits+len(s.grams)/2)/len(s.grams), 1), maxTimes)
	for _, gram := range s.grams {
		p := s.features[i].positions(gram, times, &s.scratch)
		for _, at := range p.at[:times] {
			bit := int(at) & (size - 1)
			s.words[bit/64] |= 1 << (bit % 64)
		}
	}
	return true, nil
}

// cut lists the distinct n-grams of text. A byte that is not UTF-8 counts as a
// character.
func (s *state) cut(n int) {
	s.grams = s.grams[:0]
	text := s.text
	end := 0
	for range n {
		if end == len(text) {
			break
		}
		_, size := utf8.DecodeRune(text[end:])
		end += size
	}
	for start := 0; ; {
		s.addGram(text[start:end])
		if end == len(text) {
			return
		}
		_, size := utf8.DecodeRune(text[start:])
		start += size
		_, size = utf8.DecodeRune(text[end:])
		end += size
	}
}

// addGram looks for the n-gram among those of the value: there are few.
func (s *state) addGram(gram []byte) {
	if len(s.grams) < maxGramsOfValue {
		for _, g := range s.grams {
			if bytes.Equal(g, gram) {
				return
			}
		}
		s.grams = append(s.grams, gram)
	}
}

// maxGramsOfValue bounds the work on one value.
const maxGramsOfValue = 1024

// positions returns at least the first times positions of an n-gram.
func (f *featureState) positions(gram []byte, times int, scratch *positions) *positions {
	p := scratch
	if len(gram) < 8 {
		var packed [8]byte
		copy(packed[:], gram)
		packed[7] = byte(len(gram))
		key := binary.LittleEndian.Uint64(packed[:])
		place, ok := f.cached[key]
		if !ok && len(f.kept) < maxCached {
			place, ok = int32(len(f.kept)), true
			f.kept = append(f.kept, positions{})
			f.cached[key] = place
		}
		if ok {
			p = &f.kept[place]
		}
	}
	if p == scratch {
		p.blocks = 0
	}
	for ; p.blocks*perBlock < times; p.blocks++ {
		f.block = append(append(f.block[:0], byte(p.blocks)), gram...)
		f.mac.Reset()
		f.mac.Write(f.block)
		f.sum = f.mac.Sum(f.sum[:0])
		for i := range perBlock {
			p.at[p.blocks*perBlock+i] = binary.BigEndian.Uint16(f.sum[2*i:])
		}
	}
	return p
}

// harden returns the filter of the bits that are set.
func (s *state) harden(h Hardening) filter {
	var f filter
	if h == Fold {
		for i := range f {
			f[i] = s.words[i] ^ s.words[i+len(f)]
		}
		return f
	}
	const half = len(f) / 2
	for i, to := range s.order {
		word := s.words[i/64%half]
		if i >= FilterBits/2 {
			word = ^word
		}
		f[to/64] |= word >> (i % 64) & 1 << (to % 64)
	}
	return f
}
