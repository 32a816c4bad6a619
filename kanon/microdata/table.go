package microdata

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/tuple"
)

// batch is how many rows of a table are read at a time.
const batch = 1 << 16

// read reads columns of a table as codes and numbers.
func read(ctx context.Context, t arrow.Table, codes, numbers []string) (*tuple.Table, error) {
	r := array.NewTableReader(t, batch)
	defer r.Release()
	return tuple.Read(ctx, r, codes, numbers)
}

// replace makes a table with other values in some columns. Metadata of the
// schema and its fields stays behind, since it may describe the values that
// were there. It takes over the arrays.
func replace(t arrow.Table, columns map[string]arrow.Array) arrow.Table {
	var fields []arrow.Field
	var data []arrow.Column
	for i, f := range t.Schema().Fields() {
		f.Metadata = arrow.Metadata{}
		chunks := t.Column(i).Data().Chunks()
		if a := columns[f.Name]; a != nil {
			f.Type = a.DataType()
			chunks = []arrow.Array{a}
		}
		chunked := arrow.NewChunked(f.Type, chunks)
		fields = append(fields, f)
		data = append(data, *arrow.NewColumn(f, chunked))
		chunked.Release()
	}
	out := array.NewTable(arrow.NewSchema(fields, nil), data, t.NumRows())
	for i := range data {
		data[i].Release()
	}
	for _, a := range columns {
		a.Release()
	}
	return out
}

// named refuses a list of columns that is empty, or has one twice.
func named(what string, columns []string) error {
	if len(columns) == 0 {
		return fmt.Errorf("kanon/microdata: %s: no columns", what)
	}
	var errs []error
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[c] {
			errs = append(errs, fmt.Errorf("kanon/microdata: %s: column %q: named twice", what, c))
		}
		seen[c] = true
	}
	return errors.Join(errs...)
}
