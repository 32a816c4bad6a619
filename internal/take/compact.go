package take

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Compact returns a with a dictionary of what its rows refer to and nothing
// else. An array without a dictionary, or whose dictionary is so already, is
// shared: to see that takes one look at each index. The caller releases the
// array.
func Compact(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
	d, ok := a.(*array.Dictionary)
	if !ok || full(d) {
		a.Retain()
		return a, nil
	}
	return Recode(mem, d, nil)
}

// full says whether every entry of the dictionary occurs and every index is one
// of an entry.
func full(d *array.Dictionary) bool {
	entries := 0
	if dict := d.Data().Dictionary(); dict != nil {
		entries = dict.Len()
	}
	used := make([]bool, entries)
	switch x := d.Indices().(type) {
	case *array.Int8:
		return marked(used, x.Int8Values(), d)
	case *array.Int16:
		return marked(used, x.Int16Values(), d)
	case *array.Int32:
		return marked(used, x.Int32Values(), d)
	case *array.Int64:
		return marked(used, x.Int64Values(), d)
	case *array.Uint8:
		return marked(used, x.Uint8Values(), d)
	case *array.Uint16:
		return marked(used, x.Uint16Values(), d)
	case *array.Uint32:
		return marked(used, x.Uint32Values(), d)
	case *array.Uint64:
		return marked(used, x.Uint64Values(), d)
	}
	return false
}

// marked marks the entries that the rows refer to and says whether these are
// all.
func marked[T integer](used []bool, indices []T, d *array.Dictionary) bool {
	nulls := hasNulls(d)
	for i, x := range indices {
		if nulls && d.IsNull(i) {
			continue
		}
		if uint64(x) >= uint64(len(used)) { // negative ones too
			return false
		}
		used[x] = true
	}
	for _, u := range used {
		if !u {
			return false
		}
	}
	return true
}
