package anonymize_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/dp"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/pseudonym"
)

const patientsCSV = `name,patient,age,zip,diagnosis
Ada,1,31,02139,asthma
Bob,2,33,02139,flu
Cyd,3,35,02139,flu
Dan,4,62,10001,flu
Eve,5,66,10001,asthma
Fay,6,69,10001,flu
Gus,7,93,94103,flu
`

const patientsPolicy = `
version: 1
columns:
  name:      {role: identifier, drop: true}
  patient:   {role: identifier, pseudonym: {hmac: {}, domain: ward-study}}
  age:       {role: quasi, hierarchy: {intervals: {widths: [10, 20], min: 0, max: 99}}}
  zip:       {role: quasi, hierarchy: {prefix: {length: 5}}}
  diagnosis: {role: sensitive, unprotected: the board accepted the risk}
privacy:
  models: [{k_anonymity: {k: 3}}]
  max_suppression: 0.2
  recoding: global
`

// A policy in a file is carried out on a table in a file.
func ExamplePipeline_Run() {
	dir, err := os.MkdirTemp("", "lethe")
	check(err)
	defer os.RemoveAll(dir)
	path := func(name string) string { return filepath.Join(dir, name) }
	check(os.WriteFile(path("patients.csv"), []byte(patientsCSV), 0o600))
	check(os.WriteFile(path("policy.yaml"), []byte(patientsPolicy), 0o600))
	check(pseudonym.CreateKeyFile(path("keys.json")))
	ctx := context.Background()

	policy, err := anonymize.ReadPolicy(path("policy.yaml"))
	check(err)
	key, err := pseudonym.Open(ctx, pseudonym.KeyFile(path("keys.json")))
	check(err)
	pipeline, err := anonymize.New(anonymize.Config{
		Policy: policy, Keys: map[string]*pseudonym.Keyring{anonymize.MainKey: key}})
	check(err)
	source, err := tableio.Open(path("patients.csv"), nil)
	check(err)
	sink, err := tableio.Create(path("safe.parquet"), nil)
	check(err)
	report, err := pipeline.Run(ctx, source, sink, nil)
	check(err)

	fmt.Println(report.Rows.Input, "rows in,", report.Rows.Output, "out")
	fmt.Println("smallest class:", report.Anonymity.After.Smallest)
	// Output:
	// 7 rows in, 6 out
	// smallest class: 3
}

// A mistake in a policy is said with its line, and all of them at once.
func ExampleReadPolicy() {
	dir, err := os.MkdirTemp("", "lethe")
	check(err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "policy.yaml")
	check(os.WriteFile(path, []byte(`
version: 1
columns:
  name: {role: identifier}
  age:  {role: quasi, hierarchy: {intervals: {width: 10}}}
privacy:
  models: [{k_anonymity: {k: 1}}]
  recoding: global
`), 0o600))
	_, err = anonymize.ReadPolicy(path)
	fmt.Println(err)
	// Output:
	// anonymize: policy policy.yaml: 5 mistakes
	// 	line 4: column "name": is an identifier and would be published; drop it or give it a pseudonym
	// 	line 5: unknown field "width"; did you mean "widths"?
	// 	line 5: column "age": intervals: no widths
	// 	line 5: column "age": intervals: min is 0 and max is 0, want min below max
	// 	line 7: k is 1, want at least 2
}

// A policy written in Go holds the same structs as one in a file.
func ExampleNew() {
	pipeline, err := anonymize.New(anonymize.Config{Policy: &anonymize.Policy{
		Version: anonymize.PolicyVersion,
		Columns: map[string]anonymize.Column{
			"name": {Role: anonymize.Identifier, Drop: true},
			"zip": {Role: anonymize.QuasiIdentifier, Hierarchy: &anonymize.Hierarchy{
				Prefix: &kanon.Prefix{Length: 5}}},
		},
		Privacy: anonymize.Privacy{
			Models:   []anonymize.Model{{KAnonymity: &kanon.KAnonymity{K: 5}}},
			Recoding: kanon.Global,
		},
	}})
	fmt.Println(pipeline != nil, err)
	// Output: true <nil>
}

// A plan is learned once and can be applied to every shard of the table.
func ExamplePipeline_Fit() {
	dir, err := os.MkdirTemp("", "lethe")
	check(err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "zips.csv")
	check(os.WriteFile(path, []byte("zip\n02139\n02138\n02139\n"), 0o600))
	pipeline, err := anonymize.New(anonymize.Config{Policy: &anonymize.Policy{
		Version: anonymize.PolicyVersion,
		Columns: map[string]anonymize.Column{
			"zip": {Role: anonymize.QuasiIdentifier, Hierarchy: &anonymize.Hierarchy{
				Prefix: &kanon.Prefix{Length: 5}}},
		},
		Privacy: anonymize.Privacy{
			Models:   []anonymize.Model{{KAnonymity: &kanon.KAnonymity{K: 3}}},
			Recoding: kanon.Global,
		},
	}})
	check(err)
	source, err := tableio.Open(path, nil)
	check(err)
	plan, err := pipeline.Fit(context.Background(), source)
	check(err)
	safe := tableio.NewBuffer()
	defer safe.Release()
	_, err = pipeline.Run(context.Background(), source, safe, &anonymize.RunOptions{Plan: plan})
	check(err)
	fmt.Println(safe.Table().Column(0).Data().Chunk(0))
	// Output:
	// { dictionary: ["0213*"]
	//   indices: [0 0 0] }
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// Shards of a table are counted and transformed apart, under one plan.
func ExamplePipeline_Apply() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "lethe")
	check(err)
	defer os.RemoveAll(dir)
	path := func(name string) string { return filepath.Join(dir, name) }
	check(os.WriteFile(path("a.csv"), []byte("zip\n02139\n02138\n"), 0o600))
	check(os.WriteFile(path("b.csv"), []byte("zip\n02139\n02137\n"), 0o600))
	pipeline, err := anonymize.New(anonymize.Config{Policy: &anonymize.Policy{
		Version: anonymize.PolicyVersion,
		Columns: map[string]anonymize.Column{
			"zip": {Role: anonymize.QuasiIdentifier, Hierarchy: &anonymize.Hierarchy{
				Prefix: &kanon.Prefix{Length: 5}}},
		},
		Privacy: anonymize.Privacy{
			Models:   []anonymize.Model{{KAnonymity: &kanon.KAnonymity{K: 4}}},
			Recoding: kanon.Global,
		},
	}})
	check(err)

	var counts anonymize.Counts // of all shards
	for _, name := range []string{"a.csv", "b.csv"} {
		shard, err := tableio.Open(path(name), nil)
		check(err)
		some, err := pipeline.Count(ctx, shard, nil)
		check(err)
		check(counts.Merge(some))
	}
	plan, err := pipeline.Solve(ctx, &counts)
	check(err)
	check(os.Mkdir(path("out"), 0o700))
	for _, name := range []string{"a.csv", "b.csv"} {
		shard, err := tableio.Open(path(name), nil)
		check(err)
		part, err := tableio.Create(filepath.Join(path("out"), name), nil)
		check(err)
		_, err = pipeline.Apply(ctx, shard, part, &anonymize.RunOptions{Plan: plan})
		check(err)
	}
	parts, err := tableio.OpenFiles([]string{path("out")}, nil)
	check(err)
	audit, err := pipeline.Check(ctx, parts, plan)
	check(err)
	fmt.Println(audit)
	// Output:
	// 4 rows in 1 classes by zip
	// class sizes: 4 to 4 rows, 4.0 on average
	// 4-anonymity: holds, reached 4 of 4
}

// Queries are answered from what was kept of each shard. A budget as large as
// here protects nobody; it makes the answer the same each time.
func ExamplePipeline_Answer() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "lethe")
	check(err)
	defer os.RemoveAll(dir)
	path := func(name string) string { return filepath.Join(dir, name) }
	check(os.WriteFile(path("a.csv"), []byte("person,days\n1,2\n2,4\n"), 0o600))
	check(os.WriteFile(path("b.csv"), []byte("person,days\n1,8\n3,3\n"), 0o600))
	pipeline, err := anonymize.New(anonymize.Config{Policy: &anonymize.Policy{
		Version: anonymize.PolicyVersion,
		Columns: map[string]anonymize.Column{
			"person": {Role: anonymize.Identifier, Drop: true},
			"days":   {Role: anonymize.Insensitive},
		},
		Statistics: &anonymize.Statistics{
			Unit:   dp.Unit{Column: "person", MaxRows: 1},
			Budget: dp.Budget{Epsilon: 1e6},
			Queries: []anonymize.Query{{Count: &dp.Count{Epsilon: 5e5}},
				{People: &dp.People{Epsilon: 5e5}}},
		},
	}})
	check(err)

	// What travels between machines: what a shard keeps of each part of the people.
	people := dp.Division{Parts: 2, Key: []byte("drawn anew for each table")}
	kept := make([][][]byte, people.Parts)
	var like *tableio.File
	for _, name := range []string{"a.csv", "b.csv"} {
		like, err = tableio.Open(path(name), nil)
		check(err)
		some, err := pipeline.Query(ctx, like, nil)
		check(err)
		pieces, err := some.MarshalParts(people)
		check(err)
		for i, piece := range pieces {
			kept[i] = append(kept[i], piece)
		}
	}
	each := func(pieces [][]byte) iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) {
			for _, data := range pieces {
				if !yield(data, nil) {
					return
				}
			}
		}
	}
	var tallies [][]byte // of all shards; no row is in them
	for _, pieces := range kept {
		tally, err := pipeline.Tally(ctx, like, each(pieces))
		check(err)
		tallies = append(tallies, tally)
	}
	statistics, err := tableio.Create(path("statistics.csv"), nil)
	check(err)
	report, err := pipeline.Answer(ctx, like, each(tallies), statistics, nil)
	check(err)
	answers, err := tableio.ReadTable(ctx, path("statistics.csv"), nil)
	check(err)
	defer answers.Release()
	fmt.Println(answers.Column(0).Data().Chunk(0), answers.Column(1).Data().Chunk(0))
	fmt.Printf("ε=%v for %d queries\n", report.Spent.Epsilon, len(report.Queries))
	// Output:
	// ["count" "people"] [3 3]
	// ε=1e+06 for 2 queries
}
