package anonymize

import (
	"context"
	"errors"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/dp"
)

// observe is pass 1: it counts the quasi-identifiers and solves for a plan,
// unless there is one, and answers the queries, if there are any. Queries see
// rows before any step that is fitted to the data.
func (r *run) observe(ctx context.Context, src Source, session *dp.Session) error {
	var scan *dp.Scan
	var start func(*arrow.Schema) (*dp.Scan, error)
	if session != nil {
		start = r.sessionScan(session)
	}
	counts, err := r.read(ctx, src, start, &scan)
	if err != nil {
		return err
	}
	defer counts.Close()
	if scan != nil { // first, because the search has use for its memory
		if r.results, err = scan.Results(ctx); err != nil {
			return err
		}
		scan = nil
	}
	if r.plan == nil {
		r.progress("searching", 0, 0)
		if r.plan, err = r.Solve(ctx, counts); err != nil {
			return err
		}
		r.counted = true
	}
	r.rows.Input = counts.head.Input
	return nil
}

// read is pass 1: it counts the rows, unless there is a plan, and, where start is
// given, lets the scan that it makes see them, which it leaves in scan. It does
// not read where there is nothing to do.
func (r *run) read(
	ctx context.Context, src Source, start func(*arrow.Schema) (*dp.Scan, error), scan **dp.Scan,
) (counts *Counts, err error) {
	counts = &Counts{memory: r.opts.Memory, spillDir: r.opts.SpillDir}
	counts.head = countsHead{Policy: r.policy.digest(), Keys: r.keyIDs(r.fitKeep),
		Fitted: &Fitted{Schema: schemaDigest(r.schema)}}
	counting := r.plan == nil && r.anonymizer != nil
	if !counting && start == nil {
		return counts, nil
	}
	reader, err := src.Open(ctx, r.fitRead...)
	if err != nil {
		return nil, err
	}
	defer reader.Release()
	local, err := r.bind(reader.Schema(), r.fitKeep)
	if err != nil {
		return nil, err
	}
	made := counts
	defer func() {
		if err != nil {
			err = errors.Join(err, made.Close())
		}
	}()
	if counting {
		if counts.rows, err = r.anonymizer.NewCounts(local.out); err != nil {
			return nil, err
		}
		if r.opts.Memory > 0 {
			if err := counts.rows.SpillBeyond(r.opts.Memory, r.opts.SpillDir); err != nil {
				return nil, err
			}
		}
	}
	if start != nil {
		if *scan, err = start(local.out); err != nil {
			return nil, err
		}
	}
	querying := newAside(func(rec arrow.Record) error {
		if start == nil {
			return nil
		}
		return unsatisfied((*scan).Add(rec))
	})
	order := newSortWatch(r.policy.quasi())
	err = inOrder(ctx, reader, r.opts.Workers, local.apply, func(rec arrow.Record) error {
		r.progress("reading", local.input.Load(), 0)
		querying.add(rec)
		order.add(rec)
		if !counting {
			return nil
		}
		return unsatisfied(counts.rows.Add(rec))
	})
	r.sorted = order.sorted()
	if err := errors.Join(err, querying.wait()); err != nil {
		return nil, err
	}
	counts.head.Input, counts.head.Fitted.Rows = local.input.Load(), local.sampled.Load()
	if counting {
		if counts.head.Fitted.Combinations, err = counts.rows.Fingerprint(); err != nil {
			return nil, err
		}
	}
	return counts, nil
}
