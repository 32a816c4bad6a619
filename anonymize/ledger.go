package anonymize

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/lethe-go/lethe/dp/ledger"
)

// LedgerPath is the file of the ledger that the policy names, with the policy's
// folder before it where it is relative; empty if there is none.
func (p *Policy) LedgerPath() string {
	if p.Statistics == nil || p.Statistics.Ledger == "" {
		return ""
	}
	if filepath.IsAbs(p.Statistics.Ledger) {
		return p.Statistics.Ledger
	}
	return filepath.Join(p.origin.dir, p.Statistics.Ledger)
}

// Spender is what entries in a ledger say of who spent: the title of the policy,
// or the name of its file.
func (p *Policy) Spender() string {
	if p.Title != "" {
		return p.Title
	}
	return p.origin.name
}

// openLedger is the ledger that pays for the queries; nil if there is none.
func (r *run) openLedger(ctx context.Context) (*ledger.Ledger, error) {
	path := r.policy.LedgerPath()
	if r.opts.Ledger != nil || path == "" {
		return r.opts.Ledger, nil
	}
	l, err := ledger.Open(ctx, path, ledger.Options{By: r.policy.Spender()})
	if err != nil {
		return nil, fmt.Errorf("anonymize: %w", err)
	}
	return l, nil
}

// ledgerReport is what the ledger says of the run; nil if there is none.
func (r *run) ledgerReport(ctx context.Context) (*LedgerReport, error) {
	if r.ledger == nil {
		return nil, nil
	}
	s, err := r.ledger.Statement(ctx)
	if err != nil {
		return nil, fmt.Errorf("anonymize: %w", err)
	}
	if len(s.Entries) < r.entry.N {
		return nil, errors.New("anonymize: the ledger does not hold the run any longer")
	}
	return &LedgerReport{
		Dataset: s.Terms.Dataset,
		Total:   BudgetReport(s.Terms.Total),
		Before:  BudgetReport(s.SpentBy(r.entry.N - 1)),
		After:   BudgetReport(s.SpentBy(r.entry.N)),
		Entry:   r.entry.String(),
	}, nil
}

// kept says in a sentence what the ledger did.
func (l *LedgerReport) kept() string {
	symbol := "ε"
	if l.Total.Rho != 0 {
		symbol = "ρ"
	}
	text := fmt.Sprintf("The budget of all runs is kept in the ledger of %s: %s%s=%s%s was spent "+
		"before this run and %s after it, of %s", l.Dataset, symbol, nbsp, nbsp,
		formatFigure(l.Before.loss()), formatFigure(l.After.loss()), formatFigure(l.Total.loss()))
	if l.Total.Delta > 0 {
		text += fmt.Sprintf("; δ%s=%s%s before and %s after, of %s", nbsp, nbsp,
			formatFigure(l.Before.Delta), formatFigure(l.After.Delta), formatFigure(l.Total.Delta))
	}
	return text + "."
}
