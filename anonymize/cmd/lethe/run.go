package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/dp/ledger"
	"github.com/lethe-go/lethe/internal/atomicfile"
	"github.com/lethe-go/lethe/pseudonym"
)

// runFlags are the files and choices of lethe run.
type runFlags struct {
	pipelineFlags
	out, statistics, plan, manifest string
	reports                         []string
	ledger                          ledgerFlags
}

func runCommand() *cobra.Command {
	var flags runFlags
	run := &cobra.Command{
		Use:   "run --policy POLICY --in TABLE --out TABLE",
		Short: "Carry out a policy on a table",
		Long: "Carry out a policy on a table: minimize it, pseudonymize its identifiers, generalize\n" +
			"its quasi-identifiers, take differentially private statistics, check what was written\n" +
			"and report. The format of a file follows from its name: .parquet, .arrow, .csv,\n" +
			".csv.gz or .csv.zst. A folder or a pattern is one table in many files. Nothing is\n" +
			"written unless all of it satisfies the policy.",
		Example: "  lethe run --policy policy.yaml --in visits.parquet --out safe.parquet \\\n" +
			"      --keys keys.json --report report.html --statistics statistics.parquet",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.run(cmd)
		},
	}
	flags.register(run, inUsage)
	f := run.Flags()
	flags.registerKeys(f)
	flags.registerMemory(f)
	f.StringVar(&flags.out, "out", "", "table to write")
	f.StringVar(&flags.statistics, "statistics", "", "table of the policy's statistics to write")
	f.StringArrayVar(&flags.reports, "report", nil,
		"report to write, by its name .html, .json or .txt (may be repeated)")
	f.StringVar(&flags.plan, "plan", "", "plan to write, JSON; it is as confidential as the input")
	f.StringVar(&flags.manifest, "manifest", "",
		"manifest of the pseudonyms to write, .json: methods and key ids, no key")
	f.StringVar(&flags.ledger.path, "ledger", "",
		"ledger that pays for the statistics, in place of the policy's; make it with lethe ledger new")
	f.StringVar(&flags.ledger.key, "ledger-key", "", ledgerKeyUsage)
	cobra.CheckErr(run.MarkFlagRequired("out"))
	return run
}

func (f *runFlags) run(cmd *cobra.Command) (err error) {
	ctx := cmd.Context()
	pipeline, policy, err := f.pipeline(cmd, f.outputs(),
		namedFile{"--ledger", f.ledger.path}, namedFile{"--ledger-key", f.ledger.key})
	if err != nil {
		return err
	}
	if policy.Statistics != nil && f.statistics == "" {
		return errors.New("the policy has statistics; say with --statistics where to write them")
	}
	if policy.Statistics == nil && f.statistics != "" {
		return errors.New("--statistics, but the policy has none")
	}
	if policy.Statistics == nil && f.ledger.path != "" {
		return errors.New("--ledger, but the policy has no statistics")
	}
	src, err := f.table(policy)
	if err != nil {
		return err
	}
	documents, err := f.createDocuments()
	defer func() {
		for _, d := range documents {
			err = errors.Join(err, d.Abort())
		}
	}()
	if err != nil {
		return err
	}
	writing := &tableio.Options{Workers: f.workers, Dictionaries: true,
		FieldMetadata: []string{pseudonym.MetadataSpec, pseudonym.MetadataKeyID}}
	dst, err := tableio.Create(f.out, writing)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Abort()) }()
	bar := newProgress(cmd.ErrOrStderr(), f.quiet)
	defer bar.stop()
	run, err := f.options(cmd, bar)
	if err != nil {
		return err
	}
	if run.Ledger, err = f.openLedger(ctx, policy); err != nil {
		return err
	}
	if f.statistics != "" {
		statistics, err := tableio.Create(f.statistics, writing)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, statistics.Abort()) }()
		run.Statistics = statistics
	}
	if f.plan != "" {
		if run.Plan, err = pipeline.FitWithin(ctx, src, run); err != nil {
			return err
		}
	}
	run.Review = func(report *anonymize.Report) error {
		for _, d := range documents {
			if err := d.encode(d.File, report, run.Plan); err != nil {
				return err
			}
			if err := d.Seal(); err != nil {
				return err
			}
		}
		return nil
	}
	report, err := pipeline.Run(ctx, src, dst, run)
	if err != nil {
		return err
	}
	bar.stop()
	for _, d := range documents {
		if err := d.Commit(); err != nil {
			return err
		}
	}
	if !f.quiet {
		return summarize(cmd.OutOrStdout(), report, f)
	}
	return nil
}

// openKeys opens the key files of --keys.
func openKeys(cmd *cobra.Command, flags []string) (map[string]*pseudonym.Keyring, error) {
	keys := map[string]*pseudonym.Keyring{}
	for _, flag := range flags {
		name, path := keyFlag(flag)
		if keys[name] != nil {
			return nil, fmt.Errorf("--keys gives key %q twice", name)
		}
		src, err := keySource(cmd, path)
		if err != nil {
			return nil, err
		}
		ring, err := pseudonym.Open(cmd.Context(), src)
		if err != nil {
			return nil, err
		}
		keys[name] = ring
	}
	return keys, nil
}

// outputs are the files that are written.
func (f *runFlags) outputs() []namedFile {
	written := []namedFile{{"--out", f.out}, {"--statistics", f.statistics}, {"--plan", f.plan},
		{"--manifest", f.manifest}}
	for _, path := range f.reports {
		written = append(written, namedFile{"--report", path})
	}
	return written
}

// openLedger opens the ledger that pays for the statistics; nil if there is none.
func (f *runFlags) openLedger(
	ctx context.Context, policy *anonymize.Policy,
) (*ledger.Ledger, error) {
	flags := f.ledger
	if flags.path == "" {
		flags.path = policy.LedgerPath()
	}
	if flags.path == "" {
		return nil, nil
	}
	return flags.open(ctx, policy.Spender(), ledger.Head{})
}

// document is a report or a plan that is written when the run is done; its
// file is made before, so that a wrong path is known early.
type document struct {
	*atomicfile.File
	encode func(w io.Writer, report *anonymize.Report, plan *anonymize.Plan) error
}

func (f *runFlags) createDocuments() (documents []document, err error) {
	add := func(path string, mode os.FileMode,
		encode func(io.Writer, *anonymize.Report, *anonymize.Plan) error) error {
		file, err := atomicfile.Create(path, mode)
		if err == nil {
			documents = append(documents, document{File: file, encode: encode})
		}
		return err
	}
	for _, path := range f.reports {
		var encode func(r *anonymize.Report, w io.Writer) error
		switch ext := strings.ToLower(filepath.Ext(path)); ext {
		case ".html":
			encode = (*anonymize.Report).WriteHTML
		case ".json":
			encode = (*anonymize.Report).WriteJSON
		case ".txt":
			encode = (*anonymize.Report).WriteText
		default:
			return documents, fmt.Errorf("--report %s: its name must end in .html, .json or .txt",
				path)
		}
		if err := add(path, 0o644, func(w io.Writer, r *anonymize.Report, _ *anonymize.Plan) error {
			return encode(r, w)
		}); err != nil {
			return documents, err
		}
	}
	if f.manifest != "" {
		if err := add(f.manifest, 0o644,
			func(w io.Writer, r *anonymize.Report, _ *anonymize.Plan) error {
				return r.Manifest().WriteJSON(w)
			}); err != nil {
			return documents, err
		}
	}
	if f.plan != "" {
		if err := add(f.plan, 0o600, func(w io.Writer, _ *anonymize.Report, p *anonymize.Plan) error {
			return json.NewEncoder(w).Encode(p)
		}); err != nil {
			return documents, err
		}
	}
	return documents, nil
}
