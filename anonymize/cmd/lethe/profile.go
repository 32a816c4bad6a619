package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/internal/atomicfile"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/propose"
)

func profileCommand() *cobra.Command {
	var (
		in    []string
		out   string
		input inputFlags
	)
	profile := &cobra.Command{
		Use:   "profile --in TABLE [--out POLICY]",
		Short: "Propose a policy for a table, to be read and changed line by line",
		Long: "Propose a policy for a table: a role for each column, and a hierarchy for each that\n" +
			"may be a quasi-identifier, with what was seen in the table as the reason. Nothing\n" +
			"but the values and names is known to it, so that it takes every column it can\n" +
			"generalize for a quasi-identifier and drops the others: what is sensitive, what\n" +
			"identifies and what nobody outside knows is for a person to say. It names the columns that, alone\n" +
			"and together, single out most rows. No value of fewer than ten rows is in the\n" +
			"proposal.",
		Example: "  lethe profile --in visits.parquet --out policy.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts, err := input.options()
			if err != nil {
				return err
			}
			table, err := tableio.OpenFiles(in, opts)
			if err != nil {
				return err
			}
			bar := newProgress(cmd.ErrOrStderr(), false)
			defer bar.stop()
			policy, err := proposePolicy(cmd.Context(), table, input.said(), bar)
			bar.stop()
			if err != nil {
				return err
			}
			if out == "" {
				_, err = cmd.OutOrStdout().Write(policy)
				return err
			}
			return writePolicy(out, policy, cmd.OutOrStdout())
		},
	}
	f := profile.Flags()
	f.StringArrayVar(&in, "in", nil, inUsage)
	f.StringVar(&out, "out", "", "new file for the policy (default: print it)")
	input.register(f)
	cobra.CheckErr(profile.MarkFlagRequired("in"))
	return profile
}

// writePolicy makes a new file; one that is there may hold somebody's work.
func writePolicy(path string, policy []byte, w io.Writer) error {
	if err := atomicfile.WriteNewFile(path, policy, 0o644); err != nil {
		return fmt.Errorf("policy %s: %w", path, err)
	}
	_, err := fmt.Fprintf(w, "%s: a proposal; read it line by line before it is used\n", path)
	return err
}

// proposePolicy reads a table and writes a policy for it.
func proposePolicy(
	ctx context.Context, table *tableio.Files, input map[string]any, bar *progress,
) ([]byte, error) {
	all, unreadable := table.Columns()
	var readable []string
	for _, name := range all {
		if unreadable[name] == nil {
			readable = append(readable, name)
		}
	}
	if len(readable) == 0 {
		return nil, fmt.Errorf("no column can be read: %w", unreadable[all[0]])
	}
	r, err := table.Open(ctx, readable...)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	proposals, err := propose.Hierarchies(ctx, bar.watch(r, "reading"), readable...)
	if err != nil {
		return nil, err
	}
	of := map[string]propose.Proposal{}
	var quasi []string
	for _, p := range proposals {
		if identifies(p.Column) {
			p.Hierarchy, p.Reasons = nil, []string{"by its name it identifies somebody; drop it or give it " +
				"a pseudonym"}
		}
		of[p.Column] = p
		if p.Hierarchy != nil {
			quasi = append(quasi, p.Column)
		}
	}
	head := ""
	if len(quasi) > 0 {
		if head, err = singledOut(ctx, table, quasi, proposals[0].Rows, bar); err != nil {
			return nil, err
		}
	}
	columns, remarks := &yaml.Node{Kind: yaml.MappingNode}, table.Remarks()
	for _, c := range all {
		name, column := &yaml.Node{}, &yaml.Node{}
		name.SetString(c)
		p := of[c]
		if err := unreadable[c]; err != nil {
			p.Reasons = []string{fmt.Sprintf("passed over: %v", err)}
		}
		if remark, ok := remarks[c]; ok {
			p.Reasons = append(p.Reasons, remark)
		}
		for _, reason := range p.Reasons {
			name.HeadComment += reason + "\n"
		}
		entry, err := proposeColumn(p.Hierarchy)
		if err != nil {
			return nil, err
		}
		if err := column.Encode(entry); err != nil {
			return nil, err
		}
		column.Style = yaml.FlowStyle
		columns.Content = append(columns.Content, name, column)
	}
	policy, err := yaml.Marshal(struct {
		Version int            `yaml:"version"`
		Input   map[string]any `yaml:"input,omitempty"`
		Columns *yaml.Node     `yaml:"columns"`
		Privacy any            `yaml:"privacy"`
		Output  any            `yaml:"output"`
	}{
		anonymize.PolicyVersion, input, columns, map[string]any{
			"models":          []any{map[string]any{"k_anonymity": kanon.KAnonymity{K: 5}}},
			"max_suppression": 0.05, "recoding": string(kanon.Global),
		}, map[string]any{"suppressed": string(kanon.Drop)},
	})
	return append([]byte(head), policy...), err
}

// proposeColumn is the entry of a column: without a hierarchy it is left out,
// since nothing is known that would protect it.
func proposeColumn(h kanon.Hierarchy) (any, error) {
	kind := ""
	switch h.(type) {
	case nil:
		return struct {
			Role anonymize.Role `yaml:"role"`
			Drop bool           `yaml:"drop"`
		}{anonymize.Identifier, true}, nil
	case kanon.Intervals:
		kind = "intervals"
	case kanon.Dates:
		kind = "dates"
	case kanon.Prefix:
		kind = "prefix"
	case kanon.Order:
		kind = "order"
	case kanon.Frequent:
		kind = "frequent"
	default:
		return nil, fmt.Errorf("a hierarchy of type %T has no place in a policy", h)
	}
	return struct {
		Role      anonymize.Role `yaml:"role"`
		Hierarchy map[string]any `yaml:"hierarchy"`
	}{anonymize.QuasiIdentifier, map[string]any{kind: h}}, nil
}
