package quality

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/number"
	"github.com/lethe-go/lethe/internal/tuple"
)

// readLabels finds the label of each released cell. A column of the type of the
// original holds its values; text holds labels, and values as text.
func (v *view) readLabels(coder *column.Coder, out tuple.Column, names map[string]uint32) error {
	values := make([]uint32, out.Coder.Len()) // label of each released value
	null, hasNull := out.Coder.Null()
	_, nullIsValue := coder.Null()
	same := out.Coder.Type() == coder.Type()
	if !same && out.Coder.Type().Kind != column.String && out.Coder.Type().Kind != column.Null {
		return fmt.Errorf("the release is of type %s, want text or %s as the original",
			out.Coder.Type(), coder.Type())
	}
	unknown := 0
	for code := range values {
		if hasNull && uint32(code) == null {
			values[code] = v.gone
			if nullIsValue {
				n, _ := coder.Null()
				values[code] = v.general[0][n]
			}
			continue
		}
		id, ok := names[out.Coder.Text(uint32(code))]
		if !ok {
			unknown++
		}
		values[code] = id
	}
	if unknown > 0 {
		return fmt.Errorf("%d of %d distinct released values are neither values of the original "+
			"nor labels of the hierarchy", unknown, len(values))
	}
	v.out = make([]uint32, len(out.Codes))
	for row, code := range out.Codes {
		v.out[row] = values[code]
	}
	return nil
}

// readNumbers takes both columns for numbers, each its own label.
func (v *view) readNumbers(coder *column.Coder, out tuple.Column) error {
	if !numeric(coder) || !numeric(out.Coder) {
		return fmt.Errorf("the original is of type %s and the release of %s, want numbers in a "+
			"column without a hierarchy", coder.Type(), out.Coder.Type())
	}
	v.at = numbersOf(coder)
	v.min, v.max = math.Inf(1), math.Inf(-1)
	released := numbersOf(out.Coder)
	for _, all := range [][]float64{v.at, released} {
		for _, x := range all {
			if math.IsInf(x, 0) {
				return fmt.Errorf("a number is infinite")
			}
			if x == x {
				v.min, v.max = min(v.min, x), max(v.max, x)
			}
		}
	}
	if v.min > v.max {
		v.min, v.max = 0, 0
	}
	v.gone = v.add(label{missing: true, everywhere: true, from: v.min, to: v.max})
	for i, x := range v.at {
		if x != x {
			v.at[i] = (v.min + v.max) / 2 // of a null or NaN nothing is known
		}
	}
	ids := make([]uint32, len(released))
	for i, x := range released {
		ids[i] = v.gone
		if x == x {
			ids[i] = v.add(label{from: x, to: x, everywhere: true})
		}
	}
	v.out = make([]uint32, len(out.Codes))
	for row, code := range out.Codes {
		v.out[row] = ids[code]
	}
	return nil
}

func numeric(coder *column.Coder) bool { return number.Is(coder.Type().Arrow()) }

// numbersOf are the numbers of the codes, NaN for null.
func numbersOf(coder *column.Coder) []float64 {
	codes := make([]uint32, coder.Len())
	for i := range codes {
		codes[i] = uint32(i)
	}
	a := coder.Array(memory.DefaultAllocator, codes)
	defer a.Release()
	numbers, err := number.Values(a)
	if err != nil { // numeric has said that they are
		return make([]float64, len(codes))
	}
	return numbers
}

// lineOf places the values of a domain, which is in canonical order, on a line:
// numbers and times at their number, others at their place.
func lineOf(domain arrow.Array) ([]float64, error) {
	if number.Is(domain.DataType()) {
		return number.Values(domain)
	}
	at := make([]float64, domain.Len())
	for i := range at {
		switch a := domain.(type) {
		case *array.Date32:
			at[i] = float64(a.Value(i))
		case *array.Date64:
			at[i] = float64(a.Value(i))
		case *array.Timestamp:
			at[i] = float64(a.Value(i))
		case *array.Time64:
			at[i] = float64(a.Value(i))
		case *array.Duration:
			at[i] = float64(a.Value(i))
		default:
			at[i] = float64(i)
		}
	}
	return at, nil
}

// belongs says whether a value has a label at some level.
func (v *view) belongs(value, id uint32) bool {
	if v.labels[id].everywhere {
		return true
	}
	for _, of := range v.general {
		if of[value] == id {
			return true
		}
	}
	return false
}
