package microaggregate

import "context"

// MDAV is the method of maximum distance to the average vector [1]: while 3k
// points are left, the point farthest from their mean and its k-1 nearest make
// a class, and so do the one farthest from the first and its k-1 nearest.
// Where 2k are left one class is made of the farthest from the mean, and what
// is left is the last one. Of equal distances the first point is taken. There
// must be at least k points. The cost is of the order of n² d / k; the error is
// that of ctx.
//
// [1] Domingo-Ferrer, Torra (2005). Ordinal, continuous and heterogeneous
// k-anonymity through microaggregation. Data Mining and Knowledge Discovery
// 11(2), 195–212.
func MDAV(ctx context.Context, p Points, k int) ([]int32, error) {
	all := make([]int32, p.N)
	for i := range all {
		all[i] = int32(i)
	}
	class := make([]int32, p.N)
	newMDAV(p, k).run(ctx, all, class, 0)
	return renumber(class), ctx.Err()
}

// mdav is the working memory of the method: the points left, side by side.
type mdav struct {
	p    Points
	k    int
	id   []int32
	x    []float64
	mean []float64
	from []float64
	dist []float64
	near []int32 // places of a class, those nearest first
}

func newMDAV(p Points, k int) *mdav {
	return &mdav{p: p, k: k, mean: make([]float64, p.D), from: make([]float64, p.D)}
}

// run partitions the points of the given numbers, at least k and in ascending
// order, into classes numbered from first on, and returns the next number. It
// stops early when ctx is cancelled.
func (m *mdav) run(ctx context.Context, points, class []int32, first int32) int32 {
	m.id = append(m.id[:0], points...)
	m.x = m.x[:0]
	for _, i := range points {
		m.x = append(m.x, m.p.At(i)...)
	}
	from := m.from
	next := first
	take := func(center []float64) {
		m.nearest(center)
		for _, at := range m.near {
			class[m.id[at]] = next
		}
		m.remove()
		next++
	}
	for len(m.id) >= 3*m.k && ctx.Err() == nil {
		copy(from, m.at(m.farthest(m.average())))
		take(from)
		copy(from, m.at(m.farthest(from)))
		take(from)
	}
	if len(m.id) >= 2*m.k {
		copy(from, m.at(m.farthest(m.average())))
		take(from)
	}
	if len(m.id) > 0 {
		for _, i := range m.id {
			class[i] = next
		}
		next++
	}
	return next
}

func (m *mdav) at(i int) []float64 { return m.x[i*m.p.D : (i+1)*m.p.D] }

func (m *mdav) average() []float64 {
	clear(m.mean)
	for i := range m.id {
		for j, x := range m.at(i) {
			m.mean[j] += x
		}
	}
	for j := range m.mean {
		m.mean[j] /= float64(len(m.id))
	}
	return m.mean
}

func (m *mdav) farthest(from []float64) int {
	best, most := 0, -1.0
	for i := range m.id {
		if d := distance(from, m.at(i)); d > most {
			best, most = i, d
		}
	}
	return best
}

// nearest finds the k places nearest to a point.
func (m *mdav) nearest(center []float64) {
	m.near, m.dist = m.near[:0], m.dist[:0]
	for i := range m.id {
		d := distance(center, m.at(i))
		n := len(m.near)
		if n == m.k {
			if d >= m.dist[n-1] {
				continue
			}
			n--
			m.near, m.dist = m.near[:n], m.dist[:n]
		}
		m.near, m.dist = append(m.near, 0), append(m.dist, 0)
		for n > 0 && m.dist[n-1] > d {
			m.near[n], m.dist[n] = m.near[n-1], m.dist[n-1]
			n--
		}
		m.near[n], m.dist[n] = int32(i), d
	}
}

// remove takes the nearest places out, keeping the order of the others.
func (m *mdav) remove() {
	for _, at := range m.near {
		m.id[at] = -1
	}
	n := 0
	for i, id := range m.id {
		if id < 0 {
			continue
		}
		if n != i {
			m.id[n] = id
			copy(m.at(n), m.at(i))
		}
		n++
	}
	m.id, m.x = m.id[:n], m.x[:n*m.p.D]
}
