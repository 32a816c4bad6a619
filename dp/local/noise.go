package local

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/dp/mechanism"
	"github.com/lethe-go/lethe/internal/number"
)

// Noise moves numbers into bounds and adds Laplace noise of scale
// (Upper - Lower)/Epsilon on a grid, as mechanism.Laplace does, so that every
// number within the bounds could have become what is written. It takes columns
// of integers and floats and dictionaries of them, and makes them float64; the
// numbers written are often far outside the bounds. There are no nulls
// afterwards. The zero value is refused.
type Noise struct {
	Epsilon float64 `yaml:"epsilon" json:"epsilon"`
	// Lower and Upper are public and must not be read off the data.
	Lower float64 `yaml:"lower" json:"lower"`
	Upper float64 `yaml:"upper" json:"upper"`
	// Missing stands for nulls and for what is not a number, within the bounds.
	// Without it such a row is an error.
	Missing *float64 `yaml:"missing" json:"missing,omitempty"`
}

// String names the method and its parameters.
func (m Noise) String() string {
	return fmt.Sprintf("Laplace noise on numbers moved into %v to %v, epsilon %v",
		m.Lower, m.Upper, m.Epsilon)
}

// Validate says what is wrong with the parameters, all at once.
func (m Noise) Validate() error { return under(m.mistakes()) }

func (m Noise) mistakes() []error {
	errs := checkEpsilon(m.Epsilon)
	if !finite(m.Lower) || !finite(m.Upper) || !(m.Lower < m.Upper) {
		errs = append(errs, fmt.Errorf("lower is %v and upper %v, want finite numbers, the first "+
			"below the second", m.Lower, m.Upper))
	}
	if m.Missing != nil && !(*m.Missing >= m.Lower && *m.Missing <= m.Upper) {
		errs = append(errs, fmt.Errorf("missing is %v, want it from lower to upper", *m.Missing))
	}
	if len(errs) == 0 {
		if _, err := mechanism.New(m.laplace()); err != nil {
			errs = append(errs, errors.New("lower and upper are too far apart or too close, or epsilon "+
				"is too small, for exact noise"))
		}
	}
	return of("noise", errs)
}

// laplace is the mechanism for one number. The difference of the bounds may be
// rounded down, which the next larger number makes up for.
func (m Noise) laplace() mechanism.Laplace {
	return mechanism.Laplace{Epsilon: m.Epsilon, Lower: m.Lower, Upper: m.Upper,
		Sensitivity: math.Nextafter(m.Upper-m.Lower, math.Inf(1))}
}

func (m Noise) loss() float64 { return m.Epsilon }

func (m Noise) outType(in arrow.DataType) (arrow.DataType, error) {
	value := in
	if d, ok := in.(*arrow.DictionaryType); ok {
		value = d.ValueType
	}
	switch value.ID() {
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64,
		arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64,
		arrow.FLOAT16, arrow.FLOAT32, arrow.FLOAT64:
		return arrow.PrimitiveTypes.Float64, nil
	}
	return nil, fmt.Errorf("the column is %s; want integers, floats or a dictionary of them", in)
}

func (m Noise) bind(in arrow.DataType) (kernel, error) {
	if _, err := m.outType(in); err != nil {
		return nil, err
	}
	noise, err := mechanism.New(m.laplace())
	if err != nil {
		return nil, err
	}
	missing := math.NaN()
	if m.Missing != nil {
		missing = *m.Missing
	}
	return func(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
		numbers, err := readNumbers(a, missing)
		if err != nil {
			return nil, err
		}
		if err := noise.Each(numbers); err != nil {
			return nil, err
		}
		b := array.NewFloat64Builder(mem)
		defer b.Release()
		b.AppendValues(numbers, nil)
		return b.NewArray(), nil
	}, nil
}

// readNumbers reads every row, nulls and what is not a number as missing; they
// are an error where that is NaN. That large integers are rounded is of no
// importance among numbers that may be anything within the bounds.
func readNumbers(a arrow.Array, missing float64) ([]float64, error) {
	out, err := number.Values(a)
	if err != nil {
		return nil, err
	}
	for i, x := range out {
		if x == x {
			continue
		}
		if missing != missing {
			return nil, errors.New("a row holds a null or what is not a number; give \"missing\", a " +
				"number that stands for such rows")
		}
		out[i] = missing
	}
	return out, nil
}

// Mean estimates the mean of the true numbers, moved into the bounds, from
// columns that were randomized by m, one batch each. alpha, in (0, 1), is the
// probability with which the interval misses it, by the normal approximation,
// which some hundred rows are enough for.
//
// Noise has mean zero, and so has what the rounding to the grid does on the
// whole, but for 2^-31 of the width of the bounds.
func (m Noise) Mean(alpha float64, columns ...arrow.Array) (Estimate, error) {
	if err := m.Validate(); err != nil {
		return Estimate{}, err
	}
	if err := checkAlpha(alpha); err != nil {
		return Estimate{}, err
	}
	n, mean, squares := 0.0, 0.0, 0.0 // Welford 1962
	for _, a := range columns {
		numbers, ok := a.(*array.Float64)
		if !ok || numbers.NullN() > 0 {
			return Estimate{}, fmt.Errorf("local: noise: the column is %s, want float64 without nulls",
				a.DataType())
		}
		for _, x := range numbers.Float64Values() {
			n++
			d := x - mean
			mean += d / n
			squares += d * (x - mean)
		}
	}
	if n == 0 {
		return Estimate{}, errNoRows
	}
	// One row tells nothing of the deviation; the noise has at least this one.
	deviation := math.Sqrt2 * (m.Upper - m.Lower) / m.Epsilon
	if n > 1 {
		deviation = max(deviation, math.Sqrt(squares/(n-1)))
	}
	deviation /= math.Sqrt(n)
	half := math.Sqrt2 * math.Erfcinv(alpha) * deviation
	return Estimate{Value: mean, Lower: max(m.Lower, mean-half), Upper: min(m.Upper, mean+half),
		Deviation: deviation}, nil
}
