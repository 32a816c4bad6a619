package beam

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/google/go-cmp/cmp"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/pseudonym"
)

func TestMain(m *testing.M) {
	beam.Init()
	os.Exit(m.Run()) // Prism leaves goroutines behind, so that they cannot be counted here
}

func init() {
	beam.RegisterDoFn(&keepFn{})
	beam.RegisterDoFn(&verdictFn{})
}

// keepFn writes the one element that it sees into a file.
type keepFn struct{ Path string }

func (f *keepFn) ProcessElement(b []byte) error { return os.WriteFile(f.Path, b, 0o600) }

type verdictFn struct{ Path string }

func (f *verdictFn) ProcessElement(v Verdict) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(f.Path, b, 0o600)
}

const policy = `
version: 1
columns:
  person: {role: identifier, pseudonym: {hmac: {}, domain: test}}
  name:   {role: identifier, drop: true}
  age:    {role: quasi, hierarchy: {intervals: {widths: [5, 10, 20], min: 0, max: 100}}}
  zip:    {role: quasi, hierarchy: {prefix: {length: 4}}}
  ward:   {role: insensitive}
privacy:
  unit: person
  models: [{k_anonymity: {k: 4}}]
  max_suppression: 0.05
  recoding: global
output: {suppressed: drop}
`

// visits makes rows from one number to another of a made-up table: a person has
// up to three rows, which lie far apart.
func visits(from, to int) arrow.Record {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "person", Type: arrow.BinaryTypes.String}, {Name: "name", Type: arrow.BinaryTypes.String},
		{Name: "age", Type: arrow.PrimitiveTypes.Int32}, {Name: "zip", Type: arrow.BinaryTypes.String},
		{Name: "ward", Type: arrow.BinaryTypes.String},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := from; i < to; i++ {
		person := i % 500
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprint("p", person))
		b.Field(1).(*array.StringBuilder).Append(fmt.Sprint("name ", person))
		b.Field(2).(*array.Int32Builder).Append(int32(person * 7 % 90))
		b.Field(3).(*array.StringBuilder).Append(fmt.Sprint(1000 + person*person%97))
		b.Field(4).(*array.StringBuilder).Append([]string{"a", "b", "c"}[i%3])
	}
	return b.NewRecord()
}

// shards writes the table into 7 files, one of them without rows, and the
// policy and its key beside them.
func shards(t testing.TB, policy string) (job Job, paths []string) {
	t.Helper()
	dir := t.TempDir()
	cuts := []int{0, 100, 100, 350, 360, 700, 1000, 1300}
	for i := range cuts[1:] {
		rec := visits(cuts[i], cuts[i+1])
		path := filepath.Join(dir, fmt.Sprintf("in-%d.parquet", i))
		w, err := tableio.Create(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Seal(); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		rec.Release()
		paths = append(paths, path)
	}
	job = Job{Policy: filepath.Join(dir, "policy.yaml"),
		Keys: map[string]string{anonymize.MainKey: filepath.Join(dir, "keys.json")}}
	if err := os.WriteFile(job.Policy, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := pseudonym.CreateKeyFile(job.Keys[anonymize.MainKey]); err != nil {
		t.Fatal(err)
	}
	return job, paths
}

// rows are those of the files at a path, as text and in order of the text.
func rows(t testing.TB, pattern string) []string {
	t.Helper()
	src, err := tableio.OpenFiles([]string{pattern}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := src.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	var out []string
	for r.Next() {
		rec := r.Record()
		for i := range int(rec.NumRows()) {
			var cells []string
			for c, f := range rec.Schema().Fields() {
				cells = append(cells, f.Name+"="+rec.Column(c).ValueStr(i))
			}
			out = append(out, strings.Join(cells, " "))
		}
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// diverse is the policy with a model of another kind and classes recoded one by
// one.
var diverse = strings.NewReplacer("recoding: global", "recoding: local",
	"ward:   {role: insensitive}", "ward:   {role: sensitive}",
	"[{k_anonymity: {k: 4}}]",
	"[{k_anonymity: {k: 4}}, {l_diversity: {column: ward, l: 2, kind: distinct}}]").Replace(policy)

// TestSameAsRun carries out policies by a run, by the stages on 7 shards and by
// Beam on Prism: the plans are identical, and so are the rows in any order.
func TestSameAsRun(t *testing.T) {
	for name, text := range map[string]string{"global": policy, "local and diverse": diverse} {
		t.Run(name, func(t *testing.T) { sameAsRun(t, text) })
	}
}

func sameAsRun(t *testing.T, text string) {
	job, paths := shards(t, text)
	ctx, dir := context.Background(), t.TempDir()
	p, err := job.pipeline(ctx, true)
	if err != nil {
		t.Fatal(err)
	}

	// A run of all.
	src, err := tableio.OpenFiles(paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	fitted, err := p.Fit(ctx, src)
	if err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(dir, "whole.parquet")
	dst, err := tableio.Create(whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	report, err := p.Run(ctx, src, dst, nil)
	if err != nil {
		t.Fatal(err)
	}

	// The stages, shard by shard.
	counts := new(anonymize.Counts)
	for _, path := range paths {
		shard, err := tableio.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := p.Count(ctx, shard, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := counts.Merge(c); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	solved, err := p.Solve(ctx, counts)
	if err != nil {
		t.Fatal(err)
	}
	if err := counts.Close(); err != nil {
		t.Fatal(err)
	}
	parts := filepath.Join(dir, "parts")
	if err := os.Mkdir(parts, 0o700); err != nil {
		t.Fatal(err)
	}
	for i, path := range paths {
		shard, err := tableio.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		dst, err := tableio.Create(filepath.Join(parts, fmt.Sprintf("part-%d.parquet", i)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Apply(ctx, shard, dst, &anonymize.RunOptions{Plan: solved}); err != nil {
			t.Fatal(err)
		}
	}

	// Beam.
	out := filepath.Join(dir, "out")
	planPath, verdictPath := filepath.Join(dir, "plan"), filepath.Join(dir, "verdict")
	pipeline, s := beam.NewPipelineWithRoot()
	list := Shards(s, paths)
	plan := Solve(s, job, Count(s, job, list))
	beam.ParDo0(s, &keepFn{Path: planPath}, plan)
	verdict := Release(s, job, Apply(s, job, list, plan, out), plan, out)
	beam.ParDo0(s, &verdictFn{Path: verdictPath}, verdict)
	if _, err := prism.Execute(ctx, pipeline); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(planPath)
	if err != nil {
		t.Fatal(err)
	}

	for name, other := range map[string]*anonymize.Plan{"fit": fitted, "stages": solved} {
		want, err := json.Marshal(other)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("the plan of Beam is not that of %s", name)
		}
	}
	want := rows(t, whole)
	if len(want) < 1000 || len(want) == 1300 && text == policy {
		t.Fatalf("%d rows; the test needs some suppressed", len(want))
	}
	for name, pattern := range map[string]string{
		"stages": parts, "beam": filepath.Join(out, "part-*.parquet"),
	} {
		if diff := cmp.Diff(want, rows(t, pattern)); diff != "" {
			t.Errorf("%s: other rows (-run +%s):\n%s", name, name, diff)
		}
	}
	if _, err := os.Stat(filepath.Join(out, "_SUCCESS")); err != nil {
		t.Error(err)
	}
	var v Verdict
	if b, err := os.ReadFile(verdictPath); err != nil || json.Unmarshal(b, &v) != nil {
		t.Fatal(err)
	}
	if v.Parts != 7 || v.Input != 1300 || v.Rows != report.Rows.Output || v.Smallest < 4 ||
		v.Classes == 0 {
		t.Errorf("verdict %+v", v)
	}
}

// TestNothingReleased: parts that do not satisfy the policy together are not
// released, and the pipeline fails.
func TestNothingReleased(t *testing.T) {
	job, paths := shards(t, policy)
	out := filepath.Join(t.TempDir(), "out")
	pipeline, s := beam.NewPipelineWithRoot()
	list := Shards(s, paths)
	plan := Solve(s, job, Count(s, job, list))
	// A part is lost on the way.
	parts := beam.ParDo(s, &loseFn{}, Apply(s, job, list, plan, out))
	Release(s, job, parts, plan, out)
	_, err := prism.Execute(context.Background(), pipeline)
	if err == nil || !strings.Contains(err.Error(), "a part is missing") {
		t.Fatalf("error %v", err)
	}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != ".unreleased" {
			t.Errorf("%s was released", e.Name())
		}
	}
}

func init() {
	beam.RegisterDoFn(&loseFn{})
}

type loseFn struct{}

func (*loseFn) ProcessElement(p Part, emit func(Part)) {
	if p.Name != (Shard{File: 5}).name() {
		emit(p)
	}
}

// TestUnsatisfiable: no plan, and the error says why without a value.
func TestUnsatisfiable(t *testing.T) {
	job, paths := shards(t, strings.Replace(policy, "k: 4", "k: 501", 1))
	out := filepath.Join(t.TempDir(), "out")
	pipeline, s := beam.NewPipelineWithRoot()
	Anonymize(s, job, paths, out)
	_, err := prism.Execute(context.Background(), pipeline)
	if err == nil || !strings.Contains(err.Error(), "no generalization satisfies the models") {
		t.Fatalf("error %v", err)
	}
	if strings.Contains(err.Error(), "name 1") {
		t.Errorf("the error tells a value: %v", err)
	}
	if parts, err := filepath.Glob(filepath.Join(out, "part-*")); err != nil || len(parts) > 0 {
		t.Errorf("%v, %v", parts, err)
	}
}

// TestOtherFilesInTheOutput: an output among other files would be read as one
// table with them.
func TestOtherFilesInTheOutput(t *testing.T) {
	job, paths := shards(t, policy)
	out := t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "old.parquet"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	pipeline, s := beam.NewPipelineWithRoot()
	Anonymize(s, job, paths, out)
	_, err := prism.Execute(context.Background(), pipeline)
	if err == nil || !strings.Contains(err.Error(), "the folder of the output is not empty") {
		t.Fatalf("error %v", err)
	}
}

// alone is a policy without quasi-identifiers.
const alone = `
version: 1
columns:
  person: {role: identifier, pseudonym: {hmac: {}, domain: test}}
  name:   {role: identifier, drop: true}
  age:    {role: insensitive}
  zip:    {role: identifier, drop: true}
  ward:   {role: insensitive}
`
