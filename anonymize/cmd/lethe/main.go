// Lethe minimizes and de-identifies a table before a model is trained on it.
//
//	lethe keys new --keys keys.json
//	lethe run --policy policy.yaml --in visits.parquet --out safe.parquet \
//	    --keys keys.json --report report.html --statistics statistics.parquet
//	lethe check --in safe.parquet --quasi birth_year,sex,zip --k 5
//	lethe verify --report report.json --in safe.parquet
//
// A table that is larger than a machine goes through the same in stages, shard
// by shard, with files between them:
//
//	lethe count --policy policy.yaml --in part-1.parquet --out part-1.counts
//	lethe solve --policy policy.yaml --in 'part-*.counts' --out plan.json
//	lethe apply --policy policy.yaml --plan plan.json --in part-1.parquet \
//	    --out out/part-1.parquet --keys keys.json
//	lethe check --policy policy.yaml --plan plan.json --in out
//
// It exits with 0 when done, 1 when the data or the result do not satisfy the
// policy, and 2 on wrong usage or input. Nothing appears under an output's
// name before it is complete and checked.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/dp/ledger"
)

// The exit codes.
const (
	exitDone        = 0
	exitUnsatisfied = 1
	exitUsage       = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := lethe(paceCollector(ctx), os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// lethe runs the command with its arguments and returns the exit code.
func lethe(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:   "lethe",
		Short: "Minimize and de-identify a table before a model is trained on it",
		Long: "Lethe minimizes, pseudonymizes and k-anonymizes a Parquet, Arrow or CSV table,\n" +
			"takes differentially private statistics on the way, checks what it wrote and\n" +
			"reports what was done and what is not protected.",
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              cobra.NoArgs,
		Version:           anonymize.Version(),
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(profileCommand(), runCommand(), countCommand(), solveCommand(), applyCommand(),
		checkCommand(), verifyCommand(), keysCommand(), crosswalkCommand(), reidCommand(), ledgerCommand())
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "lethe: interrupted; nothing was written")
		return exitUsage
	}
	fmt.Fprintf(stderr, "lethe: %v\n", err)
	if errors.Is(err, anonymize.ErrUnsatisfied) || errors.Is(err, ledger.ErrDamaged) {
		return exitUnsatisfied
	}
	return exitUsage
}
