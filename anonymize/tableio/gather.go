package tableio

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// gather collects rows of one column in memory of its own until there are
// enough to write. It is where a written file loses what its rows do not say:
// bytes behind a null become zero, and a dictionary is rebuilt from the
// entries that occur, in the order in which they first do.
type gather struct {
	name     string
	dt       arrow.DataType // of the field
	value    arrow.DataType // of the entries for a dictionary, otherwise dt
	width    int            // bytes of a value, 0 for byte strings and nulls
	nullable bool

	rows  int
	nulls int
	valid []byte  // 1 or 0 a row
	fixed []byte  // rows × width; a byte of 0 or 1 for Booleans
	ends  []int64 // byte strings: where each row ends, after a first 0
	data  []byte

	codes []int32 // dictionary: an entry for each row, 0 where null
	set   *gather // dictionary: the entries
	index map[string]int32

	// The mapping of the dictionary that was met last; it is retained, so
	// that its address stays its own.
	last    arrow.Array
	mapping []int32 // code of an entry, -1 where not met yet, -2 for null
}

func newGather(f arrow.Field) (*gather, error) {
	g := &gather{name: f.Name, dt: f.Type, value: f.Type, nullable: f.Nullable}
	if d, ok := f.Type.(*arrow.DictionaryType); ok {
		g.value = d.ValueType
		set, err := newGather(arrow.Field{Name: f.Name, Type: d.ValueType})
		if err != nil {
			return nil, err
		}
		if set.set != nil {
			return nil, fmt.Errorf("column %q: type %s is not supported", f.Name, f.Type)
		}
		g.set, g.index = set, map[string]int32{}
	}
	switch t := g.value.(type) {
	case *arrow.BooleanType:
		g.width = 1
	case *arrow.StringType, *arrow.LargeStringType, *arrow.BinaryType, *arrow.LargeBinaryType,
		*arrow.NullType:
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type,
		*arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type,
		*arrow.Float16Type, *arrow.Float32Type, *arrow.Float64Type,
		*arrow.Date32Type, *arrow.Date64Type, *arrow.Time32Type, *arrow.Time64Type,
		*arrow.TimestampType, *arrow.DurationType, *arrow.MonthIntervalType,
		*arrow.DayTimeIntervalType, *arrow.MonthDayNanoIntervalType, *arrow.FixedSizeBinaryType:
		g.width = t.(arrow.FixedWidthDataType).Bytes()
		if g.width == 0 {
			return nil, fmt.Errorf("column %q: type %s is not supported", f.Name, f.Type)
		}
	case arrow.DecimalType:
		g.width = decimalBytes(t)
		if !sensible(t) {
			return nil, fmt.Errorf("column %q: type %s is not supported", f.Name, f.Type)
		}
	case *arrow.DictionaryType:
	default:
		return nil, fmt.Errorf("column %q: type %s is not supported", f.Name, f.Type)
	}
	g.reset()
	return g, nil
}

// reset forgets the rows and keeps the memory, but not for arrays that were
// taken out.
func (g *gather) reset() {
	g.rows, g.nulls = 0, 0
	g.valid, g.fixed, g.data = g.valid[:0], g.fixed[:0], g.data[:0]
	g.ends, g.codes = append(g.ends[:0], 0), g.codes[:0]
}

// forget empties the dictionary too.
func (g *gather) forget() {
	g.reset()
	if g.set != nil {
		g.set.reset()
		clear(g.index)
		g.release()
	}
}

// release lets go of the input.
func (g *gather) release() {
	if g.last != nil {
		g.last.Release()
		g.last = nil
	}
}

// add appends rows from to to of a column of the field's type.
func (g *gather) add(a arrow.Array, from, to int) error {
	if !sameType(a.DataType(), g.dt) {
		return fmt.Errorf("column %q: type %s, want %s as in the first record",
			g.name, a.DataType(), g.dt)
	}
	before := g.nulls
	if a.NullN() == 0 {
		at := len(g.valid)
		g.valid = slices.Grow(g.valid, to-from)[:at+to-from]
		for i := range g.valid[at:] {
			g.valid[at+i] = 1
		}
	} else {
		for i := from; i < to; i++ {
			ok := byte(1)
			if a.IsNull(i) {
				ok = 0
				g.nulls++
			}
			g.valid = append(g.valid, ok)
		}
	}
	g.rows += to - from
	if err := g.addValues(a, from, to); err != nil {
		return fmt.Errorf("column %q: %w", g.name, err)
	}
	if g.nulls > before && !g.nullable && g.dt.ID() != arrow.NULL {
		return fmt.Errorf("column %q: a null, but the field is not nullable", g.name)
	}
	return nil
}

func (g *gather) addValues(a arrow.Array, from, to int) error {
	switch a := a.(type) {
	case *array.Null:
	case *array.Dictionary:
		return g.addDictionary(a, from, to)
	case *array.Boolean:
		for i := from; i < to; i++ {
			v := byte(0)
			if a.IsValid(i) && a.Value(i) {
				v = 1
			}
			g.fixed = append(g.fixed, v)
		}
	case *array.String, *array.Binary:
		addBytes(g, arrow.Int32Traits.CastFromBytes, a, from, to)
	case *array.LargeString, *array.LargeBinary:
		addBytes(g, arrow.Int64Traits.CastFromBytes, a, from, to)
	default:
		g.addFixed(a, from, to)
	}
	return nil
}

// addBytes copies byte strings whose offsets are those that cast makes of a
// buffer: all at once where none is null.
func addBytes[T int32 | int64](
	g *gather, cast func([]byte) []T, a arrow.Array, from, to int,
) {
	if from == to {
		return
	}
	buffers, off := a.Data().Buffers(), a.Data().Offset()
	offsets := cast(buffers[1].Bytes())[off+from : off+to+1]
	var data []byte
	if buffers[2] != nil {
		data = buffers[2].Bytes()
	}
	g.ends = slices.Grow(g.ends, to-from)
	if a.NullN() == 0 {
		shift := int64(len(g.data)) - int64(offsets[0])
		g.data = append(g.data, data[offsets[0]:offsets[to-from]]...)
		for _, end := range offsets[1:] {
			g.ends = append(g.ends, int64(end)+shift)
		}
		return
	}
	for i := range to - from {
		if a.IsValid(from + i) {
			g.data = append(g.data, data[offsets[i]:offsets[i+1]]...)
		}
		g.ends = append(g.ends, int64(len(g.data)))
	}
}

// bytesOf returns value i without copying it.
func bytesOf(a arrow.Array, i int) []byte {
	switch a := a.(type) {
	case *array.String:
		return stringBytes(a.Value(i))
	case *array.LargeString:
		return stringBytes(a.Value(i))
	case *array.Binary:
		return a.Value(i)
	case *array.LargeBinary:
		return a.Value(i)
	}
	return nil
}

func (g *gather) addFixed(a arrow.Array, from, to int) {
	at := len(g.fixed)
	off := a.Data().Offset()
	g.fixed = append(g.fixed, a.Data().Buffers()[1].Bytes()[(off+from)*g.width:(off+to)*g.width]...)
	if a.NullN() == 0 {
		return
	}
	for i := from; i < to; i++ {
		if a.IsNull(i) {
			clear(g.fixed[at+(i-from)*g.width : at+(i-from+1)*g.width])
		}
	}
}

// size is how many bytes the rows take.
func (g *gather) size() int {
	n := len(g.valid) + len(g.fixed) + len(g.data) + 8*len(g.ends) + 4*len(g.codes)
	if g.set != nil {
		n += g.set.size()
	}
	return n
}

// entry returns the bytes of a row that is not null.
func (g *gather) entry(i int) []byte {
	if g.width > 0 {
		return g.fixed[i*g.width : (i+1)*g.width]
	}
	return g.data[g.ends[i]:g.ends[i+1]]
}

// take returns the rows as an array that owns its memory, and resets. For a
// dictionary these are the codes, as int32.
func (g *gather) take() (arrow.Array, error) {
	v := &validity{most: g.rows}
	v.add(g.rows, g.valid)
	defer g.reset()
	buffer := func(b []byte) *memory.Buffer {
		return memory.NewBufferBytes(append(make([]byte, 0, len(b)), b...))
	}
	switch {
	case g.set != nil:
		codes := buffer(arrow.Int32Traits.CastToBytes(g.codes))
		return newArray(arrow.PrimitiveTypes.Int32, v, codes), nil
	case g.dt.ID() == arrow.NULL:
		return array.NewNull(g.rows), nil
	case g.dt.ID() == arrow.BOOL:
		bits := make([]byte, bitutil.BytesForBits(int64(g.rows)))
		for i, b := range g.fixed {
			bits[i>>3] |= b << (i & 7)
		}
		return newArray(g.dt, v, memory.NewBufferBytes(bits)), nil
	case g.width > 0:
		return newArray(g.dt, v, buffer(g.fixed)), nil
	case g.dt.ID() == arrow.STRING || g.dt.ID() == arrow.BINARY:
		if len(g.data) > math.MaxInt32 {
			return nil, errors.New("more than 2 GiB of text")
		}
		ends := make([]int32, len(g.ends))
		for i, e := range g.ends {
			ends[i] = int32(e)
		}
		return newArray(g.dt, v,
			memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(ends)), buffer(g.data)), nil
	}
	return newArray(g.dt, v, buffer(arrow.Int64Traits.CastToBytes(g.ends)), buffer(g.data)), nil
}
