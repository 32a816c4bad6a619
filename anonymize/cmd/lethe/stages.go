package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/internal/atomicfile"
)

// stageFlags are those of lethe count, solve and apply.
type stageFlags struct {
	pipelineFlags
	out, plan       string
	planOfOtherData bool
}

func countCommand() *cobra.Command {
	var flags stageFlags
	count := &cobra.Command{
		Use:   "count --policy POLICY --in SHARD --out COUNTS",
		Short: "Count a shard of a table, the first stage of a run on many machines",
		Long: "Count the combinations of quasi-identifiers of a shard of a table. Do so for every\n" +
			"shard, then make one plan of all counts with lethe solve, a part of the output of\n" +
			"each shard with lethe apply, and have all parts checked with lethe check. The plan\n" +
			"and the rows are those of lethe run over the whole table.\n\n" +
			"The file of counts is as confidential as the shard: it holds its values.",
		Example: "  lethe count --policy policy.yaml --in part-07.parquet --out part-07.counts",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return flags.count(cmd) },
	}
	flags.register(count, inUsage)
	flags.registerKeys(count.Flags())
	flags.registerMemory(count.Flags())
	flags.registerOut(count, "file of counts to write; only you can read it")
	return count
}

func solveCommand() *cobra.Command {
	var flags stageFlags
	solve := &cobra.Command{
		Use:   "solve --policy POLICY --in COUNTS --out PLAN",
		Short: "Make one plan of the counts of all shards",
		Long: "Make one plan of the files that lethe count wrote of all shards of a table. The plan\n" +
			"is as confidential as the table: it holds its values and rare combinations of them.",
		Example: "  lethe solve --policy policy.yaml --in 'counts/*.counts' --out plan.json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return flags.solve(cmd) },
	}
	flags.register(solve, "file of counts, a folder of them or a pattern (repeatable)")
	flags.registerMemory(solve.Flags())
	flags.registerOut(solve, "plan to write, JSON; only you can read it")
	return solve
}

func applyCommand() *cobra.Command {
	var flags stageFlags
	apply := &cobra.Command{
		Use:   "apply --policy POLICY --plan PLAN --in SHARD --out PART",
		Short: "Make of a shard its part of the output",
		Long: "Make of a shard of a table its part of the output, by the plan of lethe solve. A part\n" +
			"is no release: keep it as you keep the table until lethe check has passed all parts\n" +
			"together. A plan that was not fitted on the shard is refused.",
		Example: "  lethe apply --policy policy.yaml --plan plan.json --in part-07.parquet \\\n" +
			"      --out out/part-07.parquet --keys keys.json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.apply(cmd) },
	}
	flags.register(apply, inUsage)
	flags.registerKeys(apply.Flags())
	flags.registerOut(apply, "part to write")
	f := apply.Flags()
	f.StringVar(&flags.plan, "plan", "", "plan to apply")
	f.BoolVar(&flags.planOfOtherData, "plan-of-other-data", false,
		"apply a plan that was not fitted on this data")
	cobra.CheckErr(apply.MarkFlagRequired("plan"))
	return apply
}

func (f *stageFlags) registerOut(cmd *cobra.Command, usage string) {
	cmd.Flags().StringVar(&f.out, "out", "", usage)
	cobra.CheckErr(cmd.MarkFlagRequired("out"))
}

func (f *stageFlags) count(cmd *cobra.Command) (err error) {
	p, policy, err := f.pipeline(cmd, []namedFile{{"--out", f.out}})
	if err != nil {
		return err
	}
	if err := unanswered(policy); err != nil {
		return err
	}
	src, err := f.table(policy)
	if err != nil {
		return err
	}
	file, err := atomicfile.Create(f.out, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Abort()) }()
	bar := newProgress(cmd.ErrOrStderr(), f.quiet)
	defer bar.stop()
	opts, err := f.options(cmd, bar)
	if err != nil {
		return err
	}
	counts, err := p.Count(cmd.Context(), src, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, counts.Close()) }()
	_, err = counts.WriteTo(file)
	if err := publish(file, err); err != nil {
		return err
	}
	bar.stop()
	return f.say(cmd, "%d rows counted\nwrote %s", counts.Rows(), f.out)
}

func (f *stageFlags) solve(cmd *cobra.Command) (err error) {
	policy, err := anonymize.ReadPolicy(f.policy)
	if err != nil {
		return err
	}
	if err := unanswered(policy); err != nil {
		return err
	}
	p, err := anonymize.New(anonymize.Config{Policy: policy, SolveAndCheckOnly: true})
	if err != nil {
		return err
	}
	paths, err := tableio.Expand(f.in, &tableio.Options{Format: tableio.CSV}) // of any name
	if err != nil {
		return err
	}
	if err := f.distinctFiles(policy, []namedFile{{"--out", f.out}}); err != nil {
		return err
	}
	file, err := atomicfile.Create(f.out, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Abort()) }()
	bar := newProgress(cmd.ErrOrStderr(), f.quiet)
	defer bar.stop()
	opts, err := f.options(cmd, bar)
	if err != nil {
		return err
	}
	var counts anonymize.Counts
	if opts.Memory > 0 {
		if err := counts.SpillBeyond(opts.Memory, opts.SpillDir); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, counts.Close()) }()
	for _, path := range paths {
		if err := cmd.Context().Err(); err != nil {
			return err
		}
		if err := readCounts(&counts, path); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		bar.show(anonymize.Progress{Stage: "reading", Rows: counts.Rows()})
	}
	bar.show(anonymize.Progress{Stage: "searching"})
	plan, err := p.Solve(cmd.Context(), &counts)
	if err != nil {
		return err
	}
	if err := publish(file, json.NewEncoder(file).Encode(plan)); err != nil {
		return err
	}
	bar.stop()
	return f.say(cmd, "%d rows in %d files\nwrote %s", counts.Rows(), len(paths), f.out)
}

func readCounts(counts *anonymize.Counts, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = counts.ReadFrom(file)
	return err
}

// readPlan reads a plan that lethe solve or lethe run wrote.
func readPlan(path string) (*anonymize.Plan, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	dec := json.NewDecoder(file)
	dec.DisallowUnknownFields()
	plan := new(anonymize.Plan)
	if err := dec.Decode(plan); err != nil {
		return nil, fmt.Errorf("%s is no plan: %w", filepath.Base(path), err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is no plan: something follows it", filepath.Base(path))
	}
	return plan, nil
}

func (f *stageFlags) apply(cmd *cobra.Command) (err error) {
	p, policy, err := f.pipeline(cmd, []namedFile{{"--out", f.out}}, namedFile{"--plan", f.plan})
	if err != nil {
		return err
	}
	if err := unanswered(policy); err != nil {
		return err
	}
	plan, err := readPlan(f.plan)
	if err != nil {
		return err
	}
	src, err := f.table(policy)
	if err != nil {
		return err
	}
	dst, err := tableio.Create(f.out, &tableio.Options{Workers: f.workers, Dictionaries: true})
	if err != nil {
		return err
	}
	bar := newProgress(cmd.ErrOrStderr(), f.quiet)
	defer bar.stop()
	opts, err := f.options(cmd, bar)
	if err != nil {
		return errors.Join(err, dst.Abort())
	}
	opts.Plan, opts.PlanOfOtherData = plan, f.planOfOtherData
	rows, err := p.Apply(cmd.Context(), src, dst, opts)
	if err != nil {
		if errors.Is(err, anonymize.ErrOtherData) {
			err = fmt.Errorf("%w, or say --plan-of-other-data", err)
		}
		return err
	}
	bar.stop()
	return f.say(cmd, "%d rows in, %d out (%d suppressed); this part is no release before lethe check "+
		"has passed all of them\nwrote %s", rows.Input, rows.Output, rows.Suppressed, f.out)
}

// unanswered refuses queries, for which the command has no stage.
func unanswered(policy *anonymize.Policy) error {
	if policy.Statistics != nil {
		return errors.New("the policy has statistics, which lethe run answers and a pipeline of " +
			"anonymize/beam; take them out of the policy of these stages")
	}
	return nil
}

// say prints a summary unless nobody wants one.
func (f *stageFlags) say(cmd *cobra.Command, format string, args ...any) error {
	if f.quiet {
		return nil
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), format+"\n", args...)
	return err
}
