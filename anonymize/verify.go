package anonymize

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/kanon"
)

// checker returns the checker of the records that are written, before the
// columns that are hidden leave them; nil without quasi-identifiers.
func (r *run) checker(schema *arrow.Schema) (*kanon.Checker, error) {
	if r.plan.Anonymity == nil || r.part {
		return nil, nil
	}
	var sensitive []string
	for _, f := range schema.Fields() {
		if r.policy.Columns[f.Name].Role == Sensitive {
			sensitive = append(sensitive, f.Name)
		}
	}
	return kanon.NewChecker(kanon.CheckConfig{
		Quasi:     r.policy.written(schema),
		Unit:      r.policy.Privacy.Unit,
		Sensitive: sensitive,
		Models:    r.models,
	})
}

// verify decides on the audit of what was handed to the sink, then seals the
// sink, reads back what would be published and compares: the table that is
// committed is the one that was checked.
func (r *run) verify(ctx context.Context, dst Sink) error {
	if r.audit != nil {
		if err := failures(r.audit); err != nil {
			return err
		}
	}
	if r.rows.Output == 0 && r.rows.Input > 0 {
		return unsatisfied(fmt.Errorf("anonymize: no row is left: of %d, %d are in the retention "+
			"window, %d in the sample and %d suppressed; nothing was written",
			r.rows.Input, r.rows.Retained, r.rows.Sampled, r.rows.Suppressed))
	}
	written, err := dst.Seal()
	if err != nil {
		return err
	}
	r.progress("checking", 0, 0)
	var columns []string
	if r.audit != nil {
		columns = slices.Concat(r.audit.Quasi, r.policy.modelled())
	}
	reader, err := written.Open(ctx, columns...)
	if err != nil {
		return fmt.Errorf("anonymize: reading back what was written: %w", err)
	}
	defer reader.Release()
	if r.audit == nil {
		return r.verifyRows(reader)
	}
	back, err := kanon.Check(ctx, reader, kanon.CheckConfig{
		Quasi: r.audit.Quasi, Sensitive: r.policy.modelled()})
	if err != nil {
		return fmt.Errorf("anonymize: reading back what was written: %w", err)
	}
	if back.Rows != r.audit.Rows || !slices.Equal(back.RowSizes, r.audit.RowSizes) {
		return fmt.Errorf("anonymize: what was written reads back as %d rows in %d classes, "+
			"want %d in %d; nothing was kept", back.Rows, back.Classes, r.audit.Rows, r.audit.Classes)
	}
	for _, s := range back.Sensitive {
		if !slices.Contains(r.audit.Sensitive, s) {
			return fmt.Errorf("anonymize: what was written reads back with a class of %d distinct "+
				"values of column %q, which is not what was checked; nothing was kept",
				s.DistinctL, s.Column)
		}
	}
	return nil
}

// failures is the error of an audit by which a model does not hold.
func failures(audit *kanon.Audit) error {
	var failed []string
	for _, m := range audit.Models {
		if !m.Holds {
			failed = append(failed, fmt.Sprintf("%s (reached %v)", m.Model, m.Reached))
		}
	}
	if audit.Holds {
		return nil
	}
	return unsatisfied(fmt.Errorf("anonymize: the check of the result failed: %s",
		strings.Join(failed, ", ")))
}

// verifyRows reads back a table that has no quasi-identifiers: all of it can
// be read, and its rows are all there.
func (r *run) verifyRows(reader interface {
	Next() bool
	Record() arrow.Record
	Err() error
}) error {
	var rows int64
	for reader.Next() {
		rows += reader.Record().NumRows()
	}
	if err := reader.Err(); err != nil {
		return fmt.Errorf("anonymize: reading back what was written: %w", err)
	}
	if rows != r.rows.Output {
		return fmt.Errorf("anonymize: what was written reads back as %d rows, want %d; "+
			"nothing was kept", rows, r.rows.Output)
	}
	return nil
}
