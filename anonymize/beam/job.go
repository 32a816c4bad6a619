package beam

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/pseudonym"
)

// Job says what the workers carry out. It travels in the pipeline, where the
// runner shows it to those who look after it, so that it names files and holds
// no secret.
type Job struct {
	// Policy is the path of the policy.
	Policy string
	// Keys are the paths of the key files, by the names that the policy gives
	// to keys; anonymize.MainKey is the one meant where it gives none.
	Keys map[string]string
	// Statistics is the path of the table to write the answers of the policy's
	// queries to. It is required where the policy has queries and refused where
	// it has none.
	Statistics string
	// Parts is how many parts the people are divided into for the statistics, each of
	// which one worker bounds and sums up; 0 is 64. A worker holds the people of a part.
	Parts int
}

// parts is Parts or what it is where nothing is said.
func (j Job) parts() int {
	if j.Parts == 0 {
		return 64
	}
	return j.Parts
}

// Shard is a part of the table that one worker reads.
type Shard struct {
	Path string
	File int // number of the path among all, from 0
	Part int // number of the row group, from 0
}

func init() {
	beam.RegisterType(reflect.TypeFor[Shard]())
	beam.RegisterType(reflect.TypeFor[Part]())
	beam.RegisterType(reflect.TypeFor[Verdict]())
}

// maxParts bounds the elements that a shard becomes.
const maxParts = 1 << 16

// validate finds mistakes before anything is submitted.
func (j Job) validate() error {
	if j.Policy == "" {
		return errors.New("beam: a job without a policy; name its path")
	}
	for name, path := range j.Keys {
		if name == "" || path == "" {
			return errors.New("beam: a key without a name or a path")
		}
	}
	if j.Parts < 0 || j.Parts > maxParts {
		return fmt.Errorf("beam: %d parts of the people, want 1 to %d, or 0 for 64", j.Parts, maxParts)
	}
	return nil
}

// pipeline makes the stages on a worker. Without keys they can solve and check
// only.
func (j Job) pipeline(ctx context.Context, keys bool) (*anonymize.Pipeline, error) {
	policy, err := anonymize.ReadPolicy(j.Policy)
	if err != nil {
		return nil, err
	}
	if policy.Statistics != nil && j.Statistics == "" {
		return nil, errors.New("beam: the policy has statistics; say in Job.Statistics where to write " +
			"them")
	}
	if policy.Statistics == nil && j.Statistics != "" {
		return nil, errors.New("beam: a file for statistics, but the policy has none")
	}
	cfg := anonymize.Config{Policy: policy, SolveAndCheckOnly: !keys}
	if keys && len(j.Keys) > 0 {
		cfg.Keys = map[string]*pseudonym.Keyring{}
		for name, path := range j.Keys {
			if cfg.Keys[name], err = pseudonym.Open(ctx, pseudonym.KeyFile(path)); err != nil {
				return nil, fmt.Errorf("beam: key %q: %w", name, err)
			}
		}
	}
	return anonymize.New(cfg)
}

// worker is what a stage with keys has: a pipeline, made once a worker.
type worker struct {
	Job      Job
	pipeline *anonymize.Pipeline
}

// Setup makes the pipeline.
func (w *worker) Setup(ctx context.Context) (err error) {
	w.pipeline, err = w.Job.pipeline(ctx, true)
	return err
}

// checker is what a stage has that works on what the others made, and needs no keys.
type checker worker

// Setup makes the pipeline.
func (c *checker) Setup(ctx context.Context) (err error) {
	c.pipeline, err = c.Job.pipeline(ctx, false)
	return err
}

// hasQuasi says whether the policy has quasi-identifiers.
func (j Job) hasQuasi() (bool, error) {
	policy, err := anonymize.ReadPolicy(j.Policy)
	if err != nil {
		return false, err
	}
	for _, c := range policy.Columns {
		if c.Role == anonymize.QuasiIdentifier && !c.Drop {
			return true, nil
		}
	}
	return false, nil
}

// open opens the part of the file that a shard is.
func (s Shard) open() (*tableio.File, error) {
	f, err := tableio.Open(s.Path, nil)
	if err != nil {
		return nil, err
	}
	parts := f.Parts()
	if s.Part >= len(parts) {
		return nil, fmt.Errorf("beam: %s has %d row groups, and had more", filepath.Base(s.Path),
			len(parts))
	}
	return parts[s.Part], nil
}

// name is that of the file made of a shard. It tells nothing of the input but
// its place, so that a second attempt writes the same file.
func (s Shard) name() string { return fmt.Sprintf("part-%05d-%05d.parquet", s.File, s.Part) }

// staging is the folder that parts are in before they are released. The dot
// hides it from those who read the output.
func staging(out string) string { return filepath.Join(out, ".unreleased") }

// vacant refuses a folder for the output that holds anything but parts of these
// names, which an interrupted attempt may have moved there.
func vacant(out string, parts []string) error {
	entries, err := os.ReadDir(out)
	if err != nil {
		return fmt.Errorf("beam: %w", err)
	}
	for _, e := range entries {
		if e.Name() != filepath.Base(staging(out)) && !slices.Contains(parts, e.Name()) {
			return errors.New("beam: the folder of the output is not empty; name another one")
		}
	}
	return nil
}
