package anonymize

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lethe-go/lethe/kanon"
)

// Run is made of stages that can run apart, on shards of a table and on many
// machines: Count makes of each shard what is to be known of it, Solve makes
// one plan of the counts of all, Apply makes a part of the output of each
// shard, and Check gives the verdict on all parts. The plan and the rows are
// those of Run. The queries of a policy have stages of their own, Query of each
// shard, Tally of each part of the people and Answer of all; the others leave them
// unanswered.

// begin compares the policy with the source.
func (p *Pipeline) begin(ctx context.Context, src Source, opts *RunOptions) (*run, error) {
	r := &run{Pipeline: p}
	if p.keyless {
		return r, errors.New("anonymize: this pipeline was made to solve and check only; make one " +
			"without SolveAndCheckOnly")
	}
	if opts != nil {
		r.opts = *opts
	}
	r.opts.setDefaults()
	var err error
	r.layout, err = p.layout(ctx, src)
	return r, err
}

// Count reads a shard once and returns what Solve needs to know of it. Of opts
// it heeds Workers, Memory, SpillDir and Progress. The caller closes the
// counts.
func (p *Pipeline) Count(ctx context.Context, src Source, opts *RunOptions) (*Counts, error) {
	r, err := p.begin(ctx, src, opts)
	if err != nil {
		return nil, err
	}
	return r.read(ctx, src, nil, nil)
}

// Solve makes the plan of a table of its counts.
func (p *Pipeline) Solve(ctx context.Context, c *Counts) (*Plan, error) {
	if c.head.Policy != p.policy.digest() {
		return nil, errors.New("anonymize: counts of no rows or under another policy; count again")
	}
	plan := &Plan{Version: PlanVersion, Policy: c.head.Policy, Fitted: c.head.Fitted}
	if p.anonymizer == nil {
		return plan, nil
	}
	if c.rows == nil {
		return nil, errors.New("anonymize: counts without combinations of quasi-identifiers; count again")
	}
	var err error
	if plan.Anonymity, err = p.anonymizer.Solve(ctx, c.rows); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, unsatisfied(err)
	}
	return plan, nil
}

// Fit reads the source once and returns the plan by which Run would change it.
// It answers no queries.
func (p *Pipeline) Fit(ctx context.Context, src Source) (*Plan, error) {
	return p.FitWithin(ctx, src, nil)
}

// FitWithin is Fit with the options that Count heeds.
func (p *Pipeline) FitWithin(ctx context.Context, src Source, opts *RunOptions) (*Plan, error) {
	r, err := p.begin(ctx, src, opts)
	if err != nil {
		return nil, err
	}
	counts, err := r.read(ctx, src, nil, nil)
	if err != nil {
		return nil, err
	}
	r.progress("searching", 0, 0)
	plan, err := p.Solve(ctx, counts)
	return plan, errors.Join(err, counts.Close())
}

// Apply makes of a shard its part of the output by opts.Plan, which is
// required, reads back what was written and commits it. Of opts it heeds
// Workers and Progress too.
//
// A part is no release. Its classes may be smaller than the models ask, since
// their other rows are in other parts; nobody but those who may see the table
// may see it before Check has passed all of them. Pseudonyms are judged by the
// rows of the shard alone, which is stricter than by those of the table.
//
// A plan that was fitted under another policy, or on columns of other names or
// types, or on rows of which those of the shard cannot be a part, is refused;
// see RunOptions.PlanOfOtherData.
func (p *Pipeline) Apply(
	ctx context.Context, src Source, dst Sink, opts *RunOptions,
) (rows RowCounts, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, dst.Abort())
		}
	}()
	if opts == nil || opts.Plan == nil {
		return rows, errors.New("anonymize: no plan to apply")
	}
	r, err := p.begin(ctx, src, opts)
	if err != nil {
		return rows, err
	}
	if err := r.takePlan(); err != nil {
		return rows, err
	}
	r.part = true
	if err := r.write(ctx, src, dst); err != nil {
		return rows, err
	}
	written, err := dst.Seal()
	if err != nil {
		return rows, err
	}
	r.progress("checking", 0, 0)
	if err := r.verifyRows(ctx, written); err != nil {
		return rows, err
	}
	return r.rows, dst.Commit()
}

// takePlan makes the plan of the options that of the run.
func (r *run) takePlan() error {
	r.plan = r.opts.Plan
	if err := r.plan.check(r.policy); err != nil {
		return err
	}
	if r.opts.PlanOfOtherData {
		return nil
	}
	return r.plan.fits(schemaDigest(r.schema))
}

// Check reads all parts of an output, as one source, and says whether they
// satisfy the models of the policy. An error that wraps ErrUnsatisfied says
// that they do not, and comes with the audit. Where a plan is given, the rows
// must be as many, and in as many classes, as it keeps: no part is missing,
// there twice, or made of other data.
//
// Everything is judged from the parts alone. People are those of the unit's
// column, so that must be among the columns that are written. Models of
// closeness compare with the rows that are written, as an outsider would, and
// not with those that were suppressed as Run does.
func (p *Pipeline) Check(ctx context.Context, src Source, plan *Plan) (*kanon.Audit, error) {
	if err := p.checkable(); err != nil {
		return nil, err
	}
	quasi, err := p.writtenIn(ctx, src)
	if err != nil {
		return nil, err
	}
	if plan != nil {
		if err := plan.check(p.policy); err != nil {
			return nil, err
		}
	}
	cfg := p.checkConfig(quasi)
	r, err := src.Open(ctx, columnsOf(cfg)...)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	audit, err := kanon.Check(ctx, r, cfg)
	if err != nil {
		return nil, err
	}
	err = failures(audit)
	if plan != nil { // a part that is missing is why small classes are small
		err = errors.Join(p.complete(plan, audit), err)
	}
	return audit, err
}

// writtenIn lists the columns in which parts have the quasi-identifiers.
func (p *Pipeline) writtenIn(ctx context.Context, src Source) ([]string, error) {
	in, err := listing(ctx, src)
	return p.policy.written(func(c string) bool { return slices.Contains(in.names, c) }), err
}

// checkable says why parts cannot be checked by themselves.
func (p *Pipeline) checkable() error {
	if p.anonymizer == nil {
		return errors.New("anonymize: the policy has no quasi-identifiers, so there is no model " +
			"to check")
	}
	if u := p.policy.Privacy.Unit; u != "" && p.policy.dropped(u) {
		return fmt.Errorf("anonymize: the unit %q is not written, so the parts do not say whose "+
			"their rows are; pseudonymize the column instead of dropping it, or run in one piece", u)
	}
	return nil
}

// checkConfig is what is asked of an output, by the columns that have the
// quasi-identifiers.
func (p *Pipeline) checkConfig(quasi []string) kanon.CheckConfig {
	cfg := kanon.CheckConfig{Quasi: quasi, Unit: p.policy.Privacy.Unit, Models: p.models}
	for _, name := range sortedColumns(p.policy) {
		if p.policy.Columns[name].Role == Sensitive && !p.policy.dropped(name) {
			cfg.Sensitive = append(cfg.Sensitive, name)
		}
	}
	return cfg
}

// complete compares the parts with what the plan keeps.
func (p *Pipeline) complete(plan *Plan, audit *kanon.Audit) error {
	keeps := p.keeps(plan)
	if keeps.agrees(audit) {
		return nil
	}
	return unsatisfied(fmt.Errorf("anonymize: the parts have %d rows in %d classes, and the plan "+
		"keeps %d in %d: a part is missing, there twice or made of other data", audit.Rows,
		audit.Classes, keeps.rows, keeps.classes))
}

// kept is what the output has of the rows that a plan was made of.
type kept struct {
	rows, classes int64
	starred       int64 // rows, of the class that is none of those or is like one
	alike         bool  // classes may be written alike, and are one then
}

// keeps says what a plan keeps.
func (p *Pipeline) keeps(plan *Plan) kept {
	s := plan.Anonymity.Summary()
	numeric := p.policy.Output.Numeric
	k := kept{rows: s.Rows - s.Suppressed, classes: s.Classes,
		alike: numeric != "" && numeric != kanon.NumericLabels}
	if p.suppressed() == kanon.Star {
		k.rows, k.starred = s.Rows, s.Suppressed
	}
	return k
}

// agrees says whether an audit is of what is kept.
func (k kept) agrees(a *kanon.Audit) bool {
	return a.Rows == k.rows && (a.Classes >= k.classes || k.alike) &&
		a.Classes <= k.classes+min(1, k.starred)
}
