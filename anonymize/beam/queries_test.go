package beam

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/dp"
	"github.com/lethe-go/lethe/dp/ledger"
)

func init() {
	beam.RegisterDoFn(&repeatFn{})
	beam.RegisterDoFn(&dropFn{})
	beam.RegisterDoFn(&costFn{})
}

// asking is the policy with queries that are answered so exactly that the noise
// does not show, from a budget that a ledger keeps.
const asking = policy + `
statistics:
  unit: {column: person, max_rows: %d}
  budget: {epsilon: 4e6}
  queries:
    - count: {epsilon: 1e6}
    - people: {epsilon: 1e6}
    - mean: {column: age, lower: 0, upper: 100, by: [ward], keys: {ward: [a, b, c]}, epsilon: 1e6}
    - histogram: {column: age, edges: [0, 30, 60, 100], epsilon: 1e6}
  ledger: %s
`

// askingJob is a job of the policy, and the ledger that pays for it.
func askingJob(t *testing.T, maxRows int, epsilon float64) (Job, []string, *ledger.Ledger) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "visits.ledger")
	l, err := ledger.Create(t.Context(), path, ledger.Terms{Dataset: "visits", Unit: "person",
		Total: dp.Budget{Epsilon: epsilon}}, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	job, paths := shards(t, fmt.Sprintf(asking, maxRows, path))
	job.Statistics = filepath.Join(t.TempDir(), "statistics.parquet")
	return job, paths, l
}

func spent(t *testing.T, l *ledger.Ledger) float64 {
	t.Helper()
	s, err := l.Statement(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Spent.Epsilon
}

// answersIn are the values in a table of statistics.
func answersIn(t *testing.T, path string) (values []float64) {
	t.Helper()
	src, err := tableio.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := src.Open(t.Context(), "value")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	for r.Next() {
		values = append(values, r.Record().Column(0).(*array.Float64).Float64Values()...)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}

// TestStatisticsSameAsRun: the answers from 7 shards on Prism, beside the table,
// are those of one run over the whole table, and each pays once.
func TestStatisticsSameAsRun(t *testing.T) {
	job, paths, l := askingJob(t, 3, 8e6)
	ctx := context.Background()
	p, err := job.pipeline(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	src, err := tableio.OpenFiles(paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(t.TempDir(), "statistics.parquet")
	stats, err := tableio.Create(whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Run(ctx, src, tableio.NewBuffer(), &anonymize.RunOptions{Statistics: stats})
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	pipeline, s := beam.NewPipelineWithRoot()
	Anonymize(s, job, paths, out)
	if _, err := prism.Execute(ctx, pipeline); err != nil {
		t.Fatal(err)
	}
	got, want := answersIn(t, job.Statistics), answersIn(t, whole)
	if len(got) != 8 || len(want) != 8 {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > 1e-3 {
			t.Errorf("value %d is %v, want %v", i, got[i], want[i])
		}
	}
	if e := spent(t, l); e != 8e6 {
		t.Errorf("ε=%v was paid", e)
	}
	if n := len(rows(t, filepath.Join(out, "part-*.parquet"))); n < 1000 {
		t.Errorf("%d rows of the table", n)
	}
}

// TestStatisticsOnce: what bounds a person holds over all shards, a second attempt
// publishes nothing, and what fails before is not paid for.
func TestStatisticsOnce(t *testing.T) {
	job, paths, l := askingJob(t, 1, 8e6)
	job.Parts = 3
	execute := func(between any) error {
		pipeline, s := beam.NewPipelineWithRoot()
		kept := Query(s, job, Shards(s, paths))
		if between != nil {
			kept = beam.ParDo(s, between, kept)
		}
		beam.ParDo0(s, &costFn{}, Answer(s, job, Tallies(s, job, kept)))
		_, err := prism.Execute(context.Background(), pipeline)
		return err
	}
	if err := execute(&repeatFn{}); err == nil || !strings.Contains(err.Error(), "comes twice") {
		t.Errorf("a shard twice: %v", err)
	}
	if err := execute(&dropFn{}); err == nil || !strings.Contains(err.Error(), "was lost on the way") {
		t.Errorf("a piece is lost: %v", err)
	}
	if _, err := os.Stat(job.Statistics); !os.IsNotExist(err) || spent(t, l) != 0 {
		t.Errorf("%v, ε=%v was paid", err, spent(t, l))
	}
	if err := execute(nil); err != nil {
		t.Fatal(err)
	}
	got := answersIn(t, job.Statistics)
	if got[0] != 500 || got[1] != 500 {
		t.Errorf("%v rows of %v people, who count once each", got[0], got[1])
	}
	if err := execute(nil); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a second attempt: %v", err)
	}
	if e := spent(t, l); e != 4e6 {
		t.Errorf("ε=%v was paid", e)
	}
}

// costFn fails on another cost than that of the queries.
type costFn struct{}

func (*costFn) ProcessElement(a Answers) {
	if a.Queries != 4 || a.Spent.Epsilon != 4e6 || a.Entry == "" {
		panic(fmt.Sprintf("%+v", a))
	}
}

// repeatFn gives every element twice.
type repeatFn struct{}

func (*repeatFn) ProcessElement(part int, k Kept, emit func(int, Kept)) {
	emit(part, k)
	emit(part, k)
}

// dropFn loses a part of the people of one shard.
type dropFn struct{}

func (*dropFn) ProcessElement(part int, k Kept, emit func(int, Kept)) {
	if part != 1 || k.Shard.File != 2 {
		emit(part, k)
	}
}

// TestStatisticsNamed: a policy with queries and a job that does not say where to
// write the answers, and the other way around.
func TestStatisticsNamed(t *testing.T) {
	job, _, _ := askingJob(t, 1, 1)
	path := job.Statistics
	job.Statistics = ""
	if _, err := job.pipeline(t.Context(), true); err == nil ||
		!strings.Contains(err.Error(), "say in Job.Statistics where to write them") {
		t.Errorf("nowhere to write: %v", err)
	}
	job, _ = shards(t, policy)
	job.Statistics = path
	if _, err := job.pipeline(t.Context(), true); err == nil ||
		!strings.Contains(err.Error(), "the policy has none") {
		t.Errorf("nothing to write: %v", err)
	}
}

// TestPseudonymize gives the rows that Anonymize gives, in one pass, and refuses a
// policy that needs two.
func TestPseudonymize(t *testing.T) {
	job, paths := shards(t, alone)
	var want []string
	for i, transform := range []func(beam.Scope, Job, []string, string) beam.PCollection{
		Anonymize, Pseudonymize,
	} {
		out := filepath.Join(t.TempDir(), "out")
		pipeline, s := beam.NewPipelineWithRoot()
		transform(s, job, paths, out)
		if _, err := prism.Execute(context.Background(), pipeline); err != nil {
			t.Fatal(err)
		}
		got := rows(t, filepath.Join(out, "part-*.parquet"))
		if len(got) != 1300 || strings.Contains(got[0], "person=p") || strings.Contains(got[0], "name") {
			t.Errorf("%d rows, the first %s", len(got), got[0])
		}
		if i == 0 {
			want = got
		} else if !slices.Equal(got, want) {
			t.Error("other rows")
		}
	}
	job, paths = shards(t, policy)
	fn := &rowLocalFn{worker: worker{Job: job}}
	if err := fn.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := fn.ProcessElement(t.Context(), Shard{Path: paths[0]}, func([]byte) { t.Error("a plan") })
	if err == nil || !strings.Contains(err.Error(), "the policy has quasi-identifiers") {
		t.Errorf("a policy with quasi-identifiers: %v", err)
	}
}
