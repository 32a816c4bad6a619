package kanon

import (
	"hash/maphash"
	"math/bits"
)

// textNumbers numbers texts from 1 in the order in which they come, as
// keyNumbers does words. Its hash has a seed drawn at random. It keeps copies.
type textNumbers struct {
	seed  maphash.Seed
	slots []textSlot
	bytes []byte // of all texts
	ends  []int  // of each in them
}

// textSlot is free where its number is 0.
type textSlot struct {
	hash   uint64
	number uint32
}

func newTextNumbers() *textNumbers {
	return &textNumbers{seed: maphash.MakeSeed(), slots: make([]textSlot, 64)}
}

func (t *textNumbers) len() int { return len(t.ends) }

// text is the text of a number.
func (t *textNumbers) text(number uint32) []byte {
	from := 0
	if number > 1 {
		from = t.ends[number-2]
	}
	return t.bytes[from:t.ends[number-1]]
}

// lookup is the slot of a text or the free one it may have.
func (t *textNumbers) lookup(text string, hash uint64) *textSlot {
	for at := int(hash >> (64 - bits.TrailingZeros(uint(len(t.slots))))); ; at++ {
		s := &t.slots[at&(len(t.slots)-1)]
		if s.number == 0 || s.hash == hash && string(t.text(s.number)) == text {
			return s
		}
	}
}

// number is that of a text.
func (t *textNumbers) number(text string) uint32 {
	hash := maphash.String(t.seed, text)
	s := t.lookup(text, hash)
	if s.number == 0 {
		t.bytes = append(t.bytes, text...)
		t.ends = append(t.ends, len(t.bytes))
		*s = textSlot{hash, uint32(len(t.ends))}
		if 2*len(t.ends) > len(t.slots) {
			t.grow()
		}
		return uint32(len(t.ends))
	}
	return s.number
}

func (t *textNumbers) grow() {
	old := t.slots
	t.slots = make([]textSlot, 2*len(old))
	shift := 64 - bits.TrailingZeros(uint(len(t.slots)))
	for _, s := range old {
		if s.number == 0 {
			continue
		}
		at := int(s.hash >> shift)
		for t.slots[at].number != 0 {
			at = (at + 1) & (len(t.slots) - 1)
		}
		t.slots[at] = s
	}
}
