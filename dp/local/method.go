package local

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Method is how a column is randomized: RandomizedResponse, UnaryEncoding or
// Noise. The set is closed, because what is claimed of a method has to be proved
// here.
type Method interface {
	// String names the method and its parameters, without the categories.
	fmt.Stringer
	// Validate says what is wrong with the parameters, all at once.
	Validate() error

	// mistakes is Validate one by one and without the name of the package.
	mistakes() []error
	// loss is the ε of a cell.
	loss() float64
	// outType is the type of a column afterwards. It wants valid parameters.
	outType(in arrow.DataType) (arrow.DataType, error)
	// bind prepares the method for columns of a type that outType takes.
	bind(in arrow.DataType) (kernel, error)
}

// kernel randomizes one column of a batch. It is safe for concurrent use. The
// caller releases the result.
type kernel func(mem memory.Allocator, a arrow.Array) (arrow.Array, error)

// Bounds of ε, within which the parameters of exact sampling keep in range.
const (
	leastEpsilon = 1e-9
	mostEpsilon  = 1 << 12
)

// under puts the name of the package before each of the errors; nil without any.
func under(errs []error) error {
	out := make([]error, len(errs))
	for i, err := range errs {
		out[i] = fmt.Errorf("local: %w", err)
	}
	return errors.Join(out...)
}

// of puts the name of a method before each of the errors.
func of(method string, errs []error) []error {
	for i, err := range errs {
		errs[i] = fmt.Errorf("%s: %w", method, err)
	}
	return errs
}

func checkEpsilon(epsilon float64) []error {
	if epsilon >= leastEpsilon && epsilon <= mostEpsilon {
		return nil
	}
	return []error{fmt.Errorf("epsilon is %v, want %v to %v", epsilon, float64(leastEpsilon),
		float64(mostEpsilon))}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
