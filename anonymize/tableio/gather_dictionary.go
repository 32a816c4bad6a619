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
			var err error
			if code, err = g.code(dict, k); err != nil {
				return err
			}
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
func (g *gather) code(dict arrow.Array, k int) (int32, error) {
	if dict.IsNull(k) {
		return -2, nil
	}
	if err := g.set.add(dict, k, k+1); err != nil {
		return 0, err
	}
	last := g.set.rows - 1
	if code, ok := g.index[string(g.set.entry(last))]; ok {
		g.set.drop()
		return code, nil
	}
	g.index[string(g.set.entry(last))] = int32(last)
	return int32(last), nil
}
