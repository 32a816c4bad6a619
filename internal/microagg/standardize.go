package microagg

import "math"

// Standardize turns each dimension into z-scores, by the standard deviation of
// a sample; a constant one into zeros.
func Standardize(p Points) {
	n := float64(p.Len())
	for j := range p.D {
		mean := 0.0
		for i := j; i < len(p.X); i += p.D {
			mean += p.X[i] / n
		}
		squares := 0.0
		for i := j; i < len(p.X); i += p.D {
			d := p.X[i] - mean
			squares += d * d
		}
		sd := math.Sqrt(squares / max(1, n-1))
		for i := j; i < len(p.X); i += p.D {
			if p.X[i] -= mean; sd > 0 {
				p.X[i] /= sd
			}
		}
	}
}
