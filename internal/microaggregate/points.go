// Package microaggregate partitions points into classes of at least k, so that
// replacing each point by the mean of its class changes the points little. The
// measure is the sum of squared distances to the means, SSE.
//
// MDAV is the published heuristic, quadratic in the points. Univariate is the
// optimum in one dimension. Blocks with Improve is for large tables: a cheap
// start, then moves of single points between neighbouring classes until none
// helps, and on request larger moves after that. All are deterministic.
//
// A partition is a class number for each point, in the order in which the
// classes first occur.
package microaggregate

// Points are N points of D coordinates each, one after the other in X.
type Points struct {
	N, D int
	X    []float64
}

// At is point i.
func (p *Points) At(i int32) []float64 { return p.X[int(i)*p.D : (int(i)+1)*p.D] }

// distance is the square of the Euclidean distance.
func distance(a, b []float64) float64 {
	b = b[:len(a)]
	s0, s1 := 0.0, 0.0
	i := 0
	for ; i+1 < len(a); i += 2 {
		d0, d1 := a[i]-b[i], a[i+1]-b[i+1]
		s0 += d0 * d0
		s1 += d1 * d1
	}
	if i < len(a) {
		d := a[i] - b[i]
		s0 += d * d
	}
	return s0 + s1
}

// SSE is the sum of the squared distances of the points to the means of their
// classes, and the same with one class for all.
func SSE(p Points, class []int32) (within, total float64) {
	classes := 0
	for _, c := range class {
		classes = max(classes, int(c)+1)
	}
	within = spread(p, class, classes)
	total = spread(p, make([]int32, p.N), 1)
	return within, total
}

func spread(p Points, class []int32, classes int) float64 {
	mean := make([]float64, classes*p.D)
	size := make([]float64, classes)
	for i, c := range class {
		size[c]++
		m := mean[int(c)*p.D : (int(c)+1)*p.D]
		for j, x := range p.At(int32(i)) {
			m[j] += x
		}
	}
	for c, n := range size {
		for j := range p.D {
			mean[c*p.D+j] /= n
		}
	}
	sum := 0.0
	for i, c := range class {
		sum += distance(p.At(int32(i)), mean[int(c)*p.D:(int(c)+1)*p.D])
	}
	return sum
}

// renumber numbers the classes in the order in which they first occur.
func renumber(class []int32) []int32 {
	number := map[int32]int32{}
	out := make([]int32, len(class))
	for i, c := range class {
		n, ok := number[c]
		if !ok {
			n = int32(len(number))
			number[c] = n
		}
		out[i] = n
	}
	return out
}
