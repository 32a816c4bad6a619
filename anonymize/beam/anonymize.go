package beam

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

func init() {
	beam.RegisterDoFn(&listFn{})
	beam.RegisterDoFn(&countFn{})
	beam.RegisterDoFn(&solveFn{})
	beam.RegisterDoFn(&applyFn{})
	beam.RegisterDoFn(&releaseFn{})
}

// Part is a file that Apply made of a shard.
type Part struct {
	Name  string // of the file
	Input int64  // rows of the shard
	Rows  int64  // rows of the part
}

// Verdict is what Release found of all parts together.
type Verdict struct {
	Parts    int
	Input    int64 // rows of the table
	Rows     int64 // rows released
	Classes  int64 // 0 for a policy without quasi-identifiers
	Smallest int64 // size of the smallest class: people where the policy has a unit, else rows
}

// Anonymize carries out the job on the files at the paths, which are one table,
// and writes the result as Parquet files into the folder out, which must not
// exist or be empty. The result is a single Verdict. Where the table cannot
// satisfy the policy, or the parts do not, the pipeline fails and nothing is
// released. The queries of a policy with statistics are answered once the table
// is released; see Statistics for them alone. It panics on a job without a policy
// or paths, as functions that build pipelines do.
func Anonymize(s beam.Scope, job Job, paths []string, out string) beam.PCollection {
	s = s.Scope("lethe.Anonymize")
	shards := Shards(s, paths)
	plan := Solve(s, job, Count(s, job, shards))
	verdict := Release(s, job, Apply(s, job, shards, plan, out), plan, out)
	if job.Statistics != "" {
		tallies := Tallies(s, job, Query(s, job, shards))
		Answer(s, job, beam.ParDo(s, &afterFn{}, tallies, beam.SideInput{Input: verdict}))
	}
	return verdict
}

// must panics on a mistake of the program, see Anonymize.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Shards lists the shards of the files at the paths: a PCollection of Shard.
func Shards(s beam.Scope, paths []string) beam.PCollection {
	if len(paths) == 0 {
		panic(errors.New("beam: no input"))
	}
	s = s.Scope("lethe.Shards")
	list := beam.ParDo(s, &listFn{Paths: slices.Clone(paths)}, beam.CreateList(s, paths))
	return beam.Reshuffle(s, list)
}

type listFn struct{ Paths []string }

// ProcessElement lists the row groups of a file.
func (f *listFn) ProcessElement(ctx context.Context, path string, emit func(Shard)) error {
	t, err := tableio.Open(path, nil)
	if err != nil {
		return err
	}
	for i := range t.Parts() {
		emit(Shard{Path: path, File: slices.Index(f.Paths, path), Part: i})
	}
	return nil
}

// Count counts each shard: a PCollection of the binary form of
// anonymize.Counts.
func Count(s beam.Scope, job Job, shards beam.PCollection) beam.PCollection {
	must(job.validate())
	return beam.ParDo(s.Scope("lethe.Count"), &countFn{worker: worker{Job: job}}, shards)
}

type countFn struct {
	worker
}

// ProcessElement counts a shard.
func (f *countFn) ProcessElement(ctx context.Context, shard Shard, emit func([]byte)) error {
	src, err := shard.open()
	if err != nil {
		return err
	}
	counts, err := f.pipeline.Count(ctx, src, &anonymize.RunOptions{Workers: 1})
	if err != nil {
		return err
	}
	defer counts.Close()
	var b bytes.Buffer
	if _, err := counts.WriteTo(&b); err != nil {
		return err
	}
	emit(b.Bytes())
	return nil
}

// Solve merges the counts on one worker and finds the plan: a PCollection of
// one element, the JSON of an anonymize.Plan.
func Solve(s beam.Scope, job Job, counts beam.PCollection) beam.PCollection {
	must(job.validate())
	s = s.Scope("lethe.Solve")
	all := beam.GroupByKey(s, beam.AddFixedKey(s, counts))
	return beam.ParDo(s, &solveFn{checker: checker{Job: job}}, all)
}

type solveFn struct {
	checker
}

// ProcessElement makes one plan of all counts.
func (f *solveFn) ProcessElement(
	ctx context.Context, _ int, next func(*[]byte) bool, emit func([]byte),
) error {
	all := new(anonymize.Counts)
	defer all.Close()
	for b := []byte(nil); next(&b); {
		if _, err := all.ReadFrom(bytes.NewReader(b)); err != nil {
			return err
		}
	}
	return solve(ctx, f.pipeline, all, emit)
}

// solve gives the plan of counts as JSON.
func solve(
	ctx context.Context, p *anonymize.Pipeline, counts *anonymize.Counts, emit func([]byte),
) error {
	plan, err := p.Solve(ctx, counts)
	if err != nil {
		return err
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	emit(text)
	return nil
}

// Apply makes a file of each shard by the plan, in a hidden folder of out: a
// PCollection of Part. The files are no release before Release.
func Apply(
	s beam.Scope, job Job, shards, plan beam.PCollection, out string,
) beam.PCollection {
	must(job.validate())
	if out == "" {
		panic(errors.New("beam: no folder for the output"))
	}
	s = s.Scope("lethe.Apply")
	return beam.ParDo(s, &applyFn{worker: worker{Job: job}, Out: out}, shards, beam.SideInput{Input: plan})
}

type applyFn struct {
	worker
	Out  string
	plan *anonymize.Plan
}

// Setup makes the folder too.
func (f *applyFn) Setup(ctx context.Context) error {
	if err := os.MkdirAll(staging(f.Out), 0o700); err != nil {
		return fmt.Errorf("beam: %w", err)
	}
	return f.worker.Setup(ctx)
}

// ProcessElement writes the part of a shard. It appears whole or not at all,
// and a second attempt writes it again.
func (f *applyFn) ProcessElement(
	ctx context.Context, shard Shard, plan []byte, emit func(Part),
) error {
	if f.plan == nil {
		p, err := readPlan(plan)
		if err != nil {
			return err
		}
		f.plan = p
	}
	src, err := shard.open()
	if err != nil {
		return err
	}
	dst, err := tableio.Create(filepath.Join(staging(f.Out), shard.name()), nil)
	if err != nil {
		return err
	}
	rows, err := f.pipeline.Apply(ctx, src, dst, &anonymize.RunOptions{Plan: f.plan, Workers: 1})
	if err != nil {
		return err
	}
	emit(Part{Name: shard.name(), Input: rows.Input, Rows: rows.Output})
	return nil
}

// Release checks all parts together and, where they satisfy the policy, moves
// them to their names in out and puts a file _SUCCESS beside them: a
// PCollection of one Verdict.
func Release(s beam.Scope, job Job, parts, plan beam.PCollection, out string) beam.PCollection {
	must(job.validate())
	s = s.Scope("lethe.Release")
	all := beam.GroupByKey(s, beam.AddFixedKey(s, parts))
	return beam.ParDo(s, &releaseFn{checker: checker{Job: job}, Out: out}, all, beam.SideInput{Input: plan})
}

type releaseFn struct {
	checker
	Out string
}

// ProcessElement releases all parts or none.
func (f *releaseFn) ProcessElement(
	ctx context.Context, _ int, next func(*Part) bool, text []byte, emit func(Verdict),
) error {
	var v Verdict
	var names []string
	for p := (Part{}); next(&p); {
		names = append(names, p.Name)
		v.Parts++
		v.Input += p.Input
		v.Rows += p.Rows
	}
	slices.Sort(names)
	if err := vacant(f.Out, names); err != nil {
		return err
	}
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = filepath.Join(staging(f.Out), name)
		if _, err := os.Stat(paths[i]); errors.Is(err, os.ErrNotExist) {
			paths[i] = filepath.Join(f.Out, name) // by an attempt that was interrupted
		}
	}
	if err := f.check(ctx, paths, text, &v); err != nil {
		return err
	}
	for i, name := range names {
		if err := os.Rename(paths[i], filepath.Join(f.Out, name)); err != nil {
			return fmt.Errorf("beam: %w", err)
		}
	}
	if err := os.RemoveAll(staging(f.Out)); err != nil {
		return fmt.Errorf("beam: %w", err)
	}
	if err := os.WriteFile(filepath.Join(f.Out, "_SUCCESS"), nil, 0o644); err != nil {
		return fmt.Errorf("beam: %w", err)
	}
	emit(v)
	return nil
}

func (f *releaseFn) check(ctx context.Context, paths []string, text []byte, v *Verdict) error {
	plan, err := readPlan(text)
	if err != nil {
		return err
	}
	quasi, err := f.Job.hasQuasi()
	if err != nil {
		return err
	}
	if quasi != (plan.Anonymity != nil) {
		return errors.New("beam: the plan and the policy disagree on quasi-identifiers")
	}
	if !quasi {
		return nil
	}
	src, err := tableio.OpenFiles(paths, nil)
	if err != nil {
		return err
	}
	audit, err := f.pipeline.Check(ctx, src, plan)
	if err != nil {
		return err
	}
	v.Classes = audit.Classes
	if len(audit.Sizes) > 0 {
		v.Smallest = audit.Sizes[0].Size
	}
	return nil
}

func readPlan(text []byte) (*anonymize.Plan, error) {
	plan := new(anonymize.Plan)
	if err := json.Unmarshal(text, plan); err != nil {
		return nil, fmt.Errorf("beam: plan: %w", err)
	}
	return plan, nil
}
