package dp

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/internal/number"
)

// integral says whether all numbers of a numeric type are whole.
func integral(dt arrow.DataType) bool {
	if d, ok := dt.(*arrow.DictionaryType); ok {
		dt = d.ValueType
	}
	return arrow.IsInteger(dt.ID())
}

// readNumbers writes the numbers of a column of a batch to out, NaN for nulls. A
// dictionary is read once an entry, into scratch.
func readNumbers(rec arrow.Record, name string, out []float64, scratch *[]float64) error {
	a, err := columnOf(rec, name)
	if err != nil {
		return err
	}
	if err := number.Read(a, out, scratch); err != nil {
		return fmt.Errorf("column %q: %w", name, err)
	}
	return nil
}
