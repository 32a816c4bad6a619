package dp

import "github.com/lethe-go/lethe/dp/budget"

// Budget is a privacy loss: as the total of a session, what all its queries
// together may cost. See package budget.
type Budget = budget.Budget

// Cost is what answering a query takes from a budget, in each currency in which
// it may be paid. See package budget.
type Cost = budget.Cost

// ErrBudget is matched by the error of a query that would overspend.
var ErrBudget = budget.ErrExhausted

// charges are the costs of the queries under their names.
func charges(queries []Query) []budget.Charge {
	out := make([]budget.Charge, len(queries))
	for i, q := range queries {
		out[i] = budget.Charge{Name: q.String(), Cost: q.Cost()}
	}
	return out
}
