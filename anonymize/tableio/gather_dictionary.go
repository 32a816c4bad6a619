package tableio

import (
	"errors"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

func (g *gather) addDictionary(a *array.Dictionary, from, to int) error {
	dict := a.Dictionary()
	if g.last == nil || g.last.Data() != dict.Data() {
		g.release()
		dict.Retain()
		g.last = dict
		g.mapping = append(g.mapping[:0], make([]int32, dict.Len())...)
		for i := range g.mapping {
			g.mapping[i] = -1
		}
	}
	start := g.rows - (to - from)
	index := a.GetValueIndex
	if short, ok := a.Indices().(*array.Int32); ok { // the usual one, without a look at its type
		values := short.Int32Values()
		index = func(i int) int { return int(values[i]) }
	}
	nulls := a.NullN() > 0
	for i := from; i < to; i++ {
		if nulls && a.IsNull(i) {
			g.codes = append(g.codes, 0)
			continue
		}
		k := index(i)
		if k < 0 || k >= len(g.mapping) {
			return errors.New("an index outside the dictionary")
		}
		code := g.mapping[k]
		if code == -1 {
			code = g.code(dict, k)
			g.mapping[k] = code
		}
		if code == -2 {
			g.valid[start+i-from] = 0
			g.nulls++
			code = 0
		}
		g.codes = append(g.codes, code)
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
