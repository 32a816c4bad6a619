// Example anonymizes the Parquet files of a folder with Apache Beam. README.md
// says how to submit it to a runner.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"

	lethe "github.com/lethe-go/lethe/anonymize/beam"
)

var (
	policy = flag.String("policy", "", "policy file")
	keys   = flag.String("keys", "", "key file; none if the policy needs no keys")
	in     = flag.String("in", "", "folder, file or pattern of the input")
	out    = flag.String("out", "", "folder to write to; it must be empty or not exist")
	answer = flag.String("statistics", "", "table of the policy's statistics to write")
)

func main() {
	flag.Parse()
	beam.Init()
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "example:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	paths, err := tableio.Expand([]string{*in}, nil)
	if err != nil {
		return err
	}
	job := lethe.Job{Policy: *policy, Statistics: *answer}
	if *keys != "" {
		job.Keys = map[string]string{anonymize.MainKey: *keys}
	}
	pipeline, scope := beam.NewPipelineWithRoot()
	lethe.Anonymize(scope, job, paths, *out)
	return beamx.Run(ctx, pipeline)
}
