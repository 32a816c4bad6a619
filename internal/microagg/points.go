// Package microagg partitions points into classes of at least k that are as
// tight as possible: the sum of the squares of the distances to the means of
// the classes, SSE, is to be small. That is NP-hard in two dimensions and more
// (Oganian, Domingo-Ferrer 2001), so all methods but Univariate are heuristics.
//
// A partition is a class number for each point, from 0, each class with k
// points at least; where there are fewer than 2k points it is one class.
// Everything is deterministic; randomness is of a seed and protects nobody.
package microagg

// Points are n points of d dimensions, one behind the other.
type Points struct {
	X []float64
	D int
}

// Len is the number of points.
func (p Points) Len() int { return len(p.X) / p.D }

// at is the i-th point.
func (p Points) at(i int32) []float64 {
	from := int(i) * p.D
	return p.X[from : from+p.D : from+p.D]
}

// distance is the square of the Euclidean distance.
func distance(a, b []float64) float64 {
	sum := 0.0
	b = b[:len(a)]
	for i, x := range a {
		d := x - b[i]
		sum += d * d
	}
	return sum
}

// mean sets m to the mean of some points.
func (p Points) mean(of []int32, m []float64) {
	clear(m)
	for _, i := range of {
		for j, x := range p.at(i) {
			m[j] += x
		}
	}
	for j := range m {
		m[j] /= float64(len(of))
	}
}

// SSE is the sum of the squares of the distances to the means of the classes.
func (p Points) SSE(class []int32) float64 {
	classes := int32(0)
	for _, c := range class {
		classes = max(classes, c+1)
	}
	means := make([]float64, int(classes)*p.D)
	sizes := make([]float64, classes)
	for i, c := range class {
		sizes[c]++
		for j, x := range p.at(int32(i)) {
			means[int(c)*p.D+j] += x
		}
	}
	for c, n := range sizes {
		for j := range p.D {
			means[c*p.D+j] /= n
		}
	}
	sse := 0.0
	for i, c := range class {
		sse += distance(p.at(int32(i)), means[int(c)*p.D:int(c+1)*p.D])
	}
	return sse
}

// indices are 0 to n−1.
func indices(n int) []int32 {
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	return all
}
