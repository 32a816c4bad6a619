package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/spf13/cobra"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/internal/atomicfile"
	"github.com/lethe-go/lethe/pseudonym"
	"github.com/lethe-go/lethe/pseudonym/crosswalk"
	"github.com/lethe-go/lethe/pseudonym/reid"
)

// reidFlags say which tokens are reversed, for whom, and with what they were
// made.
type reidFlags struct {
	keys, audit, actor, purpose, in, out string
	column                               string
	field                                pseudonym.Field
	method, format, table                string
	siv                                  pseudonym.SIV
	ff1                                  pseudonym.FF1
	policy, manifest                     string
	pin                                  uint32
	maxBatch                             int
	input                                inputFlags
}

func reidCommand() *cobra.Command {
	var flags reidFlags
	cmd := &cobra.Command{
		Use:   "reid --keys FILE --audit FILE --actor NAME --purpose TEXT --in TABLE --column NAME",
		Short: "Give the tokens of a column back their values, on record",
		Long: "Give the tokens of a column back their values. Who asks, why, and for which tokens is\n" +
			"appended to the audit file before any value is read; without this nothing is written.\n" +
			"The tokens must be those of siv, ff1 or a crosswalk. How they were made is told by the\n" +
			"policy, or by flags: method, domain, entity, data set and parameters. With the manifest\n" +
			"of the release, the key that it names is used, and a policy that is not the one of the\n" +
			"release is refused. The values are written as CSV, into a file that only you can read.",
		Example: "  lethe reid --keys keys.json --audit audit.jsonl --actor m.curie \\\n" +
			"      --purpose 'incidental finding 17' --policy policy.yaml --manifest manifest.json \\\n" +
			"      --in three.csv --column patient_id --out names.csv",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&flags.keys, "keys", "", "key file or env:VARIABLE")
	f.StringVar(&flags.audit, "audit", "", "audit file to append to; it is created if missing")
	f.StringVar(&flags.actor, "actor", "", "who asks")
	f.StringVar(&flags.purpose, "purpose", "", "why")
	f.StringVar(&flags.in, "in", "", "table that holds the tokens")
	f.StringVar(&flags.column, "column", "", "its column of tokens")
	f.StringVar(&flags.out, "out", "", "file to write, .csv")
	f.StringVar(&flags.policy, "policy", "", "policy with which the tokens were made")
	f.StringVar(&flags.manifest, "manifest", "", "manifest of the release that holds the tokens")
	f.StringVar(&flags.field.Domain, "domain", "", "domain of the tokens")
	f.StringVar(&flags.field.Entity, "entity", "", "entity of the tokens (default: the column's name)")
	f.StringVar(&flags.field.Dataset, "dataset", "", "data set of the tokens")
	f.StringVar(&flags.method, "method", "", "siv, ff1 or crosswalk")
	f.StringVar(&flags.format, "format", "", "format of siv and crosswalk tokens (default: base32)")
	f.IntVar(&flags.siv.Bucket, "bucket", 0, "bucket of siv tokens")
	f.StringVar((*string)(&flags.ff1.Shape), "shape", "", "shape of ff1 tokens")
	f.StringVar(&flags.ff1.Alphabet, "alphabet", "", "alphabet of ff1 tokens")
	f.StringVar(&flags.ff1.Separators, "separators", "", "separators of ff1 tokens")
	f.IntVar(&flags.ff1.Keep, "keep", 0, "leading digits that ff1 has kept")
	f.StringVar(&flags.table, "crosswalk", "", "file of the crosswalk")
	f.Uint32Var(&flags.pin, "pin", 0, "id of the key that made the tokens (default: the primary)")
	f.IntVar(&flags.maxBatch, "max-batch", 1000, "rows that may be asked for at once")
	flags.input.register(f)
	for _, name := range []string{"keys", "audit", "actor", "purpose", "in", "column", "out"} {
		cobra.CheckErr(cmd.MarkFlagRequired(name))
	}
	cmd.MarkFlagsOneRequired("policy", "method")
	cmd.MarkFlagsRequiredTogether("method", "domain")
	for _, name := range []string{"method", "domain", "entity", "dataset", "format", "bucket",
		"shape", "alphabet", "separators", "keep"} {
		cmd.MarkFlagsMutuallyExclusive("policy", name)
	}
	return cmd
}

func (f *reidFlags) run(cmd *cobra.Command) error {
	ctx := cmd.Context()
	if err := f.checkFiles(); err != nil {
		return err
	}
	column, err := f.describe()
	if err != nil {
		return err
	}
	src, err := keySource(cmd, f.keys)
	if err != nil {
		return err
	}
	ring, err := pseudonym.Open(ctx, src)
	if err != nil {
		return err
	}
	if err := f.pinned(column); err != nil {
		return err
	}
	if f.pin != 0 {
		if ring, err = ring.Pin(f.pin); err != nil {
			return err
		}
	}
	tokens, err := f.read(ctx)
	if err != nil {
		return err
	}
	defer tokens.Release()
	audit, err := reid.OpenAudit(f.audit)
	if err != nil {
		return err
	}
	reverser, err := reid.New(ring, reid.Config{Purpose: f.purpose, Actor: f.actor, Audit: audit,
		MaxBatch: f.maxBatch}, column)
	if err != nil {
		return err
	}
	values, err := reverser.Reverse(ctx, f.column, tokens)
	if err != nil {
		return err
	}
	defer values.Release()
	text, err := f.sideBySide(tokens, values)
	defer clear(text)
	if err != nil {
		return err
	}
	if err := atomicfile.WriteFile(f.out, text, 0o600); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d values on record in %s\nwrote %s\n",
		values.Len()-values.NullN(), f.audit, f.out)
	return err
}

// checkFiles refuses to write over what is read.
func (f *reidFlags) checkFiles() error {
	if !strings.EqualFold(filepath.Ext(f.out), ".csv") {
		return fmt.Errorf("--out %s: its name must end in .csv", f.out)
	}
	seen := map[string]string{}
	for _, file := range [][2]string{{"--in", f.in}, {"--keys", f.keys}, {"--crosswalk", f.table},
		{"--policy", f.policy}, {"--manifest", f.manifest}, {"--audit", f.audit}, {"--out", f.out}} {
		if file[1] == "" {
			continue
		}
		path, err := filepath.Abs(file[1])
		if err != nil {
			return err
		}
		if other, ok := seen[path]; ok {
			return fmt.Errorf("%s and %s are the same file", other, file[0])
		}
		seen[path] = file[0]
	}
	return nil
}

// pinned sets the key to the one of the manifest, of a release that was made as
// the column says.
func (f *reidFlags) pinned(column pseudonym.Column) error {
	if f.manifest == "" {
		return nil
	}
	file, err := os.Open(f.manifest)
	if err != nil {
		return err
	}
	defer file.Close()
	m, err := pseudonym.ReadManifest(file)
	if err != nil {
		return fmt.Errorf("--manifest %s: %w", f.manifest, err)
	}
	of, err := m.Of(column)
	if err != nil {
		return fmt.Errorf("--manifest %s: %w", f.manifest, err)
	}
	if f.pin != 0 && f.pin != of.KeyID {
		return fmt.Errorf("key %d is pinned, but key %d made the tokens, as --manifest %s says",
			f.pin, of.KeyID, f.manifest)
	}
	f.pin = of.KeyID
	return nil
}

// describe returns the column as it was pseudonymized.
func (f *reidFlags) describe() (pseudonym.Column, error) {
	if f.policy != "" {
		return f.ofPolicy()
	}
	c := pseudonym.Column{Name: f.column, Field: f.field}
	if c.Field.Entity == "" {
		c.Field.Entity = f.column
	}
	switch f.method {
	case "siv":
		f.siv.Format = pseudonym.Format(f.format)
		c.Method = f.siv
	case "ff1":
		c.Method = f.ff1
	case "crosswalk":
		return f.withTable(c, pseudonym.Format(f.format))
	default:
		return c, fmt.Errorf("--method %s: tokens of siv, ff1 and crosswalk can be reversed, "+
			"those of other methods cannot", f.method)
	}
	return c, nil
}

// ofPolicy returns the column as the policy says, and pins the key that it pins.
func (f *reidFlags) ofPolicy() (pseudonym.Column, error) {
	policy, err := anonymize.ReadPolicy(f.policy)
	if err != nil {
		return pseudonym.Column{}, err
	}
	c, pin, err := policy.PseudonymOf(f.column)
	if err != nil {
		return c, err
	}
	if f.pin == 0 {
		f.pin = pin
	}
	switch m := c.Method.(type) {
	case pseudonym.SIV, pseudonym.FF1:
		return c, nil
	case pseudonym.Crosswalk:
		return f.withTable(c, m.Format)
	}
	return c, fmt.Errorf("--policy %s: column %q: tokens of siv, ff1 and crosswalk can be reversed, "+
		"those of other methods cannot", f.policy, f.column)
}

// withTable opens the table of a crosswalk.
func (f *reidFlags) withTable(c pseudonym.Column, format pseudonym.Format) (
	pseudonym.Column, error) {
	if f.table == "" {
		return c, errors.New("tokens of a crosswalk need --crosswalk, the file of the table")
	}
	table, err := crosswalk.Open(f.table, nil)
	if err != nil {
		return c, err
	}
	c.Method = pseudonym.Crosswalk{Format: format, Table: table}
	return c, nil
}

// read returns the column of tokens, if it is not longer than allowed.
func (f *reidFlags) read(ctx context.Context) (arrow.Array, error) {
	opts, err := f.input.options()
	if err != nil {
		return nil, err
	}
	opts.Types[f.column] = arrow.BinaryTypes.String // digits are not numbers here
	src, err := tableio.Open(f.in, opts)
	if err != nil {
		return nil, err
	}
	rows, err := src.Open(ctx, f.column)
	if err != nil {
		return nil, err
	}
	defer rows.Release()
	var parts []arrow.Array
	defer func() {
		for _, a := range parts {
			a.Release()
		}
	}()
	n := 0
	for rows.Next() {
		rec := rows.Record()
		if n += int(rec.NumRows()); n > f.maxBatch {
			return nil, fmt.Errorf("%s has more than the %d rows of --max-batch", f.in, f.maxBatch)
		}
		a := rec.Column(0)
		a.Retain()
		parts = append(parts, a)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("%s has no rows", f.in)
	}
	return array.Concatenate(parts, memory.DefaultAllocator)
}

// sideBySide writes tokens and values side by side.
func (f *reidFlags) sideBySide(tokens, values arrow.Array) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rows := [][]string{{f.column, "value"}}
	for i := range tokens.Len() {
		row := []string{"", ""}
		if values.IsValid(i) {
			row = []string{tokens.ValueStr(i), values.ValueStr(i)}
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
