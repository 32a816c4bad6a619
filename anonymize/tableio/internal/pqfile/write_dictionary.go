package pqfile

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/lethe-go/lethe/internal/group"
)

const (
	// A dictionary is made where it has few entries for the rows it stands for,
	// and is small enough to stay in a cache of the reader.
	maxEntries     = 1 << 15
	maxEntryBytes  = 1 << 20
	rowsAnEntry    = 4
	dictionaryStep = 1 << 12 // rows between two looks at whether it pays
	// Values of which so many of the first step differ come again too rarely.
	mostOfStep = dictionaryStep * 7 / 8
	// maxSpread bounds the room for integers that lie close together.
	maxSpread = 1 << 16
)

// dictionaryBuilder finds the distinct values of a column of a row group, in
// the order in which they first occur.
type dictionaryBuilder struct {
	fixed   []byte
	strings Strings

	table *group.Table // of values or their hashes
	dense group.Dense  // in its place, of integers that lie close together
	close bool         // whether they do
	low   uint64       // the least of them
	codes []int32
	keys  [dictionaryStep]uint64
	found [dictionaryStep]uint32
}

// build returns the code of each row, 0 for a null, and leaves the entries in
// fixed or strings; nil where a dictionary does not pay.
func (d *dictionaryBuilder) build(v *Values, width int) []int32 {
	rows := len(v.Valid)
	values := rows - v.Nulls
	if values == 0 {
		return nil
	}
	if d.table == nil {
		d.table = group.New(1, 0)
	}
	d.table.Reset(0)
	if d.close = d.spread(v, width); d.close {
		d.dense.Reset(maxSpread)
	}
	d.fixed = d.fixed[:0]
	d.strings.Reset()
	d.codes = slices.Grow(d.codes[:0], rows)[:rows]
	limit := min(maxEntries, values/rowsAnEntry+1)
	for from := 0; from < rows; from += dictionaryStep {
		to := min(rows, from+dictionaryStep)
		before := d.entries()
		if d.close {
			d.dense.Add(d.found[:d.offsets(v, width, from, to)])
		} else {
			n := d.hash(v, width, from, to)
			d.table.Add(d.keys[:n], d.found[:n])
		}
		if !d.place(v, width, from, to, before) {
			return nil
		}
		size := len(d.fixed) + len(d.strings.Data)
		if d.entries() > limit || size > maxEntryBytes ||
			from == 0 && rows > dictionaryStep && d.entries() > mostOfStep {
			return nil
		}
	}
	return d.codes
}

// entries is how many values differ so far.
func (d *dictionaryBuilder) entries() int {
	if d.close {
		return d.dense.Len()
	}
	return d.table.Len()
}

// offsets writes how far each value of the rows that is not null lies above the
// least to d.found.
func (d *dictionaryBuilder) offsets(v *Values, width, from, to int) int {
	if width == 8 {
		return above(d.found[:], as[uint64](v.Fixed)[from:to], v.Valid[from:to], d.low)
	}
	return above(d.found[:], as[uint32](v.Fixed)[from:to], v.Valid[from:to], uint32(d.low))
}

func above[T uint32 | uint64](found []uint32, values []T, valid []byte, low T) (n int) {
	found, valid = found[:len(values)], valid[:len(values)]
	for i, x := range values {
		found[n] = uint32(x - low)
		n += int(valid[i])
	}
	return n
}

// spread says whether integers lie so close together that they are numbered
// without a hash, and notes the least of them. Those of the first step mostly
// tell that they do not.
func (d *dictionaryBuilder) spread(v *Values, width int) bool {
	switch width {
	case 8:
		return d.spreadOf(rangeOf(as[int64](v.Fixed[:min(len(v.Fixed), width*dictionaryStep)]))) &&
			d.spreadOf(rangeOf(as[int64](v.Fixed)))
	case 4:
		return d.spreadOf(rangeOf(as[int32](v.Fixed[:min(len(v.Fixed), width*dictionaryStep)]))) &&
			d.spreadOf(rangeOf(as[int32](v.Fixed)))
	}
	return false
}

func (d *dictionaryBuilder) spreadOf(low, high int64) bool {
	d.low = uint64(low)
	return uint64(high)-uint64(low) < maxSpread
}

func rangeOf[T int32 | int64](values []T) (low, high int64) {
	least, most := values[0], values[0]
	for _, x := range values {
		least, most = min(least, x), max(most, x)
	}
	return int64(least), int64(most)
}

// hash writes a key of each value of the rows that is not null to d.keys: the
// value itself where it has at most eight bytes.
func (d *dictionaryBuilder) hash(v *Values, width, from, to int) (n int) {
	valid := v.Valid[from:to]
	switch width {
	case 8:
		for i, ok := range valid {
			d.keys[n] = binary.LittleEndian.Uint64(v.Fixed[(from+i)*8:])
			n += int(ok)
		}
	case 4:
		for i, ok := range valid {
			d.keys[n] = uint64(binary.LittleEndian.Uint32(v.Fixed[(from+i)*4:]))
			n += int(ok)
		}
	case 0:
		for i, ok := range valid {
			if ok != 0 {
				d.keys[n] = xxh3.Hash(v.Strings.at(from + i))
				n++
			}
		}
	default:
		for i, ok := range valid {
			if ok != 0 {
				d.keys[n] = xxh3.Hash(v.Fixed[(from+i)*width : (from+i+1)*width])
				n++
			}
		}
	}
	return n
}

// place writes the codes found of the rows and appends the entries that are
// new. It returns false where two values have one hash.
func (d *dictionaryBuilder) place(v *Values, width, from, to, entries int) bool {
	codes := d.codes[from:to]
	if v.Nulls == 0 {
		for i, code := range d.found[:len(codes)] {
			codes[i] = int32(code)
		}
	} else {
		n := 0
		for i, ok := range v.Valid[from:to] {
			codes[i] = int32(d.found[n] & -uint32(ok))
			n = min(n+int(ok), len(d.found)-1)
		}
	}
	exact := width == 4 || width == 8
	if exact {
		for i := entries; i < d.entries(); i++ {
			var key uint64
			if d.close {
				key = d.low + uint64(d.dense.Cells()[i])
			} else {
				key = d.table.Keys()[i]
			}
			if width == 8 {
				d.fixed = binary.LittleEndian.AppendUint64(d.fixed, key)
			} else {
				d.fixed = binary.LittleEndian.AppendUint32(d.fixed, uint32(key))
			}
		}
		return true
	}
	for i, ok := range v.Valid[from:to] {
		if ok == 0 {
			continue
		}
		code := int(codes[i])
		if width == 0 {
			value := v.Strings.at(from + i)
			if code == entries {
				d.strings.append(value)
				entries++
			} else if !bytes.Equal(value, d.strings.at(code)) {
				return false
			}
			continue
		}
		value := v.Fixed[(from+i)*width : (from+i+1)*width]
		if code == entries {
			d.fixed = append(d.fixed, value...)
			entries++
		} else if !bytes.Equal(value, d.fixed[code*width:(code+1)*width]) {
			return false
		}
	}
	return true
}
