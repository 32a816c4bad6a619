package mechanism

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// list collects the mistakes of a configuration.
type list []error

func (l *list) addf(format string, args ...any) { *l = append(*l, fmt.Errorf(format, args...)) }

// under is nil without mistakes, and otherwise all of them after the name of
// what they were made in, without the names of the packages that found them.
func (l list) under(name string) error {
	if len(l) == 0 {
		return nil
	}
	text := make([]string, len(l))
	for i, err := range l {
		text[i] = strings.TrimPrefix(strings.TrimPrefix(err.Error(), "exact: "), "accounting: ")
	}
	return errors.New("mechanism: " + name + ": " + strings.Join(text, "; "))
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func (l *list) positive(name string, x float64) {
	if !(x > 0) || !finite(x) {
		l.addf("%s is %v, want a positive finite number", name, x)
	}
}

// epsilon refuses what is so small or large that exact noise cannot follow.
func (l *list) epsilon(x float64) {
	if !(x >= leastEpsilon && x <= mostEpsilon) {
		l.addf("epsilon is %v, want %v to %v", x, float64(leastEpsilon), float64(mostEpsilon))
	}
}

const (
	leastEpsilon = 1e-9
	mostEpsilon  = 1 << 12
)

func (l *list) bounds(lower, upper float64) {
	if !finite(lower) || !finite(upper) || !(lower < upper) {
		l.addf("lower is %v and upper %v, want finite numbers, the first below the second",
			lower, upper)
	}
}
