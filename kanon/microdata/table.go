package microdata

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/take"
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

// whole is a column of a table as one array, which the caller releases.
func whole(t arrow.Table, name string) (arrow.Array, error) {
	at := t.Schema().FieldIndices(name)[0]
	chunks := t.Column(at).Data().Chunks()
	if len(chunks) == 0 {
		b := array.NewBuilder(memory.DefaultAllocator, t.Schema().Field(at).Type)
		defer b.Release()
		return b.NewArray(), nil
	}
	a, err := array.Concatenate(chunks, memory.DefaultAllocator)
	if err != nil {
		return nil, fmt.Errorf("column %q: %w", name, err)
	}
	return a, nil
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

// pick makes columns of the rows of t that are listed for each, by name. It
// releases all of them where one fails.
func pick(t arrow.Table, rows map[string][]int32) (map[string]arrow.Array, error) {
	columns := map[string]arrow.Array{}
	var errs []error
	for name, list := range rows {
		a, err := whole(t, name)
		if err == nil {
			columns[name], err = take.Rows(memory.DefaultAllocator, a, list)
			a.Release()
		}
		if err != nil {
			delete(columns, name)
			errs = append(errs, fmt.Errorf("column %q: %w", name, err))
		}
	}
	if len(errs) > 0 {
		for _, a := range columns {
			a.Release()
		}
		return nil, errors.Join(errs...)
	}
	return columns, nil
}

// maxRows is how many rows a method takes that picks rows by number.
const maxRows = math.MaxInt32

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
