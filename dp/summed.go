package dp

// summed is a query made of sums over one column. A Sum, a Mean, a Variance and a
// Deviation have its fields, which are described where they are exported.
type summed struct {
	Column              string
	Lower, Upper        float64
	BoundsShare         float64
	By                  []string
	Keys                map[string][]string
	Epsilon, Delta, Rho float64
}

func (q summed) price() price { return price{q.Epsilon, q.Delta, q.Rho} }

func (q summed) cost() Cost { return q.price().cost() }

// columns are the column itself and those grouped by.
func (q summed) columns() []string { return each(append([]string{q.Column}, q.By...)...) }

// text is the query in a few words.
func (q summed) text(what string) string { return what + " " + q.Column + byText(q.By) }

// on says which noise is added, and to what.
func (q summed) on(numbers string) string { return q.price().on(numbers, q.BoundsShare) }

// ask asks for the column on a grid.
func (q summed) ask(
	u Unit, k kind, build func(lower, upper float64) (grid, error),
	of func(u Unit, groups int, grids []grid) sensitivity,
) *ask {
	a := &ask{by: q.By, keys: q.Keys, price: q.price(), kind: k, sensitivity: of}
	a.number(u, q.Column, q.Lower, q.Upper, q.BoundsShare, build)
	return a
}

// own is the query without what belongs to the caller.
func (q summed) own() summed {
	q.By, q.Keys = each(q.By...), nil
	return q
}
