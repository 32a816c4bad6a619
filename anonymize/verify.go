package anonymize

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/kanon"
)

// newChecker makes the checker of the output, but for one without
// quasi-identifiers and for a part. It is shown the columns that are handed to
// the sink, so that it refuses what reads back as values of another kind.
func (r *run) newChecker(schema *arrow.Schema) (err error) {
	if r.plan.Anonymity == nil || r.part {
		return nil
	}
	r.check = r.checkConfig(r.policy.written(schema.HasField))
	if r.checker, err = kanon.NewChecker(r.check); err != nil {
		return err
	}
	empty := emptyRecord(schema)
	defer empty.Release()
	return r.checker.Add(empty)
}

// unseen says whether people are counted by a column that is not written, and
// which the output cannot be asked for.
func (r *run) unseen() bool { return slices.Contains(r.hidden, r.policy.Privacy.Unit) }

// shows says whether the checker is shown anything of pass 2: where there is
// something that is not in the output.
func (r *run) shows(reference *arrow.Schema) bool {
	return r.checker != nil && (r.unseen() || reference != nil)
}

// show gives the checker what it cannot know of the output: the rows that are
// written, where these lose the column of people, and those that they are
// compared with.
func (r *run) show(rec arrow.Record) error {
	w, compared := rec.(*withReference)
	if compared {
		rec = w.Record
	}
	if r.unseen() {
		if err := r.checker.Add(rec); err != nil {
			return err
		}
	}
	if !compared {
		return nil
	}
	return r.checker.Reference(w.reference)
}

// verify seals the sink, reads back what would be published and decides on
// that: the table that is committed is the one that was checked. Where only the
// rows that were handed to the sink said whose they are, it decides on the
// audit of these, and what reads back must be the same.
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
	switch {
	case r.checker == nil:
		return r.verifyRows(ctx, written)
	case r.audit != nil:
		return r.verifyClasses(ctx, written)
	}
	return r.verifyAll(ctx, written)
}

// verifyAll has the checker decide on what reads back, which must have the rows
// that were handed to the sink and, where the plan was made of them, its
// classes.
func (r *run) verifyAll(ctx context.Context, written Source) (err error) {
	reader, err := written.Open(ctx, columnsOf(r.check)...)
	if err != nil {
		return backwards(err)
	}
	defer reader.Release()
	if err := r.checker.AddAll(ctx, reader); err != nil {
		return backwards(err)
	}
	if r.audit, err = r.checker.Audit(); err != nil {
		return backwards(err)
	}
	if r.audit.Rows != r.rows.Output {
		return readsBack(r.audit.Rows, r.rows.Output)
	}
	if r.whole() {
		if keeps := r.keeps(r.plan); !keeps.agrees(r.audit) {
			return fmt.Errorf("anonymize: what was written reads back as %d rows in %d classes, "+
				"want %d in %d; nothing was kept", r.audit.Rows, r.audit.Classes, keeps.rows, keeps.classes)
		}
	}
	return failures(r.audit)
}

// whole says whether the plan was made of the rows of the run, all of them.
func (r *run) whole() bool {
	return r.counted || !r.opts.PlanOfOtherData && r.rows.Sampled == r.plan.Fitted.Rows
}

// verifyClasses compares what reads back with the audit of what was handed to
// the sink.
func (r *run) verifyClasses(ctx context.Context, written Source) error {
	cfg := kanon.CheckConfig{Quasi: r.check.Quasi, Sensitive: r.policy.modelled()}
	reader, err := written.Open(ctx, columnsOf(cfg)...)
	if err != nil {
		return backwards(err)
	}
	defer reader.Release()
	back, err := kanon.Check(ctx, reader, cfg)
	if err != nil {
		return backwards(err)
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

// columnsOf lists the columns that a check reads.
func columnsOf(cfg kanon.CheckConfig) []string {
	columns := slices.Concat(cfg.Quasi, cfg.Sensitive)
	if cfg.Unit != "" {
		columns = append(columns, cfg.Unit)
	}
	return columns
}

func backwards(err error) error {
	return fmt.Errorf("anonymize: reading back what was written: %w", err)
}

func readsBack(rows, want int64) error {
	return fmt.Errorf("anonymize: what was written reads back as %d rows, want %d; "+
		"nothing was kept", rows, want)
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

// verifyRows reads back all of a table of which no class is counted: all of it
// can be read, and its rows are all there.
func (r *run) verifyRows(ctx context.Context, written Source) error {
	reader, err := written.Open(ctx)
	if err != nil {
		return backwards(err)
	}
	defer reader.Release()
	rows := int64(0)
	for reader.Next() {
		rows += reader.Record().NumRows()
	}
	if err := reader.Err(); err != nil {
		return backwards(err)
	}
	if rows != r.rows.Output {
		return readsBack(rows, r.rows.Output)
	}
	return nil
}
