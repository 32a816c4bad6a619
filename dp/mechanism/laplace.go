package mechanism

import (
	"fmt"
	"math"
	"math/big"

	"github.com/lethe-go/lethe/dp/accounting"
	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/internal/decimal"
	"github.com/lethe-go/lethe/internal/exact"
)

// Laplace adds discrete Laplace noise to a real number, or to each of a vector,
// on a grid: it is Epsilon-differentially private. The zero value is refused.
//
// The noise in steps has the scale (Sensitivity/step + Numbers)/Epsilon: of n
// numbers that change by at most Sensitivity in L1 the nearest integers change
// by at most Sensitivity/step + n (see grid.steps), and the discrete Laplace
// mechanism of that sensitivity is Epsilon-differentially private (Ghosh,
// Roughgarden and Sundararajan 2012, Universally utility-maximizing privacy
// mechanisms, doi:10.1137/09076828X). With the usual step, less than 2^-30 of
// the sensitivity, this is one part in a thousand million a number.
type Laplace struct {
	Epsilon float64 `yaml:"epsilon"`
	// Sensitivity is the sum of how much one person changes the numbers.
	Sensitivity float64 `yaml:"sensitivity"`
	// Lower and Upper are bounds into which every number is moved first. They
	// must not come from the data.
	Lower float64 `yaml:"lower"`
	Upper float64 `yaml:"upper"`
	// Numbers is the length of a vector; zero stands for one.
	Numbers int `yaml:"numbers"`
}

// String names the mechanism and its parameters.
func (m Laplace) String() string {
	return fmt.Sprintf("laplace(epsilon %v, sensitivity %v, %v to %v%s)",
		m.Epsilon, m.Sensitivity, m.Lower, m.Upper, numbersText(m.Numbers))
}

func numbersText(n int) string {
	if n <= 1 {
		return ""
	}
	return fmt.Sprintf(", %d numbers", n)
}

func (m Laplace) prepare() (*Noise, error) {
	var wrong list
	wrong.epsilon(m.Epsilon)
	wrong.positive("sensitivity", m.Sensitivity)
	wrong.bounds(m.Lower, m.Upper)
	wrong.numbers(m.Numbers)
	if len(wrong) > 0 {
		return nil, wrong.under("laplace")
	}
	g, err := newGrid(m.Sensitivity, m.Lower, m.Upper, m.Sensitivity/m.Epsilon)
	if err != nil {
		wrong.addf("%v", err)
		return nil, wrong.under("laplace")
	}
	numbers := numbersOf(m.Numbers)
	steps := int64(math.Floor(g.inSteps(m.Sensitivity))) + int64(numbers)
	return laplaceNoise("laplace", m.Epsilon, steps, numbers, g, false)
}

// Geometric adds discrete Laplace noise, which is also called two-sided
// geometric, to an integer, or to each of a vector: it is Epsilon-differentially
// private (Ghosh, Roughgarden and Sundararajan 2012). The zero value is refused.
// Integers beyond ±(2^62-1) are moved to these.
type Geometric struct {
	Epsilon float64 `yaml:"epsilon"`
	// Sensitivity is the sum of how much one person changes the integers.
	Sensitivity int64 `yaml:"sensitivity"`
	// Numbers is the length of a vector; zero stands for one.
	Numbers int `yaml:"numbers"`
}

// String names the mechanism and its parameters.
func (m Geometric) String() string {
	return fmt.Sprintf("geometric(epsilon %v, sensitivity %d%s)",
		m.Epsilon, m.Sensitivity, numbersText(m.Numbers))
}

func (m Geometric) prepare() (*Noise, error) {
	var wrong list
	wrong.epsilon(m.Epsilon)
	wrong.whole(m.Sensitivity)
	wrong.numbers(m.Numbers)
	if len(wrong) > 0 {
		return nil, wrong.under("geometric")
	}
	return laplaceNoise("geometric", m.Epsilon, m.Sensitivity, numbersOf(m.Numbers), wholeGrid(), true)
}

func (l *list) whole(sensitivity int64) {
	if sensitivity < 1 || sensitivity > 1<<noiseBits {
		l.addf("sensitivity is %d, want 1 to 2^%d", sensitivity, noiseBits)
	}
}

func laplaceNoise(
	name string, epsilon float64, steps int64, numbers int, g grid, whole bool,
) (*Noise, error) {
	scale := new(big.Rat).Quo(new(big.Rat).SetInt64(steps), decimal.Of(epsilon))
	draw, err := exact.NewLaplace(scale)
	if err != nil {
		return nil, list{err}.under(name + ": raise epsilon or lower the sensitivity")
	}
	return &Noise{draw: draw, grid: g, whole: whole, numbers: numbers,
		cost: budget.Cost{Epsilon: epsilon},
		loss: laplaceLoss(epsilon, decimal.AtMost(draw.Scale()), steps, numbers)}, nil
}

// maxAtoms bounds the sensitivity for which package accounting looks at single
// integers.
const maxAtoms = 1 << 20

// laplaceLoss is what accounting knows of a discrete Laplace mechanism.
//
// For large sensitivities d it is that of the continuous mechanism with a
// sensitivity of d + 1/(4t), t the scale. With q = e^(-1/t) and
// c = 1/(q^½ + q^-½) the discrete mechanism has
// δ(ε) <= 1 - 2c·e^((ε-d/t)/2), by the best real threshold in
// 1 - c·(q^(d-x) + e^ε·q^x), and 2c = 1/cosh(1/(2t)) >= e^(-1/(8t²)), so that
// δ(ε) <= 1 - e^((ε - d/t - 1/(4t²))/2).
func laplaceLoss(epsilon, scale float64, steps int64, numbers int) accounting.Mechanism {
	switch {
	case numbers > 1:
		return accounting.EpsilonDelta{Epsilon: epsilon}
	case steps <= maxAtoms:
		return accounting.DiscreteLaplace{Scale: scale, Sensitivity: int(steps)}
	}
	return accounting.Laplace{Scale: scale, Sensitivity: float64(steps) + 1/(4*scale)}
}
