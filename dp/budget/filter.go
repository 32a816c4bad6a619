package budget

import (
	"errors"
	"fmt"
	"math/big"
	"sync"

	"github.com/lethe-go/lethe/internal/decimal"
)

// ErrExhausted is matched by the error of a charge that would overspend.
var ErrExhausted = errors.New("budget exhausted")

// Charge is the cost of a release under the name that errors, and a ledger,
// give it. A name must not hold a value of the table.
type Charge struct {
	Name string
	Cost Cost
}

// in is what the charge takes of a total, in its currency.
func (c Charge) in(total Budget) (amount, error) {
	err := c.Cost.Validate()
	var cost amount
	if err == nil {
		cost, err = c.Cost.in(total)
	}
	if err != nil {
		return cost, fmt.Errorf("budget: %q: %w", c.Name, err)
	}
	return cost, nil
}

// Filter grants releases as long as all of them together stay within a total.
// It is made by NewFilter and safe for concurrent use; the zero value grants
// nothing.
type Filter struct {
	total Budget

	mu    sync.Mutex
	spent amount
}

// NewFilter returns a filter of which nothing is spent. The error names
// everything that is wrong with the total.
func NewFilter(total Budget) (*Filter, error) {
	if err := total.Validate(); err != nil {
		return nil, fmt.Errorf("budget: total: %w", err)
	}
	return &Filter{total: total, spent: zero()}, nil
}

// Total is what the filter was made with.
func (f *Filter) Total() Budget { return f.total }

// Spend takes the cost of all charges, or of none where they do not all fit;
// then the error names the first that does not and matches ErrExhausted. A
// charge that is invalid, or of which nothing is known in the currency of the
// total, is refused by name. The caller draws noise only after Spend returned
// nil.
func (f *Filter) Spend(charges ...Charge) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	spent, err := f.after(charges)
	if err == nil {
		f.spent = spent
	}
	return err
}

// Check says what Spend would and takes nothing.
func (f *Filter) Check(charges ...Charge) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.after(charges)
	return err
}

// after is what is spent once the charges are.
func (f *Filter) after(charges []Charge) (amount, error) {
	if f.total == (Budget{}) {
		return amount{}, errors.New("budget: no total; make a filter by NewFilter")
	}
	spent := f.spent
	for _, c := range charges {
		cost, err := c.in(f.total)
		if err != nil {
			return amount{}, err
		}
		if spent, err = f.grant(spent, c.Name, cost); err != nil {
			return amount{}, err
		}
	}
	return spent, nil
}

// grant is what is spent after one more cost, if that is within the total.
func (f *Filter) grant(spent amount, name string, cost amount) (amount, error) {
	next, total := spent.plus(cost), f.total.amount()
	short := func(symbol string, next, total, cost *big.Rat) error {
		if next.Cmp(total) <= 0 {
			return nil
		}
		left := new(big.Rat).Sub(total, next)
		left.Add(left, cost)
		return fmt.Errorf("%w: %q needs %s=%v, %v left", ErrExhausted, name, symbol,
			decimal.AtLeast(cost), decimal.AtMost(left))
	}
	err := short(f.total.symbol(), next.loss, total.loss, cost.loss)
	if err == nil {
		err = short("δ", next.delta, total.delta, cost.delta)
	}
	return next, err
}

// Spent is what all charges so far cost, rounded up where it has no short
// decimal.
func (f *Filter) Spent() Budget {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.total == (Budget{}) {
		return Budget{}
	}
	return f.spent.shown(f.total, decimal.AtLeast)
}

// Remaining is what is left, rounded down where it has no short decimal: a
// charge of this much is granted.
func (f *Filter) Remaining() Budget {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.total == (Budget{}) {
		return Budget{}
	}
	return f.total.amount().minus(f.spent).shown(f.total, decimal.AtMost)
}

// Partition takes a share for releases from groups of rows that are made side
// by side, and returns a filter for each group, each with the whole share. It
// costs most times the share, where one person is in at most most of the groups.
// The caller must have enforced that, with the same rows of a person in every
// release: by groups of people and not of visits, or by dropping a person's
// other rows once and for all. The releases of all groups may be chosen after
// seeing the answers of any. A dp.Session over the rows of one group has the
// share for its total.
//
// For the argument see the package: of the releases that a person is in, at
// most most groups make any, and each group's filter bounds their sum by share;
// all others add l(n) = 0.
//
// The share must be in the currency of the total.
func (f *Filter) Partition(name string, share Budget, groups, most int) ([]*Filter, error) {
	var errs []error
	if err := share.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("share: %w", err))
	} else if (share.Rho != 0) != (f.total.Rho != 0) || share.Gaussian != f.total.Gaussian {
		errs = append(errs, fmt.Errorf("share is %v and the total %v, want one currency",
			share, f.total))
	}
	if most < 1 || most > groups {
		errs = append(errs, fmt.Errorf("one person is in %d of %d groups, want 1 to all", most, groups))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("budget: %q: %w", name, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	spent, err := f.grant(f.spent, name, share.amount().times(most))
	if err != nil {
		return nil, err
	}
	f.spent = spent
	filters := make([]*Filter, groups)
	for i := range filters {
		filters[i] = &Filter{total: share, spent: zero()}
	}
	return filters, nil
}
