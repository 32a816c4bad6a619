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
	return &textNumbers{seed: maphash.MakeSeed(), slots: make([]textSlot, 2*textsAhead)}
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

// home is the first slot in which a text is looked for.
func (t *textNumbers) home(hash uint64) int {
	return int(hash >> (64 - bits.TrailingZeros(uint(len(t.slots)))))
}

// lookup goes from a slot to that of a text or to the free one it may have.
func (t *textNumbers) lookup(text string, hash uint64, at int) *textSlot {
	for ; ; at++ {
		s := &t.slots[at&(len(t.slots)-1)]
		if s.number == 0 || s.hash == hash && string(t.text(s.number)) == text {
			return s
		}
	}
}

// textsAhead is how many texts are looked up together.
const textsAhead = 128

// number writes the number of each text to out. Of some texts at a time all
// slots are read before the first is compared, and then where the texts lie, so
// that memory serves the reads together.
func (t *textNumbers) number(texts []string, out []uint32) {
	if len(texts) == 1 { // as of an entry of a dictionary
		t.reserve()
		hash := maphash.String(t.seed, texts[0])
		out[0] = t.one(texts[0], hash, t.home(hash))
		return
	}
	var hashes [textsAhead]uint64
	var homes [textsAhead]int
	var first [textsAhead]byte // of the texts there are
	for len(texts) > 0 {
		t.reserve()
		n := min(textsAhead, len(texts))
		for i, text := range texts[:n] {
			hashes[i] = maphash.String(t.seed, text)
			homes[i] = t.home(hashes[i])
			out[i] = t.slots[homes[i]].number
		}
		for i, number := range out[:n] {
			if first[i] = 0; number != 0 {
				if end := t.ends[number-1]; end > 0 {
					first[i] = t.bytes[end-1]
				}
			}
		}
		for i, text := range texts[:n] {
			out[i] = t.one(text, hashes[i], homes[i])
		}
		texts, out = texts[n:], out[n:]
	}
}

// one is the number of a text.
func (t *textNumbers) one(text string, hash uint64, at int) uint32 {
	s := t.lookup(text, hash, at)
	if s.number == 0 {
		t.bytes = append(t.bytes, text...)
		t.ends = append(t.ends, len(t.bytes))
		*s = textSlot{hash, uint32(len(t.ends))}
	}
	return s.number
}

// reserve makes room for as many texts as are looked up together.
func (t *textNumbers) reserve() {
	if 2*(len(t.ends)+textsAhead) <= len(t.slots) {
		return
	}
	old := t.slots
	t.slots = make([]textSlot, 2*len(old))
	for _, s := range old {
		if s.number == 0 {
			continue
		}
		at := t.home(s.hash)
		for t.slots[at].number != 0 {
			at = (at + 1) & (len(t.slots) - 1)
		}
		t.slots[at] = s
	}
}
