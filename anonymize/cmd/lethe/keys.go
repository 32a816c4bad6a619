package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lethe-go/lethe/pseudonym"
)

func keysCommand() *cobra.Command {
	keys := &cobra.Command{
		Use:   "keys",
		Short: "Make and keep the keys that pseudonyms are derived from",
		Long: "Make and keep the keys that pseudonyms are derived from. A file that was made with\n" +
			"--passphrase asks for it on the terminal, or takes it from the variable\n" +
			passphraseVariable + ".",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	keys.AddCommand(newKeysCommand(), listKeysCommand(), rotateKeysCommand(),
		statusCommand("disable", "Switch an old key off", pseudonym.DisableKey,
			"Switch a key off: nothing is made or reversed under it until it is enabled again.\n"+
				"The primary key cannot be disabled; rotate first."),
		statusCommand("enable", "Switch a disabled key on again", pseudonym.EnableKey,
			"Switch a disabled key on again."))
	return keys
}

// keysFlag adds the flag that names the file.
func keysFlag(cmd *cobra.Command, path *string, usage string) *cobra.Command {
	cmd.Flags().StringVar(path, "keys", "", usage)
	cobra.CheckErr(cmd.MarkFlagRequired("keys"))
	return cmd
}

func newKeysCommand() *cobra.Command {
	var path string
	var sealed bool
	cmd := &cobra.Command{
		Use:   "new --keys FILE [--passphrase]",
		Short: "Write a new random key to a file that only you can read",
		Long: "Write a new random key to a file that only you can read. An existing file is\n" +
			"never replaced: without its key the tokens made under it cannot be made again.",
		Example: "  lethe keys new --keys keys.json\n  lethe keys new --keys keys.age --passphrase",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			src := pseudonym.KeyFile(path)
			if sealed {
				src = sealedKeys(cmd, path, true)
			}
			if err := pseudonym.CreateKeys(cmd.Context(), src); err != nil {
				return err
			}
			ring, err := pseudonym.Open(cmd.Context(), src)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: key %d\n", path, ring.ID())
			return err
		},
	}
	cmd.Flags().BoolVar(&sealed, "passphrase", false, "seal the file with a passphrase (age)")
	return keysFlag(cmd, &path, "file to create")
}

func listKeysCommand() *cobra.Command {
	var path string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list --keys FILE [--json]",
		Short:   "List the ids of the keys, which are no secret",
		Example: "  lethe keys list --keys keys.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			src, err := keySource(cmd, path)
			if err != nil {
				return err
			}
			ring, err := pseudonym.Open(cmd.Context(), src)
			if err != nil {
				return err
			}
			rows := make([]listedKey, 0, len(ring.Keys()))
			for _, key := range ring.Keys() {
				rows = append(rows, listed(key))
			}
			out := cmd.OutOrStdout()
			if asJSON {
				return json.NewEncoder(out).Encode(rows)
			}
			for _, row := range rows {
				if _, err := fmt.Fprintf(out, "%-10d  %s\n", row.ID, row.Status); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return keysFlag(cmd, &path, "file of the keys")
}

// listedKey is a key in the output of lethe keys list.
type listedKey struct {
	ID     uint32 `json:"id"`
	Status string `json:"status"`
}

func listed(key pseudonym.Key) listedKey {
	switch {
	case key.Primary:
		return listedKey{key.ID, "primary"}
	case key.Enabled:
		return listedKey{key.ID, "enabled"}
	}
	return listedKey{key.ID, "disabled"}
}

func rotateKeysCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "rotate --keys FILE",
		Short: "Add a new key and make all further tokens under it",
		Long: "Add a new key and make all further tokens under it: they join none of those made\n" +
			"before. The old keys stay enabled, so that what was made under them can be reversed\n" +
			"and made again.",
		Example: "  lethe keys rotate --keys keys.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			src, err := keySource(cmd, path)
			if err != nil {
				return err
			}
			id, err := pseudonym.RotateKeys(cmd.Context(), src)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: key %d\n", path, id)
			return err
		},
	}
	return keysFlag(cmd, &path, "file of the keys")
}

// statusCommand makes lethe keys disable and lethe keys enable.
func statusCommand(verb, short string,
	set func(ctx context.Context, src pseudonym.KeySource, id uint32) error, long string) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:     verb + " --keys FILE ID",
		Short:   short,
		Long:    long,
		Example: "  lethe keys " + verb + " --keys keys.json 1234567890",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseUint(args[0], 10, 32)
			if err != nil {
				return fmt.Errorf("%q is no id of a key; see lethe keys list", args[0])
			}
			src, err := keySource(cmd, path)
			if err != nil {
				return err
			}
			if err := set(cmd.Context(), src, uint32(id)); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: key %d is %sd\n", path, id, verb)
			return err
		},
	}
	return keysFlag(cmd, &path, "file of the keys")
}
