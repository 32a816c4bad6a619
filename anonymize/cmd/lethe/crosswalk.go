package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lethe-go/lethe/pseudonym/crosswalk"
)

func crosswalkCommand() *cobra.Command {
	group := &cobra.Command{
		Use:   "crosswalk",
		Short: "Make and rekey the tables that remember random tokens",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var path string
	create := &cobra.Command{
		Use:   "new --crosswalk FILE",
		Short: "Write an empty table to a file that only you can read",
		Long: "Write an empty table to a file that only you can read. An existing file is never\n" +
			"replaced. A column whose policy says crosswalk gets random tokens that the table\n" +
			"remembers, sealed under the key: keep the two apart and back both up.",
		Example: "  lethe crosswalk new --crosswalk ward.crosswalk",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := crosswalk.Create(path); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\n", path)
			return err
		},
	}
	create.Flags().StringVar(&path, "crosswalk", "", "file to create")
	cobra.CheckErr(create.MarkFlagRequired("crosswalk"))
	group.AddCommand(create, crosswalkRekeyCommand())
	return group
}
