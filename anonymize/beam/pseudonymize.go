package beam

import (
	"context"
	"errors"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
)

func init() {
	beam.RegisterDoFn(&rowLocalFn{})
}

// Pseudonymize carries out a policy without quasi-identifiers, of which every
// row is worked on by itself: it minimizes and pseudonymizes each shard in one
// pass and writes the result into the folder out as Anonymize does, which also
// takes such a policy but counts first. The result is a single Verdict. A policy
// with quasi-identifiers fails.
func Pseudonymize(s beam.Scope, job Job, paths []string, out string) beam.PCollection {
	must(job.validate())
	s = s.Scope("lethe.Pseudonymize")
	shards := Shards(s, paths)
	one := beam.Create(s, Shard{Path: paths[0]})
	plan := beam.ParDo(s, &rowLocalFn{worker: worker{Job: job}}, one)
	return Release(s, job, Apply(s, job, shards, plan, out), plan, out)
}

// rowLocalFn makes the plan of a policy that needs no counts.
type rowLocalFn struct {
	worker
}

// ProcessElement looks at the columns of a shard.
func (f *rowLocalFn) ProcessElement(ctx context.Context, shard Shard, emit func([]byte)) error {
	quasi, err := f.Job.hasQuasi()
	if err != nil {
		return err
	}
	if quasi {
		return errors.New("beam: the policy has quasi-identifiers, whose combinations have to be " +
			"counted over all shards; use Anonymize")
	}
	src, err := shard.open()
	if err != nil {
		return err
	}
	counts, err := f.pipeline.Count(ctx, src, nil) // reads no rows
	if err != nil {
		return err
	}
	return solve(ctx, f.pipeline, counts, emit)
}
