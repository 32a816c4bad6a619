package column

import "github.com/zeebo/xxh3"

// Hashes are a hash of the value of each code. Equal values of one Type have
// equal hashes in any Coder; seed tells columns apart. They are no protection of
// the values.
func (c *Coder) Hashes(seed uint64) []uint64 {
	hashes := make([]uint64, c.Len())
	for code := range hashes {
		switch {
		case int64(code) == c.null:
			hashes[code] = mix(^seed)
		case c.text != nil:
			hashes[code] = xxh3.HashSeed(c.text.at(uint32(code)), seed)
		default:
			hashes[code] = mix(c.words.Keys()[code] ^ mix(seed))
		}
	}
	return hashes
}

// mix is the finalizer of SplitMix64, a bijection.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}
