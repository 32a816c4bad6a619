package column

import (
	"hash/maphash"
	"math/bits"

	"github.com/lethe-go/lethe/internal/group"
)

// byteTable numbers distinct byte strings densely. They lie one behind the
// other in an arena; a slot holds 32 bits of the hash, which decide nearly all
// comparisons and suffice to grow, and the number. The hash has a seed of its
// own, so that nobody can write a file whose strings all fall on one slot.
type byteTable struct {
	seed  maphash.Seed
	arena []byte
	ends  []uint64 // ends[i] is where string i ends and string i+1 starts
	slots []uint64 // hash << 32 | number + 1; 0 is free
	shift uint     // 32 - log2(len(slots))
}

const minByteSlots = 16

func newByteTable() *byteTable {
	return &byteTable{
		seed:  maphash.MakeSeed(),
		slots: make([]uint64, minByteSlots),
		shift: uint(32 - bits.TrailingZeros(minByteSlots)),
	}
}

func (t *byteTable) len() int { return len(t.ends) }

func (t *byteTable) at(i uint32) []byte {
	start := uint64(0)
	if i > 0 {
		start = t.ends[i-1]
	}
	return t.arena[start:t.ends[i]:t.ends[i]]
}

// find returns the number of a string, or group.None and the free slot for it.
func (t *byteTable) find(s []byte, tag uint64) (uint32, uint64) {
	mask := uint64(len(t.slots) - 1)
	for p := tag >> t.shift; ; p = (p + 1) & mask {
		e := t.slots[p]
		if e == 0 {
			return group.None, p
		}
		if i := uint32(e) - 1; e>>32 == tag && string(t.at(i)) == string(s) {
			return i, p
		}
	}
}

func (t *byteTable) lookup(s []byte) uint32 {
	i, _ := t.find(s, maphash.Bytes(t.seed, s)>>32)
	return i
}

func (t *byteTable) add(s []byte) uint32 {
	tag := maphash.Bytes(t.seed, s) >> 32
	i, p := t.find(s, tag)
	if i != group.None {
		return i
	}
	t.append(s)
	t.slots[p] = tag<<32 | uint64(len(t.ends))
	if 3*len(t.ends) > 2*len(t.slots) {
		t.grow()
	}
	return uint32(len(t.ends) - 1)
}

// append takes the next number without making it findable.
func (t *byteTable) append(s []byte) {
	t.arena = append(t.arena, s...)
	t.ends = append(t.ends, uint64(len(t.arena)))
}

func (t *byteTable) grow() {
	old := t.slots
	t.slots = make([]uint64, 2*len(old))
	if t.shift > 0 { // beyond 2^32 slots there are no more bits to tell them apart
		t.shift--
	}
	mask := uint64(len(t.slots) - 1)
	for _, e := range old {
		if e == 0 {
			continue
		}
		p := e >> 32 >> t.shift
		for t.slots[p] != 0 {
			p = (p + 1) & mask
		}
		t.slots[p] = e
	}
}
