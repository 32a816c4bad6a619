package anonymize

import (
	"errors"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/take"
)

// throughDictionary is the output type of a step that gives the type by plain
// for a column that is not a dictionary. A dictionary keeps the type of its
// indices; that its values are in order is no longer said.
func throughDictionary(
	step coarsening, in arrow.DataType, plain func(arrow.DataType) (arrow.DataType, error),
) (arrow.DataType, error) {
	if err := errors.Join(step.validate()...); err != nil {
		return nil, err
	}
	dict, ok := in.(*arrow.DictionaryType)
	if !ok {
		return plain(in)
	}
	value, err := plain(dict.ValueType)
	if err != nil {
		return nil, err
	}
	return &arrow.DictionaryType{IndexType: dict.IndexType, ValueType: value}, nil
}

// onDistinct applies a kernel to an array or, for a dictionary, once to each
// of its values that occurs. The dictionary that comes out holds what its rows
// refer to and nothing else, each value once.
func onDistinct(
	mem memory.Allocator, a arrow.Array,
	kernel func(memory.Allocator, arrow.Array) (arrow.Array, error),
) (arrow.Array, error) {
	if d, ok := a.(*array.Dictionary); ok {
		return take.Recode(mem, d, kernel)
	}
	return kernel(mem, a)
}
