package pqfile

import (
	"encoding/binary"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Integers get the codes and entries of first sight, whether they lie close
// together or not, below zero and beside nulls too.
func TestDictionaryOfIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.SampledFrom([]int{4, 8}).Draw(t, "width")
		far := rapid.Bool().Draw(t, "far")
		distinct := rapid.SliceOfN(rapid.Int32Range(-40000, 25000), 1, 12).Draw(t, "distinct")
		if far {
			distinct = append(distinct, -1<<31, 1<<31-1)
		}
		rows := rapid.IntRange(1, 300).Draw(t, "rows")
		v := &Values{}
		var want []int32
		var entries []int32
		for i := range rows {
			x, valid := distinct[(i*i+i/7)%len(distinct)], byte(1)
			if i%5 == 3 {
				x, valid = 0, 0
				v.Nulls++
			}
			v.Valid = append(v.Valid, valid)
			if width == 4 {
				v.Fixed = binary.LittleEndian.AppendUint32(v.Fixed, uint32(x))
			} else {
				v.Fixed = binary.LittleEndian.AppendUint64(v.Fixed, uint64(int64(x)))
			}
			code := 0
			if valid != 0 {
				if code = slices.Index(entries, x); code < 0 {
					code, entries = len(entries), append(entries, x)
				}
			}
			want = append(want, int32(code))
		}
		var d dictionaryBuilder
		for range 2 { // the second time in the memory of the first
			got := d.build(v, width)
			if values := rows - v.Nulls; len(entries) > values/rowsAnEntry+1 {
				if got != nil {
					t.Fatalf("a dictionary of %d entries for %d values", len(entries), values)
				}
				return
			}
			if !slices.Equal(got, want) {
				t.Fatalf("codes %v, want %v", got, want)
			}
			for i, x := range entries {
				if have := int32(load(d.fixed[i*width:], width)); have != x {
					t.Fatalf("entry %d is %d, want %d", i, have, x)
				}
			}
		}
	})
}
