package uniqueness

// Zayatz estimates the uniques of the population as the uniques of the sample
// over the sampling fraction, times the probability that a class of one in the
// sample is a class of one in the population. The classes of the population
// are taken to have the sizes of those of the sample, so that by Bayes
//
//	P(1 in the population | 1 in the sample) = c₁·h(1) / Σᵢ cᵢ·h(i)
//
// with cᵢ the classes of size i in the sample and h(i) the hypergeometric
// probability that a simple random sample of n of N members takes exactly one
// of the i members of a class. It is exact where the sample is the population.
// Cost: the size of the largest class.
//
// Zayatz (1991). Estimation of the percent of unique population elements on a
// microdata file using the sample. Statistical Research Division Report
// RR-91/08, US Bureau of the Census.
func (s *Sample) Zayatz() float64 {
	c1 := s.classesOf(1)
	if c1 == 0 {
		return 0
	}
	n, N := float64(s.records), float64(s.population)
	all := 0.0
	others := 1.0 // Π (N−n−t)/(N−1−t): no other member of the class is drawn
	size := int64(1)
	for _, c := range s.counts {
		for ; size < c.Size && others > 0; size++ {
			t := float64(size - 1)
			others *= max(0, N-n-t) / (N - 1 - t)
		}
		if others == 0 {
			break
		}
		all += float64(c.Classes) * float64(c.Size) * (n / N) * others
	}
	alone := c1 * (n / N)
	return c1 / s.Fraction() * alone / all
}
