package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/spf13/cobra"

	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/dp/ledger"
)

func ledgerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "Keep the privacy budget that all statistics about the same people share",
		Long: "Keep the privacy budget that all statistics about the same people share, in a file\n" +
			"to which every run appends what it spends, and which refuses what would exceed the\n" +
			"total. A policy names it with statistics: {ledger: FILE}, or a run with --ledger.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLedgerCommand(), showLedgerCommand(), verifyLedgerCommand())
	return cmd
}

// ledgerFlags name a ledger and the key of its chain.
type ledgerFlags struct{ path, key string }

func (f *ledgerFlags) add(cmd *cobra.Command, usage string) *cobra.Command {
	cmd.Flags().StringVar(&f.path, "ledger", "", usage)
	cmd.Flags().StringVar(&f.key, "ledger-key", "", ledgerKeyUsage)
	cobra.CheckErr(cmd.MarkFlagRequired("ledger"))
	return cmd
}

const ledgerKeyUsage = "file of at least 32 random bytes, if the ledger was made with one"

func (f *ledgerFlags) open(
	ctx context.Context, by string, pin ledger.Head,
) (*ledger.Ledger, error) {
	key, err := readLedgerKey(f.key)
	if err != nil {
		return nil, err
	}
	return ledger.Open(ctx, f.path, ledger.Options{Key: key, By: by, Pin: pin})
}

// maxLedgerKey bounds what is read of a key.
const maxLedgerKey = 1 << 12

// readLedgerKey reads the key of a chain, which nobody but its owner may read;
// nil without a path.
func readLedgerKey(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("ledger key %s: others may read it; chmod 600", path)
	}
	key, err := io.ReadAll(io.LimitReader(f, maxLedgerKey+1))
	if err == nil && len(key) > maxLedgerKey {
		err = fmt.Errorf("ledger key %s: larger than %d bytes", path, maxLedgerKey)
	}
	return key, err
}

func newLedgerCommand() *cobra.Command {
	var flags ledgerFlags
	var terms ledger.Terms
	cmd := &cobra.Command{
		Use:   "new --ledger FILE --dataset NAME --unit COLUMN {--epsilon ε | --rho ρ} [--delta δ]",
		Short: "Make a ledger with the total that all statistics together may cost",
		Long: "Make a ledger with the total that all statistics together may cost. The name, the\n" +
			"column that tells people apart and the total never change; an existing file is never\n" +
			"replaced. With a key nobody without it can change what was written; without one the\n" +
			"ledger tells accidents, and not those who mean to deceive.",
		Example: "  lethe ledger new --ledger patients.ledger --dataset 'patients of 2025' \\\n" +
			"      --unit patient_id --epsilon 1 --delta 1e-6",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := readLedgerKey(flags.key)
			if err != nil {
				return err
			}
			l, err := ledger.Create(cmd.Context(), flags.path, terms, ledger.Options{Key: key})
			if err != nil {
				return err
			}
			s, err := l.Statement(cmd.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %v for %s\nhead %v\n", flags.path, s.Left,
				s.Terms.Dataset, s.Head)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&terms.Dataset, "dataset", "", "what the table is called")
	f.StringVar(&terms.Unit, "unit", "", "column that tells the people apart")
	f.Float64Var(&terms.Total.Epsilon, "epsilon", 0, "total in ε")
	f.Float64Var(&terms.Total.Rho, "rho", 0, "total in ρ, of zero-concentrated differential privacy")
	f.BoolVar(&terms.Total.Gaussian, "gaussian", false,
		"take Gaussian noise alone, whose ρ promises more")
	f.Float64Var(&terms.Total.Delta, "delta", 0, "total δ")
	for _, name := range []string{"dataset", "unit"} {
		cobra.CheckErr(cmd.MarkFlagRequired(name))
	}
	return flags.add(cmd, "file to make")
}

func showLedgerCommand() *cobra.Command {
	var flags ledgerFlags
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show --ledger FILE [--json | --out TABLE]",
		Short: "Check a ledger and show what was spent, by whom and on what",
		Long: "Check a ledger and show what was spent, by whom and on what; or write it as a table,\n" +
			"whose format follows from its name.",
		Example: "  lethe ledger show --ledger patients.ledger",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := flags.statement(cmd.Context(), ledger.Head{})
			switch {
			case err != nil:
				return err
			case out != "" && sameFile(out, flags.path):
				return errors.New("--ledger and --out are the same file")
			case out != "":
				return writeLedger(cmd.Context(), out, s)
			case asJSON:
				return json.NewEncoder(cmd.OutOrStdout()).Encode(describeLedger(s))
			}
			return printLedger(cmd.OutOrStdout(), s)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "table to write")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.MarkFlagsMutuallyExclusive("json", "out")
	return flags.add(cmd, "file of the ledger")
}

func (f *ledgerFlags) statement(ctx context.Context, pin ledger.Head) (*ledger.Statement, error) {
	l, err := f.open(ctx, "", pin)
	if err != nil {
		return nil, err
	}
	return l.Statement(ctx)
}

func verifyLedgerCommand() *cobra.Command {
	var flags ledgerFlags
	var head string
	cmd := &cobra.Command{
		Use:   "verify --ledger FILE [--head NUMBER:HASH]",
		Short: "Check every line of a ledger, and that it holds a line known from before",
		Long: "Check every line of a ledger, and that it holds a line known from before: the head\n" +
			"that an earlier verify printed, or the entry in the report of a run. Only that finds\n" +
			"a ledger that was put back to an earlier state.",
		Example: "  lethe ledger verify --ledger patients.ledger --head 12:5f0c…",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var pin ledger.Head
			if head != "" {
				var err error
				if pin, err = ledger.ParseHead(head); err != nil {
					return err
				}
			}
			s, err := flags.statement(cmd.Context(), pin)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d entries, %s spent of %s\nhead %v\n",
				len(s.Entries), amount(s, s.Spent), amount(s, s.Terms.Total), s.Head)
			return err
		},
	}
	cmd.Flags().StringVar(&head, "head", "", "line that the ledger must hold")
	return flags.add(cmd, "file of the ledger")
}

func writeLedger(ctx context.Context, path string, s *ledger.Statement) error {
	rec := s.Record(memory.DefaultAllocator)
	defer rec.Release()
	table := array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
	defer table.Release()
	return tableio.WriteTable(ctx, path, table, nil)
}

// describedLedger is what lethe ledger show --json prints.
type describedLedger struct {
	Dataset string           `json:"dataset"`
	Unit    string           `json:"unit"`
	Created time.Time        `json:"created"`
	Keyed   bool             `json:"keyed"`
	Total   describedBudget  `json:"total"`
	Spent   describedBudget  `json:"spent"`
	Left    describedBudget  `json:"left"`
	Head    string           `json:"head"`
	Entries []describedEntry `json:"entries"`
}

type describedEntry struct {
	N        int               `json:"n"`
	Time     time.Time         `json:"time"`
	By       string            `json:"by,omitempty"`
	Releases []describedCharge `json:"releases"`
	Hash     string            `json:"hash"`
}

type describedCharge struct {
	Name string `json:"name"`
	budget.Cost
}

type describedBudget struct {
	Epsilon float64 `json:"epsilon,omitempty"`
	Rho     float64 `json:"rho,omitempty"`
	Delta   float64 `json:"delta"`
	// Gaussian says that it is for Gaussian noise alone.
	Gaussian bool `json:"gaussian,omitempty"`
}

func describeBudget(b budget.Budget) describedBudget {
	return describedBudget{Epsilon: b.Epsilon, Rho: b.Rho, Delta: b.Delta, Gaussian: b.Gaussian}
}

func describeLedger(s *ledger.Statement) describedLedger {
	d := describedLedger{
		Dataset: s.Terms.Dataset, Unit: s.Terms.Unit, Created: s.Created, Keyed: s.Keyed,
		Total: describeBudget(s.Terms.Total), Spent: describeBudget(s.Spent),
		Left: describeBudget(s.Left), Head: s.Head.String(), Entries: []describedEntry{},
	}
	for _, e := range s.Entries {
		entry := describedEntry{N: e.N, Time: e.Time, By: e.By, Hash: e.Hash}
		for _, c := range e.Charges {
			entry.Releases = append(entry.Releases, describedCharge{c.Name, c.Cost})
		}
		d.Entries = append(d.Entries, entry)
	}
	return d
}

// amount is a budget in the currency of the ledger's total.
func amount(s *ledger.Statement, b budget.Budget) string {
	text := fmt.Sprintf("ε=%v", b.Epsilon)
	if s.Terms.Total.Rho != 0 {
		text = fmt.Sprintf("ρ=%v", b.Rho)
	}
	if s.Terms.Total.Delta != 0 {
		text += fmt.Sprintf(", δ=%v", b.Delta)
	}
	return text
}

// printLedger writes a ledger for people to read. Names are quoted: they are
// others' words, and a terminal obeys some.
func printLedger(w io.Writer, s *ledger.Statement) (err error) {
	line := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(w, format+"\n", args...)
		}
	}
	line("%q, people by %q, since %s", s.Terms.Dataset, s.Terms.Unit, s.Created.Format(time.DateOnly))
	for _, e := range s.Entries {
		for _, c := range e.Charges {
			cost, costErr := c.Cost.In(s.Terms.Total)
			if costErr != nil {
				return costErr
			}
			line("%6d  %s  %-16s  %q by %q", e.N, e.Time.Format("2006-01-02 15:04"),
				amount(s, cost), c.Name, e.By)
		}
	}
	line("total %s\nspent %s\nleft  %s\nhead  %v", amount(s, s.Terms.Total),
		amount(s, s.Spent), amount(s, s.Left), s.Head)
	if s.TornBytes > 0 {
		line("%d bytes of an incomplete line at the end do not count", s.TornBytes)
	}
	return err
}
