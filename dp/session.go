package dp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/dp/ledger"
)

// Unit says whose presence is protected, and how much one of them may
// contribute.
type Unit struct {
	// Column names the person of each row. It must not hold nulls.
	Column string `yaml:"column"`
	// MaxRows is how many rows of one person are used, at least one. Of people
	// with more, that many are drawn at random, anew in each scan. All queries
	// of a scan see the same rows; those that a query has no use for, because
	// of their group or a null, are among them. The noise grows with MaxRows;
	// what is dropped does with people who have more rows than that.
	MaxRows int `yaml:"max_rows"`
	// MaxGroups is in how many groups of a query one person is counted. Of the
	// groups of the rows drawn, that many are drawn at random. Zero sets no
	// limit beside MaxRows. The noise of numbers of people grows with it, and so
	// does how many people Groups demand; numbers of rows, and what is made of
	// them, need no less noise for it, as all rows of a person may be in one group.
	MaxGroups int `yaml:"max_groups"`
}

// Config is what a Session is made of. The zero value is refused.
type Config struct {
	// Total is what all queries of the session together may cost. It may be left
	// out where there is a Ledger, whose total it then is.
	Total Budget `yaml:"budget"`
	Unit  Unit   `yaml:"unit"`
	// Ledger, where given, has to pay too: a query must fit both the session's
	// total and what the ledger has left, and its cost is in the ledger, on the
	// disk, before it is answered. Its unit must be that of the session.
	Ledger *ledger.Ledger `yaml:"-"`
}

// Session answers queries about the people of one table until its budget is
// spent. It is safe for concurrent use.
type Session struct {
	unit   Unit
	ledger *ledger.Ledger // nil if there is none
	purse  *budget.Filter

	spending sync.Mutex // holds while purse and ledger are charged
}

// New starts a session with its whole budget. It reports every mistake of the
// configuration at once.
func New(cfg Config) (*Session, error) {
	var errs []error
	if l := cfg.Ledger; l != nil {
		if cfg.Total == (Budget{}) {
			cfg.Total = l.Terms().Total
		}
		if unit := l.Terms().Unit; cfg.Unit.Column != "" && cfg.Unit.Column != unit {
			errs = append(errs, fmt.Errorf("unit: the column is %q, and the ledger is of people by %q",
				cfg.Unit.Column, unit))
		}
	}
	for _, err := range split(cfg.Total.Validate()) {
		errs = append(errs, fmt.Errorf("total: %w", err))
	}
	if err := mistakes(append(errs, cfg.Unit.validate())); err != nil {
		return nil, err
	}
	purse, err := budget.NewFilter(cfg.Total)
	if err != nil {
		return nil, fmt.Errorf("dp: %w", err)
	}
	return &Session{unit: cfg.Unit, ledger: cfg.Ledger, purse: purse}, nil
}

func (u Unit) validate() error {
	var errs []error
	if u.Column == "" {
		errs = append(errs, errors.New("unit: no column; name the one that identifies a person"))
	}
	if u.MaxRows < 1 {
		errs = append(errs, fmt.Errorf("unit: max_rows is %d, want at least 1", u.MaxRows))
	}
	if u.MaxGroups < 0 {
		errs = append(errs, fmt.Errorf("unit: max_groups is %d, want at least 1, or 0 for no limit",
			u.MaxGroups))
	}
	return errors.Join(errs...)
}

// broke puts the package's name before what a budget refuses.
func broke(err error) error {
	if err != nil {
		return fmt.Errorf("dp: %w", err)
	}
	return nil
}

// mistakes makes one error of many, one a line under the package's name. It is
// nil without any.
func mistakes(errs []error) error {
	var flat []any
	for _, err := range errs {
		for _, e := range split(err) {
			flat = append(flat, e)
		}
	}
	switch len(flat) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("dp: %w", flat...)
	}
	format := fmt.Sprintf("dp: %d mistakes%s", len(flat), strings.Repeat("\n\t%w", len(flat)))
	return fmt.Errorf(format, flat...)
}

// split takes apart what errors.Join joined; nil is nothing.
func split(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// Spent is what the queries so far cost, rounded up where it has no short
// decimal.
func (s *Session) Spent() Budget { return s.purse.Spent() }

// Remaining is what is left of the session's total, rounded down where it has no
// short decimal: a query that costs this much is not refused, unless there is a
// ledger that has less.
func (s *Session) Remaining() Budget { return s.purse.Remaining() }

// NewScan prepares a pass over a table of the given schema that answers the
// queries, and takes their cost from the budget, of all or of none. The cost is
// not given back if the scan is never finished.
//
// It reports every mistake at once: in a query's parameters, columns that are
// missing or of a type it cannot use, keys that are no value of their column.
// If the budget does not suffice the error names the first query that does not
// fit and matches ErrBudget. Where the session has a ledger, NewScan waits up to
// ten seconds for others who change it; see Session.Run for less.
func (s *Session) NewScan(schema *arrow.Schema, queries ...Query) (*Scan, error) {
	return s.newScan(context.Background(), schema, queries)
}

func (s *Session) newScan(
	ctx context.Context, schema *arrow.Schema, queries []Query,
) (*Scan, error) {
	p, err := newPlan(s.unit, schema, queries)
	if err != nil {
		return nil, err
	}
	scan := p.newScan(true)
	if scan.paid, err = s.spend(ctx, charges(p.list())); err != nil {
		return nil, broke(err)
	}
	return scan, nil
}

// spend charges the session and its ledger, or neither.
func (s *Session) spend(ctx context.Context, c []budget.Charge) (receipt, error) {
	s.spending.Lock()
	defer s.spending.Unlock()
	if s.ledger == nil {
		return receipt{}, s.purse.Spend(c...)
	}
	if err := s.purse.Check(c...); err != nil {
		return receipt{}, err
	}
	head, err := s.ledger.Spend(ctx, c...)
	if err != nil {
		return receipt{}, err
	}
	return receipt{s.ledger, head}, s.purse.Spend(c...)
}

// receipt is the line of a ledger that paid for a scan; the zero value is that
// of a session without one.
type receipt struct {
	ledger *ledger.Ledger
	head   ledger.Head
}

// valid says whether the ledger still holds the line.
func (r receipt) valid(ctx context.Context) error {
	if r.ledger == nil {
		return nil
	}
	return r.ledger.Holds(ctx, r.head)
}

// Entry is the line of the session's ledger that paid for the scan; false where
// there is no ledger, and for shards.
func (s *Scan) Entry() (ledger.Head, bool) { return s.paid.head, s.paid.ledger != nil }

// Run answers the queries from all records of r, in the order of the queries;
// see Scan.Results for the form of the answers. The budget is taken before the
// first record is read and is not given back when reading fails. The caller
// releases the records and the reader.
func (s *Session) Run(
	ctx context.Context, r array.RecordReader, queries ...Query,
) ([]arrow.Record, error) {
	scan, err := s.newScan(ctx, r.Schema(), queries)
	if err != nil {
		return nil, err
	}
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("dp: %w", err)
		}
		if err := scan.Add(r.Record()); err != nil {
			return nil, err
		}
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("dp: reading: %w", err)
	}
	return scan.Results(ctx)
}
