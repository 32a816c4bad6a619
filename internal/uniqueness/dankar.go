package uniqueness

// Estimator is the name of an estimator.
type Estimator string

// The estimators that Dankar's rule chooses from.
const (
	Zayatz Estimator = "zayatz"
	Pitman Estimator = "pitman"
	SNB    Estimator = "snb"
)

// Dankar estimates the uniques of the population by the estimator that was the
// most accurate in simulations: for a sampling fraction of at most 0.1 Pitman,
// or Zayatz where that has no estimate; above it the smaller of SNB and
// Zayatz, or Zayatz where SNB has no estimate. Without uniques in the sample
// the estimate is 0.
//
// Dankar, El Emam, Neisa, Roffey (2012). Estimating the re-identification risk
// of clinical data sets. BMC Medical Informatics and Decision Making 12:66.
func (s *Sample) Dankar() (float64, Estimator) {
	zayatz := s.Zayatz()
	if s.classesOf(1) == 0 {
		return 0, Zayatz
	}
	if s.Fraction() <= 0.1 {
		if pitman, err := s.Pitman(); err == nil {
			return pitman, Pitman
		}
		return zayatz, Zayatz
	}
	if snb, err := s.SNB(); err == nil && snb < zayatz {
		return snb, SNB
	}
	return zayatz, Zayatz
}
