package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

func verifyCommand() *cobra.Command {
	var (
		report string
		in     []string
		input  inputFlags
	)
	verify := &cobra.Command{
		Use:   "verify --report REPORT --in TABLE",
		Short: "Check from its files alone that a release is what its report says",
		Long: "Check that a table is the one that a report of lethe run is about, and is as the\n" +
			"report says: the digest of its bytes, its rows, the sizes of all classes and how\n" +
			"varied the sensitive columns are within them. Neither the input nor a key is needed.",
		Example: "  lethe verify --report report.json --in safe.parquet",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			said, err := readReport(report)
			if err != nil {
				return err
			}
			opts, err := input.options()
			if err != nil {
				return err
			}
			table, err := tableio.OpenFiles(in, opts)
			if err != nil {
				return err
			}
			if err := said.Verify(cmd.Context(), table); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d rows: the release is what its report says\n",
				said.Rows.Output)
			return err
		},
	}
	f := verify.Flags()
	f.StringVar(&report, "report", "", "report of the release, the .json that lethe run wrote")
	f.StringArrayVar(&in, "in", nil, inUsage)
	input.register(f)
	cobra.CheckErr(errors.Join(verify.MarkFlagRequired("report"), verify.MarkFlagRequired("in")))
	return verify
}

func readReport(path string) (*anonymize.Report, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	report, err := anonymize.ReadReport(file)
	if err != nil {
		return nil, fmt.Errorf("report %s: %w", path, err)
	}
	return report, nil
}
