package pseudonym

import (
	"errors"
	"fmt"
)

// Validate returns everything that is wrong with the field, so that it can be
// refused before there is a key.
func (f Field) Validate() error { return joinAny(f.check()) }

// Validate returns everything that is wrong with the column by itself: its
// name, its field and its method.
func (c Column) Validate() error {
	errs := c.check()
	for i, err := range errs {
		errs[i] = fmt.Errorf("column %q: %w", c.Name, err)
	}
	if c.Name == "" {
		errs = append(errs, errors.New("a column without a name"))
	}
	return joinAny(errs)
}

func joinAny(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return join(errs)
}
