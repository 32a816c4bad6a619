package pseudonym

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
)

// numbering gives the entries of a dictionary codes from 0 on, in the order of
// their first row.
type numbering struct {
	code  []int32 // of each entry the code plus one, 0 if it is not met yet, or nullEntry
	used  []int32 // the entry of each code
	first []int32 // its first row
}

const nullEntry = -1

func newNumbering(v values) *numbering {
	most := min(v.n, 1<<12)
	s := &numbering{
		code:  make([]int32, v.n),
		used:  make([]int32, 0, most),
		first: make([]int32, 0, most),
	}
	if v.any() {
		for i := range s.code {
			if v.null(i) {
				s.code[i] = nullEntry
			}
		}
	}
	return s
}

// meet gives a new code to the entry of a row and returns it plus one.
func (s *numbering) meet(entry, row int) int32 {
	s.used = append(s.used, int32(entry))
	s.first = append(s.first, int32(row))
	s.code[entry] = int32(len(s.used))
	return s.code[entry]
}

// number fills out with the code of each row of d, or a negative number where
// the row or its entry is null. An index that is not that of an entry is an
// error.
func (s *numbering) number(out []int32, d *array.Dictionary, rows validity) error {
	if len(out) == 0 {
		return nil
	}
	switch x := d.Indices().(type) {
	case *array.Int8:
		return number(s, out, x.Int8Values(), rows)
	case *array.Int16:
		return number(s, out, x.Int16Values(), rows)
	case *array.Int32:
		return number(s, out, x.Int32Values(), rows)
	case *array.Int64:
		return number(s, out, x.Int64Values(), rows)
	case *array.Uint8:
		return number(s, out, x.Uint8Values(), rows)
	case *array.Uint16:
		return number(s, out, x.Uint16Values(), rows)
	case *array.Uint32:
		return number(s, out, x.Uint32Values(), rows)
	case *array.Uint64:
		return number(s, out, x.Uint64Values(), rows)
	}
	return fmt.Errorf("dictionary indices of type %s are not supported", d.Indices().DataType())
}

func number[T integer](s *numbering, out []int32, in []T, rows validity) error {
	if len(in) != len(out) {
		return errDamaged
	}
	if rows.any() {
		return s.withNulls(out, rows, func(row int) uint64 { return uint64(in[row]) })
	}
	code := s.code
	for row, x := range in {
		if uint64(x) >= uint64(len(code)) { // a negative index becomes a huge one
			return errIndex
		}
		c := code[x]
		if c == 0 {
			c = s.meet(int(x), row)
		}
		out[row] = c - 1
	}
	return nil
}

// withNulls is number for rows of which some are null: their index means
// nothing.
func (s *numbering) withNulls(out []int32, rows validity, at func(row int) uint64) error {
	for row := range out {
		out[row] = nullEntry
		if rows.null(row) {
			continue
		}
		x := at(row)
		if x >= uint64(len(s.code)) {
			return errIndex
		}
		c := s.code[x]
		if c == 0 {
			c = s.meet(int(x), row)
		}
		out[row] = c - 1
	}
	return nil
}

// markNulls fills the bitmap of rows of which those with a negative code are
// null, gives these the code 0, and returns how many they are.
func markNulls(bits []byte, codes []int32) int {
	clear(bits)
	nulls := 0
	for row, c := range codes {
		if c < 0 {
			codes[row] = 0
			nulls++
			continue
		}
		bitutil.SetBit(bits, row)
	}
	return nulls
}
