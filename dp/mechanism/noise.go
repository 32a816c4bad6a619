package mechanism

import (
	"fmt"
	"math"
	"sync"

	"github.com/lethe-go/lethe/dp/accounting"
	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/internal/entropy"
)

// Additive is a way to add noise: Laplace, Geometric, Staircase, Gaussian or
// DiscreteGaussian. The set is closed, because what is claimed of a mechanism
// has to be proved here.
type Additive interface {
	// String names the mechanism and its parameters.
	fmt.Stringer

	// prepare validates the parameters.
	prepare() (*Noise, error)
}

// Noise adds noise to numbers, anew with each call, and each call costs Cost
// once. It is made by New; the zero value is refused. It is safe for concurrent
// use.
type Noise struct {
	draw interface { // of steps
		Add(src *entropy.Source, x int64) int64
		Tail(alpha float64) int64
	}
	grid    grid
	whole   bool // numbers are integers and the step is one
	numbers int
	cost    budget.Cost
	loss    accounting.Mechanism

	mu     sync.Mutex
	source *entropy.Source
}

// New checks the parameters of a mechanism, all of them at once, and prepares
// its noise.
func New(m Additive) (*Noise, error) {
	if m == nil {
		return nil, fmt.Errorf("mechanism: no mechanism; want Laplace, Geometric, Staircase, Gaussian or " +
			"DiscreteGaussian")
	}
	n, err := m.prepare()
	if err != nil {
		return nil, err
	}
	n.source = entropy.New()
	return n, nil
}

// Cost is what one call takes from a budget.
func (n *Noise) Cost() budget.Cost { return n.cost }

// Mechanism is one call as package accounting sees it, which knows more than
// Cost of many together. It is that of the noise that is drawn, with the
// rounding to the grid, and never less.
func (n *Noise) Mechanism() accounting.Mechanism { return n.loss }

// Granularity is the step of the grid: every result is a multiple of it but
// for the rounding of a result above 2^53 steps to a float64. It is 1 for
// integers.
func (n *Noise) Granularity() float64 { return n.grid.step }

// HalfWidth is how far the noise moves a number at most, but for a probability
// of alpha, which must lie in (0, 1), half a step of rounding included. A result
// ± HalfWidth(0.05) is a confidence interval of 95 % for the number within its
// bounds.
func (n *Noise) HalfWidth(alpha float64) (float64, error) {
	if err := n.check(n.length(), n != nil && n.whole, n.length()); err != nil {
		return 0, err
	}
	if !(alpha > 0 && alpha < 1) {
		return 0, fmt.Errorf("mechanism: alpha is %v, want it between 0 and 1", alpha)
	}
	width := float64(n.draw.Tail(alpha))
	if !n.whole {
		width += 0.5
	}
	return width * n.grid.step, nil
}

// Float returns x with noise, for a mechanism of real numbers.
func (n *Noise) Float(x float64) (float64, error) {
	if err := n.check(n.length(), false, 1); err != nil {
		return 0, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.float(x), nil
}

// Int returns x with noise, for a mechanism of integers.
func (n *Noise) Int(x int64) (int64, error) {
	if err := n.check(n.length(), true, 1); err != nil {
		return 0, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.draw.Add(n.source, x), nil
}

// Floats returns a new vector of the numbers of x, each with its own noise, for
// a mechanism of real numbers. x must have as many numbers as the mechanism.
func (n *Noise) Floats(x []float64) ([]float64, error) {
	if err := n.check(n.length(), false, len(x)); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = n.float(v)
	}
	return out, nil
}

// Ints is Floats for a mechanism of integers.
func (n *Noise) Ints(x []int64) ([]int64, error) {
	if err := n.check(n.length(), true, len(x)); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]int64, len(x))
	for i, v := range x {
		out[i] = n.draw.Add(n.source, v)
	}
	return out, nil
}

// Each adds noise to every number of x in place, for a mechanism of one real
// number: each is a release of its own and costs Cost, which is meant for numbers
// of different people. Calls do not wait for one another.
func (n *Noise) Each(x []float64) error {
	if err := n.check(n.length(), false, 1); err != nil {
		return err
	}
	src := entropy.New()
	for i, v := range x {
		x[i] = n.grid.value(n.draw.Add(src, n.grid.steps(v)))
	}
	return nil
}

func (n *Noise) float(x float64) float64 {
	return n.grid.value(n.draw.Add(n.source, n.grid.steps(x)))
}

// length is how many numbers one release has.
func (n *Noise) length() int {
	if n == nil {
		return 0
	}
	return n.numbers
}

// check refuses a Noise that New did not make, a method for other numbers, and
// a wrong length; none depends on the numbers.
func (n *Noise) check(want int, whole bool, got int) error {
	switch {
	case n == nil || n.draw == nil:
		return fmt.Errorf("mechanism: no noise; make it by New")
	case n.whole && !whole:
		return fmt.Errorf("mechanism: the noise is for integers; use Int, Ints or Column")
	case !n.whole && whole:
		return fmt.Errorf("mechanism: the noise is for real numbers; use Float, Floats or Column")
	case got != want:
		return fmt.Errorf("mechanism: %d numbers, want %d: the sensitivity was given for so many",
			got, want)
	}
	return nil
}

// numbersOf is the length of a vector, of which zero stands for one.
func numbersOf(numbers int) int { return max(1, numbers) }

func (l *list) numbers(n int) {
	if n < 0 || n > maxNumbers {
		l.addf("numbers is %d, want 1 to %d, or 0 for 1", n, maxNumbers)
	}
}

// maxNumbers keeps what rounding costs a vector below the sensitivity.
const maxNumbers = 1 << 28

// wholeGrid is the grid of integers.
func wholeGrid() grid {
	return grid{lower: -math.MaxFloat64, upper: math.MaxFloat64, step: 1, perUnit: 1}
}
