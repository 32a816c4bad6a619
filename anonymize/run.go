package anonymize

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/dp"
	"github.com/lethe-go/lethe/dp/ledger"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/pseudonym"
)

// RunOptions are the choices of one run. A nil pointer means the defaults.
type RunOptions struct {
	// Statistics takes the results of the policy's queries. It is required
	// where the policy has queries and refused where it has none.
	Statistics Sink
	// Ledger pays for the queries, in place of the one that the policy names. It
	// is refused where the policy has no queries.
	Ledger *ledger.Ledger
	// Plan, where given, is applied in place of one fitted to the source. It is
	// refused if it was fitted on other data.
	Plan *Plan
	// PlanOfOtherData allows a Plan that was fitted on other data. Rows whose
	// values it does not know are refused all the same.
	PlanOfOtherData bool
	// Memory bounds the combinations of quasi-identifiers that are held, in
	// bytes; what is more goes to files in SpillDir, see
	// kanon.Counts.SpillBeyond. 0 sets no bound.
	Memory   int64
	SpillDir string
	// Workers is the number of batches worked on at a time; 0 means
	// GOMAXPROCS. The output does not depend on it, but for the randomness of
	// local_dp.
	Workers int
	// Review, where given, sees the report once the output is written and
	// checked and before it is committed; its error aborts the run.
	Review func(*Report) error
	// Progress, where given, is called now and then, from one goroutine at a
	// time.
	Progress func(Progress)
}

func (o *RunOptions) setDefaults() {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
}

// Progress is how far a run has come.
type Progress struct {
	Stage string // "reading", "searching", "writing" or "checking"
	Rows  int64  // of the input, in this stage
	Total int64  // 0 where not known yet
}

// run is one run of a pipeline.
type run struct {
	*Pipeline
	*layout
	opts RunOptions

	plan    *Plan
	counted bool           // the plan is of the rows of this run
	part    bool           // of an output that is checked with its other parts
	results []arrow.Record // of the queries
	ledger  *ledger.Ledger // that paid for them; nil if there is none
	entry   ledger.Head    // in it
	rows    RowCounts
	check   kanon.CheckConfig
	checker *kanon.Checker // of the output; nil without quasi-identifiers and for a part
	audit   *kanon.Audit   // what it says; nil before
	tokens  *pseudonymized
	sorted  []string // quasi-identifiers by which the input is sorted
}

// Run reads the source, once to fit a plan and answer the queries and once to
// write, checks what was written with code of its own and commits it. After an
// error nothing is committed. An error that wraps ErrUnsatisfied says that the
// data or the result do not satisfy the policy.
func (p *Pipeline) Run(
	ctx context.Context, src Source, dst Sink, opts *RunOptions,
) (report *Report, err error) {
	var stats Sink
	if opts != nil {
		stats = opts.Statistics
	}
	r := new(run)
	defer func() {
		if err != nil {
			err = errors.Join(err, dst.Abort())
			if stats != nil {
				err = errors.Join(err, stats.Abort())
			}
		}
		for _, rec := range r.results {
			rec.Release()
		}
	}()
	if (stats != nil) != (p.policy.Statistics != nil) {
		if stats == nil {
			return nil, errors.New("anonymize: the policy has statistics and there is no sink for " +
				"them; give RunOptions.Statistics")
		}
		return nil, errors.New("anonymize: a sink for statistics, but the policy has none")
	}
	if r, err = p.begin(ctx, src, opts); err != nil {
		return nil, err
	}
	if r.opts.Plan != nil {
		if err := r.takePlan(); err != nil {
			return nil, err
		}
	}
	session, err := r.session(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.observe(ctx, src, session); err != nil {
		return nil, err
	}
	if err := r.write(ctx, src, dst); err != nil {
		return nil, err
	}
	if err := r.verify(ctx, dst); err != nil {
		return nil, err
	}
	if stats != nil {
		if err := r.writeStatistics(stats); err != nil {
			return nil, err
		}
	}
	report, err = r.report(ctx, src, dst, session)
	if err != nil {
		return nil, err
	}
	if r.opts.Review != nil {
		if err := r.opts.Review(report); err != nil {
			return nil, err
		}
	}
	if err := dst.Commit(); err != nil {
		return nil, err
	}
	if stats != nil {
		if err := stats.Commit(); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// session opens the budget of the policy's queries, and the ledger that pays for
// them; nil without queries.
func (r *run) session(ctx context.Context) (*dp.Session, error) {
	s := r.policy.Statistics
	if s == nil {
		if r.opts.Ledger != nil {
			return nil, errors.New("anonymize: a ledger, but the policy has no statistics")
		}
		return nil, nil
	}
	var err error
	if r.ledger, err = r.openLedger(ctx); err != nil {
		return nil, err
	}
	return dp.New(dp.Config{Total: s.Budget, Unit: s.Unit, Ledger: r.ledger})
}

// write is pass 2: it transforms every row and hands it to the sink, and to the
// checker what that cannot know of the output.
func (r *run) write(ctx context.Context, src Source, dst Sink) error {
	reader, err := src.Open(ctx, r.applyRead...)
	if err != nil {
		return err
	}
	defer reader.Release()
	local, err := r.bind(reader.Schema(), r.applyKeep)
	if err != nil {
		return err
	}
	local.guarded = true
	schema := local.out
	if r.plan.Anonymity != nil {
		if schema, err = r.plan.Anonymity.Schema(schema); err != nil {
			return err
		}
	}
	published := described(r.published(schema), local.out)
	if published.NumFields() == 0 {
		return errors.New("anonymize: every column is dropped; nothing would be written")
	}
	if err := r.newChecker(schema); err != nil {
		return err
	}
	seen := &fingerprints{wanted: r.plan.Anonymity != nil && !r.opts.PlanOfOtherData}
	reference := r.reference(local.out)
	var suppressed atomic.Int64
	work := func(ctx context.Context, rec arrow.Record) (arrow.Record, error) {
		out, err := local.apply(ctx, rec)
		if err != nil {
			return nil, err
		}
		if r.plan.Anonymity == nil {
			return compacted(out)
		}
		before := out
		defer before.Release()
		mine := seen.take()
		out, n, err := r.plan.Anonymity.TransformCounting(ctx, before, mine)
		seen.put(mine)
		if err != nil {
			return nil, unsatisfied(err)
		}
		suppressed.Add(n)
		if reference != nil {
			out = &withReference{out, project(before, reference)}
		}
		return out, nil
	}
	checking := newAside(r.show)
	wrote := false
	consume := func(rec arrow.Record) error {
		r.progress("writing", local.input.Load(), r.rows.Input)
		if r.shows(reference) {
			checking.add(rec)
		}
		out := project(rec, published)
		defer out.Release()
		r.rows.Output += out.NumRows()
		wrote = true
		return dst.Write(out)
	}
	err = inOrder(ctx, reader, r.opts.Workers, work, consume)
	if err == nil && !wrote {
		empty := emptyRecord(schema)
		err = consume(empty)
		empty.Release()
	}
	if err := errors.Join(err, checking.wait()); err != nil {
		return err
	}
	if seen := local.input.Load(); r.rows.Input != 0 && seen != r.rows.Input {
		return fmt.Errorf("anonymize: the input changed between two passes: %d rows, then %d",
			r.rows.Input, seen)
	}
	if err := r.fitted(seen); err != nil {
		return err
	}
	r.rows.Input = local.input.Load()
	r.rows.Retained = local.retained.Load()
	r.rows.Sampled = local.sampled.Load()
	r.rows.Suppressed = suppressed.Load()
	if r.tokens, err = judge(local.guards); err != nil {
		return err
	}
	if r.checker != nil && r.unseen() {
		r.audit, err = r.checker.Audit()
	}
	return err
}

// published is the schema of the output: without what is hidden.
func (r *run) published(schema *arrow.Schema) *arrow.Schema {
	var fields []arrow.Field
	for _, f := range schema.Fields() {
		if !slices.Contains(r.hidden, f.Name) {
			fields = append(fields, f)
		}
	}
	return arrow.NewSchema(fields, nil)
}

// described returns the schema with what its columns say of their pseudonyms in
// another one: a model leaves all metadata behind.
func described(schema, from *arrow.Schema) *arrow.Schema {
	fields := slices.Clone(schema.Fields())
	for i, f := range fields {
		at := from.FieldIndices(f.Name)
		if len(at) != 1 {
			continue
		}
		of := from.Field(at[0]).Metadata
		var keys, values []string
		for _, key := range []string{pseudonym.MetadataSpec, pseudonym.MetadataKeyID} {
			if value, ok := of.GetValue(key); ok {
				keys, values = append(keys, key), append(values, value)
			}
		}
		fields[i].Metadata = arrow.NewMetadata(keys, values)
	}
	return arrow.NewSchema(fields, nil)
}

func project(rec arrow.Record, schema *arrow.Schema) arrow.Record {
	columns := make([]arrow.Array, schema.NumFields())
	for i, f := range schema.Fields() {
		columns[i] = rec.Column(rec.Schema().FieldIndices(f.Name)[0])
	}
	return array.NewRecord(schema, columns, rec.NumRows())
}

func emptyRecord(schema *arrow.Schema) arrow.Record {
	columns := make([]arrow.Array, schema.NumFields())
	for i, f := range schema.Fields() { // not a builder: not every dictionary has one
		columns[i] = array.MakeArrayOfNull(memory.DefaultAllocator, f.Type, 0)
		defer columns[i].Release()
	}
	return array.NewRecord(schema, columns, 0)
}

// progress tells the caller, where there is one.
func (r *run) progress(stage string, rows, total int64) {
	r.opts.Progress(Progress{Stage: stage, Rows: rows, Total: total})
}
