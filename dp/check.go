package dp

import "context"

// Check says what NewScan would refuse of the queries whatever the table:
// wrong parameters, noise beyond what is exact, groups that no query finds, or a
// cost above what is left. It takes nothing from the budget.
func (s *Session) Check(queries ...Query) error {
	_, errs := asks(s.unit, queries)
	if err := mistakes(errs); err != nil {
		return err
	}
	if err := s.purse.Check(charges(queries)...); err != nil || s.ledger == nil {
		return broke(err)
	}
	return broke(s.ledger.Check(context.Background(), charges(queries)...))
}
