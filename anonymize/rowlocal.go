package anonymize

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/take"
	"github.com/lethe-go/lethe/pseudonym"
)

// rowLocal is every step of a policy for which an output row depends on one
// input row alone, fused into one function of a batch: retention and sample,
// columns left out, coarsening, the caller's steps, local differential privacy,
// pseudonyms. It is bound to
// the schema of one pass and safe for concurrent use; only the counters
// change.
type rowLocal struct {
	in, out *arrow.Schema

	retain       *Retain
	retainColumn int
	sampler      *pseudonym.Sampler
	sampleColumn int

	columns []rowLocalColumn // of the coarsened batch
	coarse  *arrow.Schema
	steps   []Transformer // the caller's, the randomizer, the pseudonyms
	guards  []*guard      // of the last steps, the pseudonyms
	guarded bool          // count for them; set before the first batch

	input, retained, sampled atomic.Int64
}

// rowLocalColumn is a column that survives, with what is done to it.
type rowLocalColumn struct {
	from    int // index in the input
	coarsen minimization
}

// bind prepares the row-local steps for batches of schema in, of which the
// columns named in keep survive, in the order of in.
func (p *Pipeline) bind(in *arrow.Schema, keep []string) (*rowLocal, error) {
	rl := &rowLocal{in: in, sampler: p.sampler}
	find := func(name string) (int, error) {
		at := in.FieldIndices(name)
		if len(at) != 1 {
			return 0, fmt.Errorf("anonymize: column %q is not in the input", name)
		}
		return at[0], nil
	}
	var err error
	if rl.retain = p.policy.Minimize.Retain; rl.retain != nil {
		if rl.retainColumn, err = find(rl.retain.Column); err != nil {
			return nil, err
		}
		if err := rl.retain.accepts(in.Field(rl.retainColumn).Type); err != nil {
			return nil, fmt.Errorf("anonymize: column %q: %w", rl.retain.Column, err)
		}
	}
	if rl.sampler != nil {
		if rl.sampleColumn, err = find(p.policy.Minimize.Sample.Column); err != nil {
			return nil, err
		}
	}
	var fields []arrow.Field
	for i, f := range in.Fields() {
		if !slices.Contains(keep, f.Name) {
			continue
		}
		c := rowLocalColumn{from: i, coarsen: p.policy.Columns[f.Name].minimization()}
		out := arrow.Field{Name: f.Name, Nullable: true}
		if out.Type, err = c.coarsen.outType(f.Type); err != nil {
			return nil, fmt.Errorf("anonymize: column %q: %w", f.Name, err)
		}
		rl.columns = append(rl.columns, c)
		fields = append(fields, out)
	}
	rl.coarse = arrow.NewSchema(fields, nil)
	rl.out = rl.coarse
	follow := func(step Transformer) error {
		rl.steps = append(rl.steps, step)
		rl.out, err = step.Schema(rl.out)
		return err
	}
	for i, step := range p.steps {
		if err := follow(step); err != nil {
			return nil, err
		}
		for _, f := range rl.out.Fields() {
			if _, ok := p.policy.Columns[f.Name]; !ok {
				return nil, fmt.Errorf("anonymize: step %d makes column %q, which has no role; "+
					"give it an entry in the policy's columns", i, f.Name)
			}
		}
	}
	randomizer, err := p.policy.randomizer(rl.out)
	if err != nil {
		return nil, err
	}
	if randomizer != nil {
		if err := follow(randomizer); err != nil {
			return nil, err
		}
	}
	for _, ps := range p.pseudonyms {
		step, err := ps.restrict(keep)
		if err != nil {
			return nil, err
		}
		if step == nil {
			continue
		}
		if err := follow(step); err != nil {
			return nil, err
		}
		rl.guards = append(rl.guards, &guard{of: step})
	}
	return rl, nil
}

// apply carries the steps out on one batch.
func (rl *rowLocal) apply(ctx context.Context, rec arrow.Record) (arrow.Record, error) {
	rows := int(rec.NumRows())
	rl.input.Add(int64(rows))
	var keep []bool
	if rl.retain != nil || rl.sampler != nil {
		keep = make([]bool, rows)
		for i := range keep {
			keep[i] = true
		}
	}
	if rl.retain != nil {
		if err := rl.retain.keep(rec.Column(rl.retainColumn), keep); err != nil {
			return nil, unsatisfied(fmt.Errorf("anonymize: column %q: %w", rl.retain.Column, err))
		}
		rl.retained.Add(count(keep))
	} else {
		rl.retained.Add(int64(rows))
	}
	if rl.sampler != nil {
		if err := rl.sampler.Keep(rec.Column(rl.sampleColumn), keep); err != nil {
			return nil, unsatisfied(err)
		}
	}
	if keep != nil {
		rows = int(count(keep))
	}
	rl.sampled.Add(int64(rows))

	out, err := rl.coarsen(rec, keep, rows)
	if err != nil {
		return nil, err
	}
	for i, step := range rl.steps {
		next, err := step.Transform(ctx, out)
		if at := i - (len(rl.steps) - len(rl.guards)); err == nil && at >= 0 && rl.guarded {
			if err = rl.guards[at].add(out, next); err != nil {
				next.Release()
			}
		}
		out.Release()
		if err != nil {
			return nil, unsatisfied(err)
		}
		out = next
	}
	return out, nil
}

// coarsen filters the surviving columns and carries out their steps. Columns
// that neither changes are passed on as they are, with the entries of their
// dictionaries that no row refers to; see compacted.
func (rl *rowLocal) coarsen(rec arrow.Record, keep []bool, rows int) (arrow.Record, error) {
	mem := memory.DefaultAllocator
	columns := make([]arrow.Array, 0, len(rl.columns))
	defer func() {
		for _, a := range columns {
			a.Release()
		}
	}()
	var picked []int32 // rows that are kept; nil where all are
	if rows < int(rec.NumRows()) {
		picked = take.Indices(keep)
	}
	for i, c := range rl.columns {
		a := rec.Column(c.from)
		a.Retain()
		if picked != nil {
			some, err := take.Rows(mem, a, picked)
			a.Release()
			if err != nil {
				return nil, fmt.Errorf("anonymize: column %q: %w", rl.coarse.Field(i).Name, err)
			}
			a = some
		}
		coarse, err := c.coarsen.apply(mem, a)
		a.Release()
		if err != nil {
			return nil, unsatisfied(fmt.Errorf("anonymize: column %q: %w",
				rl.coarse.Field(i).Name, err))
		}
		columns = append(columns, coarse)
	}
	return array.NewRecord(rl.coarse, columns, int64(rows)), nil
}

// compacted returns rec with dictionaries whose entries all occur: one may hold
// values of rows that are gone, here or before. It takes over rec.
func compacted(rec arrow.Record) (arrow.Record, error) {
	columns := make([]arrow.Array, 0, rec.NumCols())
	defer func() {
		for _, a := range columns {
			a.Release()
		}
		rec.Release()
	}()
	for i, a := range rec.Columns() {
		a, err := take.Compact(memory.DefaultAllocator, a)
		if err != nil {
			return nil, fmt.Errorf("anonymize: column %q: %w", rec.ColumnName(i), err)
		}
		columns = append(columns, a)
	}
	return array.NewRecord(rec.Schema(), columns, rec.NumRows()), nil
}

func count(keep []bool) int64 {
	var n int64
	for _, k := range keep {
		if k {
			n++
		}
	}
	return n
}
