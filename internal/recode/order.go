package recode

import "math/bits"

// itemOrder sorts items by keys.
type itemOrder struct {
	keys  []uint64
	items []int32

	keys2  []uint64
	items2 []int32
}

// sort orders the items by fields, as many as fit into 64 bits.
func (o *itemOrder) sort(s *solver, fields []keyField) {
	n := s.items()
	clear(o.keys)
	used := 0
	for _, f := range fields {
		c := &s.Columns[f.column]
		b := bits.Len(uint(len(c.Shares[f.level]) - 1))
		if b == 0 {
			continue
		}
		if used+b > 64 {
			break
		}
		used += b
		step := s.steps[f.column][f.level-c.Min]
		for i := range n {
			o.keys[i] = o.keys[i]<<b | uint64(step[s.low(i, f.column)])
		}
	}
	for i := range o.items {
		o.items[i] = int32(i)
	}
	o.radix(used)
}

// radix sorts by the used low bits of the keys, equal ones as they stand.
func (o *itemOrder) radix(used int) {
	const digit = 11
	if len(o.keys2) < len(o.keys) {
		o.keys2, o.items2 = make([]uint64, len(o.keys)), make([]int32, len(o.keys))
	}
	for shift := 0; shift < used; shift += digit {
		var at [1 << digit]int32
		for _, key := range o.keys {
			at[key>>shift&(1<<digit-1)]++
		}
		sum := int32(0)
		for d, n := range at {
			at[d] = sum
			sum += n
		}
		for i, key := range o.keys {
			p := &at[key>>shift&(1<<digit-1)]
			o.keys2[*p], o.items2[*p] = key, o.items[i]
			*p++
		}
		o.keys, o.keys2 = o.keys2, o.keys
		o.items, o.items2 = o.items2, o.items
	}
}
