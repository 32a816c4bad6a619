package pseudonym

import (
	"context"
	"errors"
	"reflect"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// kernel is a method compiled for one column under one key. It does not change
// and is safe for concurrent use.
type kernel interface {
	// reads names the further columns that the method looks at, such as the
	// person whose dates are shifted. They are those of the input, whatever
	// happens to them in the same call.
	reads() []string
	// outType returns the type of the output, or why a column of type in
	// cannot be pseudonymized so. further are the types of the columns that
	// reads names.
	outType(in arrow.DataType, further []arrow.DataType) (arrow.DataType, error)
	// transform returns a new array of the type that outType says, with one
	// row for each row of a.
	transform(ctx context.Context, mem memory.Allocator, a arrow.Array,
		further []arrow.Array) (arrow.Array, error)
	// bits is how many uniformly random bits an output has, or 0 where
	// different values never have equal outputs.
	bits() int
}

// methodOf returns the method that m holds, which a policy file gives as a
// pointer. A nil in either form is an error.
func methodOf(m Method) (Method, error) {
	if m == nil {
		return nil, errNoMethod
	}
	if v := reflect.ValueOf(m); v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil, errNoMethod
		}
	}
	return m, nil
}

var errNoMethod = errors.New("no method")

// checkMethod returns all that is wrong with a method by itself.
func checkMethod(m Method) []error {
	m, err := methodOf(m)
	if err != nil {
		return []error{err}
	}
	return m.check()
}
