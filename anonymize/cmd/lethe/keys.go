package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lethe-go/lethe/pseudonym"
)

func keysCommand() *cobra.Command {
	keys := &cobra.Command{
		Use:   "keys",
		Short: "Make and keep the keys that pseudonyms are derived from",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var path string
	create := &cobra.Command{
		Use:   "new --keys FILE",
		Short: "Write a new random key to a file that only you can read",
		Long: "Write a new random key to a file that only you can read. An existing file is\n" +
			"never replaced: without its key the tokens made under it cannot be made again.",
		Example: "  lethe keys new --keys keys.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := pseudonym.CreateKeyFile(path); err != nil {
				return err
			}
			ring, err := pseudonym.Open(cmd.Context(), pseudonym.KeyFile(path))
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: key %d\n", path, ring.ID())
			return nil
		},
	}
	create.Flags().StringVar(&path, "keys", "", "file to create")
	cobra.CheckErr(create.MarkFlagRequired("keys"))
	keys.AddCommand(create)
	return keys
}
