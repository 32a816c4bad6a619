package kanon

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Apply generalizes a table in memory and has the result checked: it counts,
// solves, transforms and checks. The table stays as it is; the caller releases
// the one returned. When the check does not find what was asked for, there is
// no table, and the audit says what was found.
func Apply(ctx context.Context, cfg Config, t arrow.Table) (arrow.Table, *Audit, error) {
	plan, err := fit(ctx, cfg, t)
	if err != nil {
		return nil, nil, err
	}
	out, err := plan.table(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	found, err := audit(ctx, cfg, plan.Quasi(), out, t, nil)
	return checked(out, found, err)
}

// checked releases a table that the check did not accept.
func checked(out arrow.Table, found *Audit, err error) (arrow.Table, *Audit, error) {
	if err == nil && !found.Holds {
		err = errors.New("kanon: the check of the result failed; nothing is returned")
	}
	if err != nil {
		out.Release()
		return nil, found, err
	}
	return out, found, nil
}

// fit counts and solves.
func fit(ctx context.Context, cfg Config, t arrow.Table) (*Plan, error) {
	a, err := New(cfg)
	if err != nil {
		return nil, err
	}
	counts, err := a.NewCounts(t.Schema())
	if err != nil {
		return nil, err
	}
	r := array.NewTableReader(t, countBlock)
	defer r.Release()
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("kanon: %w", err)
		}
		if err := counts.Add(r.Record()); err != nil {
			return nil, err
		}
	}
	return a.Solve(ctx, counts)
}

// table transforms a table.
func (p *Plan) table(ctx context.Context, t arrow.Table) (arrow.Table, error) {
	schema, err := p.Schema(t.Schema())
	if err != nil {
		return nil, err
	}
	var recs []arrow.Record
	defer func() {
		for _, rec := range recs {
			rec.Release()
		}
	}()
	r := array.NewTableReader(t, countBlock)
	defer r.Release()
	for r.Next() {
		rec, err := p.Transform(ctx, r.Record())
		if err != nil {
			return nil, err
		}
		recs = append(recs, rec)
	}
	return array.NewTableFromRecords(schema, recs), nil
}

// audit has the checker, which knows nothing of the plan, read a table and the
// one it was made of, and what more there is to read, if anything.
func audit(ctx context.Context, cfg Config, quasi []string, t, before arrow.Table,
	more func(*Checker) error,
) (*Audit, error) {
	check := CheckConfig{Quasi: quasi, Unit: cfg.Unit, Models: cfg.Models}
	checker, err := NewChecker(check)
	if err != nil {
		return nil, err
	}
	if err := eachRecord(ctx, t, checker.Add); err != nil {
		return nil, err
	}
	// Suppressed rows stay in the distributions that classes are compared with.
	if err := eachRecord(ctx, before, checker.Reference); err != nil {
		return nil, err
	}
	if more != nil {
		if err := more(checker); err != nil {
			return nil, err
		}
	}
	return checker.Audit()
}

// eachRecord calls f with all rows of a table, once at least.
func eachRecord(ctx context.Context, t arrow.Table, f func(arrow.Record) error) error {
	r := array.NewTableReader(t, countBlock)
	defer r.Release()
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("kanon: %w", err)
		}
		if err := f(r.Record()); err != nil {
			return err
		}
	}
	if t.NumRows() > 0 {
		return nil
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, t.Schema())
	defer b.Release()
	empty := b.NewRecord()
	defer empty.Release()
	return f(empty)
}
