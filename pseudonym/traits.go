package pseudonym

// traits are what the package has to know of a method beside its kernel.
type traits struct {
	keyless  bool // has no key and hence no field
	prepares bool // applies the preparation of its column itself
	// varies tells that equal values may have different outputs or different
	// values equal ones, so that outputs are no tokens and no guard applies.
	varies bool
	nulls  bool // makes nulls of values
}

// traitsOf returns the traits of a method; most have none.
func traitsOf(m Method) traits {
	if t, ok := m.(interface{ traits() traits }); ok {
		return t.traits()
	}
	return traits{}
}

// mayBeNull tells whether values of the column may become null.
func (c *column) mayBeNull() bool {
	p, _ := newPreparation(c.source)
	return p.nulls() || traitsOf(c.source.Method).nulls
}
