package kanon

import (
	"fmt"

	"github.com/lethe-go/lethe/internal/criterion"
)

// DeltaDisclosure asks that the frequency of every value that a class has
// differs from that in the whole table, suppressed rows included, by a factor
// of less than 2^Delta: with p_c and p the frequencies, |log2(p_c/p)| < Delta.
// A value that a class lacks is not looked at, which the definition in the
// paper forbids; nearly no table has classes without it.
//
// Where the configuration names a unit, a value counts once for each person
// who has it, in the class as in the table.
//
// Brickell, Shmatikov (2008). The cost of privacy: destruction of data-mining
// utility in anonymized data publishing. KDD 2008, 70–78.
type DeltaDisclosure struct {
	Column string  `yaml:"column"`
	Delta  float64 `yaml:"delta"` // above 0, in bits
}

func (DeltaDisclosure) model() {}

// String is the name of the model, as "1-disclosure privacy of diagnosis".
func (m DeltaDisclosure) String() string {
	return fmt.Sprintf("%s-disclosure privacy of %s", decimal(m.Delta), m.Column)
}

func (m DeltaDisclosure) validate() error {
	if !(m.Delta > 0 && m.Delta <= maxBits) {
		return fmt.Errorf("delta is %v, want above 0 and at most %d bits", m.Delta, maxBits)
	}
	return nil
}

// maxBits is more than the frequencies of any table can differ by.
const maxBits = 64

func (m DeltaDisclosure) sensitive() string { return m.Column }
func (m DeltaDisclosure) sort() string      { return "delta-disclosure privacy" }
func (m DeltaDisclosure) frequencies() bool { return true }
func (m DeltaDisclosure) compares() bool    { return true }

func (m DeltaDisclosure) criterion(*sensitiveDomain) (criterion.Criterion, error) {
	return criterion.Disclosure{Delta: m.Delta}, nil
}
