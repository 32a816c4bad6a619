package tableio

import (
	"errors"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

func (g *gather) addDictionary(a *array.Dictionary, from, to int) error {
	dict := a.Dictionary()
	if g.last == nil || g.last.Data() != dict.Data() {
		g.release()
		dict.Retain()
		g.last = dict
		g.mapping = slices.Grow(g.mapping[:0], dict.Len())[:dict.Len()]
		for i := range g.mapping {
			g.mapping[i] = -1
		}
	}
	switch x := a.Indices().(type) {
	case *array.Int8:
		return addIndices(g, a, x.Int8Values(), from, to)
	case *array.Int16:
		return addIndices(g, a, x.Int16Values(), from, to)
	case *array.Int32:
		return addIndices(g, a, x.Int32Values(), from, to)
	case *array.Int64:
		return addIndices(g, a, x.Int64Values(), from, to)
	case *array.Uint8:
		return addIndices(g, a, x.Uint8Values(), from, to)
	case *array.Uint16:
		return addIndices(g, a, x.Uint16Values(), from, to)
	case *array.Uint32:
		return addIndices(g, a, x.Uint32Values(), from, to)
	case *array.Uint64:
		return addIndices(g, a, x.Uint64Values(), from, to)
	}
	return errors.New("a dictionary without indices")
}

// addIndices adds rows from to to of a, whose indices are given.
func addIndices[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](
	g *gather, a *array.Dictionary, indices []T, from, to int,
) error {
	at, valid := len(g.codes), g.valid[g.rows-(to-from):]
	g.codes = slices.Grow(g.codes, to-from)[:at+to-from]
	codes, mapping, nulls := g.codes[at:], g.mapping, a.NullN() > 0
	for i, x := range indices[from:to] {
		codes[i] = 0
		if nulls && valid[i] == 0 {
			continue
		}
		if uint64(x) >= uint64(len(mapping)) { // negative ones too
			return errors.New("an index outside the dictionary")
		}
		code := mapping[x]
		if code == -1 {
			code = g.code(g.last, int(x))
			mapping[x] = code
		}
		if code == -2 {
			valid[i] = 0
			g.nulls++
			continue
		}
		codes[i] = code
	}
	return nil
}

// code returns the code of entry k of dict, -2 where it is null.
func (g *gather) code(dict arrow.Array, k int) int32 {
	if dict.IsNull(k) {
		return -2
	}
	var flag [1]byte
	v := flag[:]
	switch a := dict.(type) {
	case *array.Null:
		return -2
	case *array.String, *array.LargeString, *array.Binary, *array.LargeBinary:
		v = bytesOf(a, k)
	case *array.Boolean:
		if a.Value(k) {
			flag[0] = 1
		}
	default:
		at := (dict.Data().Offset() + k) * g.width
		v = dict.Data().Buffers()[1].Bytes()[at : at+g.width]
	}
	if code, ok := g.index[string(v)]; ok {
		return code
	}
	code := g.set.rows
	g.set.append(v)
	// The entries stay where they are, or their old place stays as it is.
	g.index[bytesString(g.set.entry(code))] = int32(code)
	return int32(code)
}

// append adds one row that is not null.
func (g *gather) append(v []byte) {
	g.rows++
	g.valid = append(g.valid, 1)
	if g.width > 0 {
		g.fixed = append(g.fixed, v...)
		return
	}
	g.data = append(g.data, v...)
	g.ends = append(g.ends, int64(len(g.data)))
}
