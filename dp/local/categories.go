package local

import (
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/number"
)

// maxCategories bounds the categories of a column.
const maxCategories = 1 << 20

// checkCategories checks a public list of values, and that other is one of
// them. It names places in the list and not values.
func checkCategories(categories []string, other string) []error {
	var errs []error
	if n := len(categories); n < 2 || n > maxCategories {
		errs = append(errs, fmt.Errorf("%d categories, want 2 to %d: all values that the column may "+
			"have, listed without looking at it", n, maxCategories))
	}
	seen := map[string]bool{}
	for i, c := range categories {
		if seen[c] {
			errs = append(errs, fmt.Errorf("category %d is there twice", i+1))
		}
		seen[c] = true
	}
	if other != "" && !seen[other] {
		errs = append(errs, errors.New("other is none of the categories"))
	}
	return errs
}

// valueType is the type of the values of a column of categories.
func valueType(in arrow.DataType) (arrow.DataType, error) {
	value := in
	if d, ok := in.(*arrow.DictionaryType); ok {
		value = d.ValueType
	}
	switch value.ID() {
	case arrow.STRING, arrow.LARGE_STRING, arrow.BOOL,
		arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64,
		arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
		return value, nil
	}
	return nil, fmt.Errorf("the column is %s; want text, booleans, integers or a dictionary of them",
		in)
}

// domain turns values of one type into the numbers of categories.
type domain struct {
	texts  map[string]int32 // by one of the two
	whole  map[int64]int32
	values arrow.Array // the categories; lives as long as the domain, on the Go heap
	other  int32       // for nulls and what is in no category; none if there is none
}

const none = -1

func newDomain(in arrow.DataType, categories []string, other string) (*domain, error) {
	value, err := valueType(in)
	if err != nil {
		return nil, err
	}
	d := &domain{other: none}
	if other != "" {
		d.other = int32(slices.Index(categories, other))
	}
	b := array.NewBuilder(memory.NewGoAllocator(), value)
	defer b.Release()
	for i, c := range categories {
		if err := b.AppendValueFromString(c); err != nil || c == array.NullValueStr {
			return nil, fmt.Errorf("category %d is no value of %s", i+1, value)
		}
	}
	d.values = b.NewArray()
	read := wholeNumbers(d.values)
	if read != nil {
		d.whole = make(map[int64]int32, len(categories))
	} else {
		d.texts = make(map[string]int32, len(categories))
	}
	for i := range categories {
		if read == nil {
			d.texts[categories[i]] = int32(i)
			continue
		}
		if _, twice := d.whole[read(i)]; twice {
			return nil, fmt.Errorf("category %d is there twice, written in two ways", i+1)
		}
		d.whole[read(i)] = int32(i)
	}
	return d, nil
}

// wholeNumbers reads integers and booleans as different int64; nil for others.
func wholeNumbers(a arrow.Array) func(i int) int64 {
	flags, ok := a.(*array.Boolean)
	if !ok {
		return number.Whole(a)
	}
	return func(i int) int64 {
		if flags.Value(i) {
			return 1
		}
		return 0
	}
}

// codes is the category of every row of a.
func (d *domain) codes(a arrow.Array) ([]int32, error) {
	codes := make([]int32, a.Len())
	worst := int32(0) // negative once a row has none
	if dict, ok := a.(*array.Dictionary); ok {
		table, err := d.table(dict)
		if err != nil {
			return nil, err
		}
		if worst, err = d.look(dict, table, codes); err != nil {
			return nil, err
		}
	} else {
		worst = d.plain(a, codes)
	}
	if worst < 0 {
		return nil, errors.New("a row holds a null or a value that is in no category; list it, or " +
			"name in \"other\" the category that stands for such rows")
	}
	return codes, nil
}

// plain writes the category of every row of an array that is no dictionary, and
// returns none if a row has none.
func (d *domain) plain(a arrow.Array, codes []int32) int32 {
	worst := int32(0)
	put := func(i int, c int32, ok bool) {
		if !ok || a.IsNull(i) {
			c = d.other
		}
		codes[i] = c
		worst |= c
	}
	switch texts := a.(type) {
	case *array.String:
		for i := range codes {
			c, ok := d.texts[texts.Value(i)]
			put(i, c, ok)
		}
	case *array.LargeString:
		for i := range codes {
			c, ok := d.texts[texts.Value(i)]
			put(i, c, ok)
		}
	default:
		read := wholeNumbers(a)
		for i := range codes {
			c, ok := d.whole[read(i)]
			put(i, c, ok)
		}
	}
	return min(worst, 0)
}

// table is the category of every entry of a dictionary.
func (d *domain) table(a *array.Dictionary) ([]int32, error) {
	// a.Dictionary would write to a, which others may be reading.
	entries := array.MakeFromData(a.Data().Dictionary())
	defer entries.Release()
	table := make([]int32, entries.Len())
	d.plain(entries, table) // entries that no row has may be anything
	return table, nil
}

// look writes the category of every row of a dictionary array.
func (d *domain) look(a *array.Dictionary, table, codes []int32) (worst int32, err error) {
	ok := false
	switch idx := a.Indices().(type) {
	case *array.Int8:
		worst, ok = lookUp(idx.Int8Values(), table, codes, a, d.other)
	case *array.Int16:
		worst, ok = lookUp(idx.Int16Values(), table, codes, a, d.other)
	case *array.Int32:
		worst, ok = lookUp(idx.Int32Values(), table, codes, a, d.other)
	case *array.Int64:
		worst, ok = lookUp(idx.Int64Values(), table, codes, a, d.other)
	case *array.Uint8:
		worst, ok = lookUp(idx.Uint8Values(), table, codes, a, d.other)
	case *array.Uint16:
		worst, ok = lookUp(idx.Uint16Values(), table, codes, a, d.other)
	case *array.Uint32:
		worst, ok = lookUp(idx.Uint32Values(), table, codes, a, d.other)
	case *array.Uint64:
		worst, ok = lookUp(idx.Uint64Values(), table, codes, a, d.other)
	}
	if !ok {
		return 0, fmt.Errorf("an index is outside the dictionary of %d entries", len(table))
	}
	return worst, nil
}

func lookUp[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](
	idx []T, table, codes []int32, a arrow.Array, other int32,
) (worst int32, ok bool) {
	codes = codes[:len(idx)]
	if a.NullN() == 0 {
		for i, at := range idx {
			if uint64(at) >= uint64(len(table)) { // a negative index is large
				return 0, false
			}
			c := table[at]
			codes[i] = c
			worst |= c
		}
		return min(worst, 0), true
	}
	for i, at := range idx {
		c := other
		if a.IsValid(i) {
			if uint64(at) >= uint64(len(table)) {
				return 0, false
			}
			c = table[at]
		}
		codes[i] = c
		worst |= c
	}
	return min(worst, 0), true
}
