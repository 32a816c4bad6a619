package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/pseudonym"
	"github.com/lethe-go/lethe/pseudonym/crosswalk"
)

func crosswalkRekeyCommand() *cobra.Command {
	var path, keys string
	var policies []string
	cmd := &cobra.Command{
		Use:   "rekey --crosswalk FILE --keys FILE --policy POLICY",
		Short: "Store the rows of a table under the primary key",
		Long: "Store the rows of a table under the primary key, so that older keys can be disabled\n" +
			"after a rotation. Tokens stay as they are. Rows belong to the columns of a policy; give\n" +
			"every policy that uses the table. It may be in use meanwhile, and where the command was\n" +
			"interrupted the next one goes on.",
		Example: "  lethe crosswalk rekey --crosswalk ward.crosswalk --keys keys.json \\\n" +
			"      --policy policy.yaml",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fields, err := crosswalkFields(policies)
			if err != nil {
				return err
			}
			src, err := keySource(cmd, keys)
			if err != nil {
				return err
			}
			ring, err := pseudonym.Open(cmd.Context(), src)
			if err != nil {
				return err
			}
			table, err := crosswalk.Open(path, nil)
			if err != nil {
				return err
			}
			done, err := pseudonym.RekeyCrosswalk(cmd.Context(), ring, table, fields...)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if _, err = fmt.Fprintf(out, "%s: %d rows moved to key %d\n", path, done.Moved,
				ring.ID()); err != nil || done.Left == 0 {
				return err
			}
			_, err = fmt.Fprintf(out, "%d rows are left under other keys, of columns that no --policy "+
				"has\n", done.Left)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&path, "crosswalk", "", "file of the table")
	f.StringVar(&keys, "keys", "", "key file or env:VARIABLE")
	f.StringArrayVar(&policies, "policy", nil,
		"policy whose columns have rows in the table (repeatable)")
	for _, name := range []string{"crosswalk", "keys", "policy"} {
		cobra.CheckErr(cmd.MarkFlagRequired(name))
	}
	return cmd
}

// crosswalkFields lists the fields of the crosswalk columns of policies.
func crosswalkFields(policies []string) (fields []pseudonym.Field, err error) {
	for _, path := range policies {
		policy, err := anonymize.ReadPolicy(path)
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(policy.Columns)) {
			if ps := policy.Columns[name].Pseudonym; ps == nil || ps.Crosswalk == nil {
				continue
			}
			c, _, err := policy.PseudonymOf(name)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(fields, c.Field) {
				fields = append(fields, c.Field)
			}
		}
	}
	if len(fields) == 0 {
		return nil, errors.New("no --policy has a crosswalk column")
	}
	return fields, nil
}
