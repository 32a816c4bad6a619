package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/kanon"
)

func checkCommand() *cobra.Command {
	var (
		unit                 string
		in, quasi, sensitive []string
		k                    int
		asJSON               bool
		input                inputFlags
		policy, plan         string
	)
	check := &cobra.Command{
		Use:   "check --in TABLE (--policy POLICY | --quasi COLUMN,…)",
		Short: "Measure the anonymity of a table from the table alone",
		Long: "Measure the anonymity of a table from the table alone: the equivalence classes of\n" +
			"its quasi-identifiers, the smallest of them, and how far each sensitive column can be\n" +
			"told from the class: the k, l, t, β and δ that the table reaches. With --k, exit with 1 where a class is smaller.\n\n" +
			"With --policy, say whether the table satisfies all models of the policy; it is the\n" +
			"verdict on all parts that lethe apply made. With --plan too, it has just the rows\n" +
			"that the plan keeps.",
		Example: "  lethe check --in safe.parquet --quasi birth_year,sex,zip --sensitive diagnosis --k 5\n" +
			"  lethe check --in out/ --policy policy.yaml --plan plan.json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if policy != "" {
				return checkPolicy(cmd, policy, plan, in, asJSON)
			}
			cfg := kanon.CheckConfig{Quasi: quasi, Unit: unit, Sensitive: sensitive,
				Frequencies: len(sensitive) > 0}
			if cmd.Flags().Changed("k") {
				cfg.Models = []kanon.Model{kanon.KAnonymity{K: k}}
			}
			opts, err := input.options()
			if err != nil {
				return err
			}
			opts.Dictionaries = true
			table, err := tableio.OpenFiles(in, opts)
			if err != nil {
				return err
			}
			columns := append(append([]string{}, quasi...), sensitive...)
			if unit != "" {
				columns = append(columns, unit)
			}
			reader, err := table.Open(cmd.Context(), distinct(columns)...)
			if err != nil {
				return err
			}
			defer reader.Release()
			bar := newProgress(cmd.ErrOrStderr(), false)
			defer bar.stop()
			audit, err := kanon.Check(cmd.Context(), bar.watch(reader, "checking"), cfg)
			bar.stop()
			if err != nil {
				return err
			}
			if err := printAudit(cmd.OutOrStdout(), audit, asJSON); err != nil {
				return err
			}
			for _, m := range audit.Models {
				if !m.Holds {
					return fmt.Errorf("%s does not hold: %v reached: %w",
						m.Model, m.Reached, anonymize.ErrUnsatisfied)
				}
			}
			return nil
		},
	}
	f := check.Flags()
	f.StringArrayVar(&in, "in", nil, inUsage)
	f.StringSliceVar(&quasi, "quasi", nil, "quasi-identifiers, separated by commas")
	f.StringSliceVar(&sensitive, "sensitive", nil, "sensitive columns, separated by commas")
	f.StringVar(&unit, "unit", "", "column that identifies a person, to count people and not rows")
	f.IntVar(&k, "k", 0, "smallest class size that is accepted")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	input.register(f)
	cobra.CheckErr(check.MarkFlagRequired("in"))
	f.StringVar(&policy, "policy", "", "policy that the table is to satisfy")
	f.StringVar(&plan, "plan", "", "plan by which the parts were made")
	check.MarkFlagsOneRequired("policy", "quasi")
	for _, other := range append([]string{"quasi", "sensitive", "unit", "k"}, inputFlagNames...) {
		check.MarkFlagsMutuallyExclusive("policy", other)
		check.MarkFlagsMutuallyExclusive("plan", other)
	}
	return check
}

func printAudit(w io.Writer, audit *kanon.Audit, asJSON bool) error {
	if !asJSON {
		return audit.WriteText(w)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(audit)
}

// checkPolicy is the verdict on a table, or on parts that are one.
func checkPolicy(cmd *cobra.Command, policy, plan string, in []string, asJSON bool) error {
	read, err := anonymize.ReadPolicy(policy)
	if err != nil {
		return err
	}
	p, err := anonymize.New(anonymize.Config{Policy: read, SolveAndCheckOnly: true})
	if err != nil {
		return err
	}
	var fitted *anonymize.Plan
	if plan != "" {
		if fitted, err = readPlan(plan); err != nil {
			return err
		}
	}
	table, err := tableio.OpenFiles(in, &tableio.Options{Dictionaries: true})
	if err != nil {
		return err
	}
	audit, err := p.Check(cmd.Context(), table, fitted)
	if audit != nil {
		err = errors.Join(err, printAudit(cmd.OutOrStdout(), audit, asJSON))
	}
	return err
}

// distinct returns each name once, in order.
func distinct(names []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, n := range names {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}
