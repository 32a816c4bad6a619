package dp

// Check says what NewScan would refuse of the queries whatever the table:
// wrong parameters, or a cost above what is left. It takes nothing from the
// budget.
func (s *Session) Check(queries ...Query) error {
	var errs []error
	for _, q := range queries {
		if err := checkQuery(q); err != nil {
			errs = append(errs, err)
		}
	}
	if err := mistakes(errs); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.purse // spend replaces what it changes
	return left.spend(queries)
}

func checkQuery(q Query) error {
	switch q := q.(type) {
	case Count:
		return named(q, q.validate())
	case *Count:
		if q != nil {
			return checkQuery(*q)
		}
	case Mean:
		return named(q, q.validate())
	case *Mean:
		if q != nil {
			return checkQuery(*q)
		}
	}
	return errNoQuery
}
