package beam

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/dp"
)

func init() {
	beam.RegisterDoFn(&queryFn{})
	beam.RegisterDoFn(&tallyFn{})
	beam.RegisterDoFn(&answerFn{})
	beam.RegisterDoFn(&afterFn{})
	beam.RegisterType(reflect.TypeFor[Kept]())
	beam.RegisterType(reflect.TypeFor[Tally]())
	beam.RegisterType(reflect.TypeFor[Answers]())
	beam.RegisterType(reflect.TypeFor[anonymize.BudgetReport]())
}

// Kept is what the queries of a policy keep of a part of the people of a shard: a
// bounded sample of the rows of each person, in the binary form of anonymize.Kept.
type Kept struct {
	Shard Shard
	Data  []byte
}

// Tally is what the rows of a part of the people come to, of all shards, as
// anonymize.Pipeline.Tally gives it.
type Tally struct {
	Shards int   // that it is of
	Like   Shard // one of them
	Data   []byte
}

// Answers say what the queries of a policy cost.
type Answers struct {
	Queries int
	Spent   anonymize.BudgetReport
	// Entry is that of the ledger that paid, "" where there is none.
	Entry string
}

// Statistics answers the queries of the policy from the files at the paths,
// which are one table, and writes them to job.Statistics: a PCollection of one
// Answers. The table itself is not written; see Anonymize for both.
func Statistics(s beam.Scope, job Job, paths []string) beam.PCollection {
	s = s.Scope("lethe.Statistics")
	return Answer(s, job, Tallies(s, job, Query(s, job, Shards(s, paths))))
}

// Query reads each shard once and keeps of it what the queries of the policy
// need: a PCollection of Kept by the part of the people that it is of, one of each
// part of each shard.
func Query(s beam.Scope, job Job, shards beam.PCollection) beam.PCollection {
	must(job.validate())
	// What is drawn here goes to all workers, which must divide people alike.
	people := dp.Division{Parts: job.parts(), Key: make([]byte, 32)}
	rand.Read(people.Key) // never fails
	return beam.ParDo(s.Scope("lethe.Query"), &queryFn{worker: worker{Job: job}, People: people}, shards)
}

type queryFn struct {
	worker
	People dp.Division
}

// ProcessElement reads a shard.
func (f *queryFn) ProcessElement(ctx context.Context, shard Shard, emit func(int, Kept)) error {
	src, err := shard.open()
	if err != nil {
		return err
	}
	kept, err := f.pipeline.Query(ctx, src, &anonymize.RunOptions{Workers: 1})
	if err != nil {
		return err
	}
	pieces, err := kept.MarshalParts(f.People)
	if err != nil {
		return err
	}
	for i, data := range pieces {
		emit(i, Kept{shard, data})
	}
	return nil
}

// Tallies merges what was kept of a part of the people, of all shards, where the
// bounds on a person hold for all of them together, and sums it up: a PCollection of
// Tally, one of each part, which different workers make.
func Tallies(s beam.Scope, job Job, kept beam.PCollection) beam.PCollection {
	must(job.validate())
	s = s.Scope("lethe.Tallies")
	return beam.ParDo(s, &tallyFn{worker: worker{Job: job}}, beam.GroupByKey(s, kept))
}

type tallyFn struct {
	worker
}

// ProcessElement sums up a part of the people.
func (f *tallyFn) ProcessElement(
	ctx context.Context, _ int, next func(*Kept) bool, emit func(Tally),
) error {
	var first Kept
	if !next(&first) {
		return errors.New("beam: no shards")
	}
	like, err := first.Shard.open()
	if err != nil {
		return err
	}
	seen := map[Shard]bool{}
	data, err := f.pipeline.Tally(ctx, like, once(first, next, seen))
	if err != nil {
		return err
	}
	emit(Tally{len(seen), first.Shard, data})
	return nil
}

// once gives what was kept of each shard and fails on one that comes twice: what
// bounds a person would hold all the same, and the answers would be wrong.
func once(first Kept, next func(*Kept) bool, seen map[Shard]bool) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for k, ok := first, true; ok; ok = next(&k) {
			if seen[k.Shard] {
				yield(nil, fmt.Errorf("beam: shard %d of %s comes twice", k.Shard.Part,
					filepath.Base(k.Shard.Path)))
				return
			}
			seen[k.Shard] = true
			if !yield(k.Data, nil) {
				return
			}
		}
	}
}

// Answer merges the tallies of all parts of the people on one worker, pays from the
// ledger that the policy names, if it names one, draws the noise and writes the
// statistics to job.Statistics: a PCollection of one Answers. A file that is
// there already is an error, so that a second attempt of the runner publishes no
// second noise. It panics on a job that does not say where to write.
func Answer(s beam.Scope, job Job, tallies beam.PCollection) beam.PCollection {
	must(job.validate())
	if job.Statistics == "" {
		panic(errors.New("beam: no file for the statistics"))
	}
	s = s.Scope("lethe.Answer")
	all := beam.GroupByKey(s, beam.AddFixedKey(s, tallies))
	return beam.ParDo(s, &answerFn{worker: worker{Job: job}}, all)
}

type answerFn struct {
	worker
}

// ProcessElement answers from all parts, once.
func (f *answerFn) ProcessElement(
	ctx context.Context, _ int, next func(*Tally) bool, emit func(Answers),
) error {
	path := f.Job.Statistics
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("beam: %s is there already; where an earlier attempt wrote it, it is "+
			"complete and paid for, and else name another file", filepath.Base(path))
	}
	var first Tally
	if !next(&first) {
		return errors.New("beam: no tallies")
	}
	like, err := first.Like.open()
	if err != nil {
		return err
	}
	dst, err := tableio.Create(path, nil)
	if err != nil {
		return err
	}
	report, err := f.pipeline.Answer(ctx, like, alike(first, next), dst, nil)
	if err != nil {
		return err
	}
	a := Answers{Queries: len(report.Queries), Spent: report.Spent}
	if report.Ledger != nil {
		a.Entry = report.Ledger.Entry
	}
	emit(a)
	return nil
}

// alike gives the tallies and fails where one is of fewer shards than another: rows
// of some people would be missing.
func alike(first Tally, next func(*Tally) bool) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for t, ok := first, true; ok; ok = next(&t) {
			if t.Shards != first.Shards {
				yield(nil, fmt.Errorf("beam: a tally is of %d shards and another of %d: something was "+
					"lost on the way", t.Shards, first.Shards))
				return
			}
			if !yield(t.Data, nil) {
				return
			}
		}
	}
}

// afterFn lets elements pass once there is a verdict.
type afterFn struct{}

// ProcessElement passes an element on.
func (*afterFn) ProcessElement(t Tally, _ Verdict, emit func(Tally)) { emit(t) }
