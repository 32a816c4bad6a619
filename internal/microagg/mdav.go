package microagg

import "context"

// MDAV is the method of maximum distance to average vector. As long as 3k
// points are left: the point r furthest from their mean makes a class with the
// k−1 points nearest to it, and so does the point s that is then furthest from
// r. Of 2k to 3k−1 points r makes a class, and the rest another. Ties go to the
// earlier point. Cost: the square of the points over k.
//
// Domingo-Ferrer, Torra (2005). Ordinal, continuous and heterogeneous
// k-anonymity through microaggregation. Data Mining and Knowledge Discovery
// 11, 195–212.
func MDAV(ctx context.Context, p Points, k int) ([]int32, error) {
	m := newMDAV(p, k)
	class := make([]int32, p.Len())
	_, err := m.run(ctx, indices(p.Len()), class, 0)
	return class, err
}

// mdav has the room for one run after the other.
type mdav struct {
	p       Points
	k       int
	mean    []float64
	sum     []float64
	nearest []int32   // the k−1 nearest so far, by distance
	how     []float64 // far each is
	taken   []bool    // of a point: in the class at hand
}

func newMDAV(p Points, k int) *mdav {
	return &mdav{
		p: p, k: k, mean: make([]float64, p.D), sum: make([]float64, p.D),
		nearest: make([]int32, k), how: make([]float64, k), taken: make([]bool, p.Len()),
	}
}

// run partitions the points left, which it uses up, into classes numbered from
// next on, and returns the number after the last.
func (m *mdav) run(ctx context.Context, left []int32, class []int32, next int32) (int32, error) {
	clear(m.sum)
	for _, i := range left {
		for j, x := range m.p.at(i) {
			m.sum[j] += x
		}
	}
	for len(left) >= 3*m.k {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		r := m.furthest(left, m.center(len(left)))
		left = m.group(left, r, class, next)
		s := m.furthest(left, m.p.at(r))
		left = m.group(left, s, class, next+1)
		next += 2
	}
	if len(left) >= 2*m.k {
		left = m.group(left, m.furthest(left, m.center(len(left))), class, next)
		next++
	}
	for _, i := range left {
		class[i] = next
	}
	if len(left) > 0 {
		next++
	}
	return next, nil
}

func (m *mdav) center(n int) []float64 {
	for j, x := range m.sum {
		m.mean[j] = x / float64(n)
	}
	return m.mean
}

func (m *mdav) furthest(left []int32, from []float64) int32 {
	best, most := left[0], -1.0
	for _, i := range left {
		if d := distance(m.p.at(i), from); d > most {
			best, most = i, d
		}
	}
	return best
}

// group makes a class of a point and its k−1 nearest, and returns the others.
func (m *mdav) group(left []int32, around int32, class []int32, number int32) []int32 {
	center := m.p.at(around)
	n := 0
	for _, i := range left {
		if i == around {
			continue
		}
		d := distance(m.p.at(i), center)
		if n == m.k-1 {
			if n == 0 || d >= m.how[n-1] {
				continue
			}
			n--
		}
		at := n
		for ; at > 0 && m.how[at-1] > d; at-- {
			m.nearest[at], m.how[at] = m.nearest[at-1], m.how[at-1]
		}
		m.nearest[at], m.how[at] = i, d
		n++
	}
	m.taken[around] = true
	for _, i := range m.nearest[:n] {
		m.taken[i] = true
	}
	rest := left[:0]
	for _, i := range left {
		if !m.taken[i] {
			rest = append(rest, i)
			continue
		}
		m.taken[i] = false
		class[i] = number
		for j, x := range m.p.at(i) {
			m.sum[j] -= x
		}
	}
	return rest
}
