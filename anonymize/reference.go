package anonymize

import (
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/kanon"
)

// withReference is a record that is written, with the columns of the rows it
// was made of that models of closeness compare it with: suppressed rows are
// among them. Both are retained and released together.
type withReference struct {
	arrow.Record
	reference arrow.Record
}

func (w *withReference) Retain() {
	w.Record.Retain()
	w.reference.Retain()
}

func (w *withReference) Release() {
	w.Record.Release()
	w.reference.Release()
}

// NewSlice is a view of some of the rows that are written, with all of those
// that they are compared with: it is called for all rows only.
func (w *withReference) NewSlice(i, j int64) arrow.Record {
	return &withReference{w.Record.NewSlice(i, j), w.reference.NewSlice(0, w.reference.NumRows())}
}

// reference is the schema of the columns that the check compares with what is
// written; nil where no model compares, or where no row is left out.
func (r *run) reference(schema *arrow.Schema) *arrow.Schema {
	names := r.policy.compared()
	if len(names) == 0 || r.suppressed() == kanon.Star {
		return nil
	}
	if u := r.policy.Privacy.Unit; u != "" {
		names = append(names, u)
	}
	var fields []arrow.Field
	for _, f := range schema.Fields() {
		if slices.Contains(names, f.Name) {
			fields = append(fields, f)
		}
	}
	return arrow.NewSchema(fields, nil)
}
