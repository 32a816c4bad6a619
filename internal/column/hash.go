package column

import (
	"errors"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/zeebo/xxh3"
)

// Hash adds a hash of the value of each row of a to sums. Equal values of one
// Type have equal hashes whatever their encoding; seed tells columns apart. It
// is no protection of the values. It fails for an array without a Type and for
// a dictionary index out of range.
func Hash(a arrow.Array, seed uint64, sums []uint64) error {
	t, err := TypeOf(a.DataType())
	if err != nil {
		return err
	}
	if d, ok := a.(*array.Dictionary); ok {
		return hashDictionary(d, seed, sums)
	}
	if t.bytes() {
		return hashBytes(a, seed, sums)
	}
	var words [block]uint64
	nulls := hasNulls(a)
	for lo := 0; lo < len(sums); lo += block {
		part := sums[lo:min(lo+block, len(sums))]
		clear(words[:len(part)])
		if err := loadWords(a, rows{lo: lo}, words[:len(part)]); err != nil {
			return err
		}
		for i := range part {
			if nulls && isNull(a, lo+i) {
				part[i] += mix(^seed)
			} else {
				part[i] += mix(words[i] ^ mix(seed))
			}
		}
	}
	return nil
}

func hashBytes(a arrow.Array, seed uint64, sums []uint64) error {
	value, err := byteReader(a)
	if err != nil {
		return err
	}
	nulls := hasNulls(a)
	for i := range sums {
		if nulls && isNull(a, i) {
			sums[i] += mix(^seed)
		} else {
			sums[i] += xxh3.HashSeed(value(i), seed)
		}
	}
	return nil
}

func hashDictionary(d *array.Dictionary, seed uint64, sums []uint64) error {
	// d.Dictionary would write to d, which others may be reading.
	dict := array.MakeFromData(d.Data().Dictionary())
	defer dict.Release()
	entries := make([]uint64, dict.Len())
	if err := Hash(dict, seed, entries); err != nil {
		return err
	}
	nulls, index := hasNulls(d), d.GetValueIndex
	if short, ok := d.Indices().(*array.Int32); ok {
		values := short.Int32Values()
		index = func(i int) int { return int(values[i]) }
	}
	for i := range sums {
		if nulls && d.IsNull(i) {
			sums[i] += mix(^seed)
			continue
		}
		k := index(i)
		if uint(k) >= uint(len(entries)) {
			return errors.New("a dictionary index is out of range")
		}
		sums[i] += entries[k]
	}
	return nil
}

// mix is the finalizer of SplitMix64, a bijection.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}
