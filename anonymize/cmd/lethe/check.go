package main

import (
	"encoding/json"
	"fmt"

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
	)
	check := &cobra.Command{
		Use:   "check --in TABLE --quasi COLUMN,…",
		Short: "Measure the anonymity of a table from the table alone",
		Long: "Measure the anonymity of a table from the table alone: the equivalence classes of\n" +
			"its quasi-identifiers, the smallest of them, and the fewest distinct values of each\n" +
			"sensitive column in a class. With --k, exit with 1 where a class is smaller.",
		Example: "  lethe check --in safe.parquet --quasi birth_year,sex,zip --sensitive diagnosis --k 5",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg := kanon.CheckConfig{Quasi: quasi, Unit: unit, Sensitive: sensitive}
			if cmd.Flags().Changed("k") {
				cfg.Models = []kanon.Model{kanon.KAnonymity{K: k}}
			}
			opts, err := input.options()
			if err != nil {
				return err
			}
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
			audit, err := kanon.Check(cmd.Context(), reader, cfg)
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				if err := enc.Encode(audit); err != nil {
					return err
				}
			} else if err := audit.WriteText(cmd.OutOrStdout()); err != nil {
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
	cobra.CheckErr(check.MarkFlagRequired("quasi"))
	return check
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
