package dp

import (
	"context"
	"errors"
	"fmt"

	"github.com/lethe-go/lethe/internal/decimal"
)

// Check says what NewScan would refuse of the queries whatever the table:
// wrong parameters, noise beyond what is exact, or a cost above what is left.
// It takes nothing from the budget.
func (s *Session) Check(queries ...Query) error {
	var errs []error
	for i, q := range queries {
		if err := s.checkQuery(q); errors.Is(err, errNoQuery) {
			errs = append(errs, fmt.Errorf("query %d: %w", i+1, err))
		} else if err != nil {
			errs = append(errs, err)
		}
	}
	if err := mistakes(errs); err != nil {
		return err
	}
	if err := s.purse.Check(charges(queries)...); err != nil || s.ledger == nil {
		return broke(err)
	}
	return broke(s.ledger.Check(context.Background(), charges(queries)...))
}

func (s *Session) checkQuery(q Query) error {
	switch q := q.(type) {
	case Count:
		err := q.validate()
		if err == nil {
			_, err = countNoise(s.unit.MaxRows, decimal.Of(q.Epsilon))
		}
		return named(q, err)
	case *Count:
		if q != nil {
			return s.checkQuery(*q)
		}
	case Mean:
		err := q.validate()
		if err == nil {
			var g grid
			if g, err = newGrid(q.Lower, q.Upper); err == nil {
				_, _, err = meanNoise(s.unit.MaxRows, g, decimal.Of(q.Epsilon))
			}
		}
		return named(q, err)
	case *Mean:
		if q != nil {
			return s.checkQuery(*q)
		}
	}
	return errNoQuery
}
