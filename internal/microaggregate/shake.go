package microaggregate

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// shake takes larger steps than settle, the given number of them at most: two
// to four neighbouring classes are taken apart and their points are partitioned
// anew, from a random point on or by MDAV, with moves and exchanges among
// them; the better partition is kept. This is large-neighbourhood search [1].
// A round costs some ten to a hundred microseconds.
//
// [1] Shaw (1998). Using constraint programming and local search methods to
// solve vehicle routing problems. CP 1998, 417–431.
func (s *search) shake(ctx context.Context, rounds int, rng *rand.Rand) {
	if rounds <= 0 {
		return
	}
	l := &pool{k: s.k, d: s.p.D, rng: rng, mdav: newMDAV(Points{D: s.p.D}, s.k)}
	for range rounds {
		if ctx.Err() != nil {
			return
		}
		x := int32(rng.IntN(s.p.N))
		classes := append(l.classes[:0], s.class[x])
		want := 2 + rng.IntN(3)
		for tries := 0; len(classes) < want && tries < 12; tries++ {
			of := s.of(classes[rng.IntN(len(classes))])
			near := s.around(of[rng.IntN(len(of))])
			if len(near) == 0 {
				continue
			}
			// Nearer ones are likelier.
			c := s.class[near[rng.IntN(1+rng.IntN(len(near)))]]
			if !slices.Contains(classes, c) {
				classes = append(classes, c)
			}
		}
		l.classes = classes
		if len(classes) < 2 {
			continue
		}
		l.load(s)
		if l.regroup() {
			l.store(s)
		}
	}
	s.settle(ctx)
}

// passes is how often the points of a pool are gone through at most.
const passes = 6

// pool is a few classes taken apart.
type pool struct {
	k, d    int
	rng     *rand.Rand
	mdav    *mdav
	classes []int32
	points  []int32 // of the search
	x       []float64
	index   []int32
	class   []int32 // anew, of each point of the pool
	left    []int32
	mean    []float64
	size    []int
	pair    []float64 // distance of each point to each
	dist    []float64 // distance of each point to each mean
	sse     float64   // as it was
}

func (l *pool) at(i int32) []float64 { return l.x[int(i)*l.d : (int(i)+1)*l.d] }

func (l *pool) load(s *search) {
	l.points, l.x, l.sse = l.points[:0], l.x[:0], 0
	for _, c := range l.classes {
		for _, x := range s.of(c) {
			l.points = append(l.points, x)
			l.x = append(l.x, s.p.At(x)...)
			l.sse += distance(s.p.At(x), s.center(c))
		}
	}
	for len(l.index) < len(l.points) {
		l.index = append(l.index, int32(len(l.index)))
		l.class = append(l.class, 0)
	}
	l.class = l.class[:len(l.index)]
	n := len(l.points)
	for len(l.pair) < n*n {
		l.pair = append(l.pair, make([]float64, n*n)...)
	}
	for i := range n {
		l.pair[i*n+i] = 0
		for j := range i {
			d := distance(l.at(int32(i)), l.at(int32(j)))
			l.pair[i*n+j], l.pair[j*n+i] = d, d
		}
	}
}

// store puts the points into their new classes.
func (l *pool) store(s *search) {
	for _, x := range l.points {
		s.take(x)
	}
	to := l.classes
	for len(to) < len(l.size) {
		to = append(to, s.open())
	}
	for i, x := range l.points {
		s.put(x, to[l.class[i]])
	}
	s.free = append(s.free, to[len(l.size):]...)
	l.classes = to
}

// regroup partitions the points anew and says whether that is better.
func (l *pool) regroup() bool {
	classes := 0
	if l.rng.IntN(4) == 0 {
		l.mdav.p = Points{N: len(l.points), D: l.d, X: l.x}
		classes = int(l.mdav.run(context.Background(), l.index[:len(l.points)], l.class, 0))
	} else {
		classes = l.seeds()
	}
	l.means(classes)
	for pass := 0; pass < passes && l.pass(); pass++ {
	}
	sum := 0.0
	for i := range l.points {
		sum += l.dist[i*classes+int(l.class[i])]
	}
	return l.sse-sum > least
}

// seeds makes classes of a random point and its k-1 nearest.
func (l *pool) seeds() int {
	l.left = append(l.left[:0], l.index[:len(l.points)]...)
	classes := 0
	for len(l.left) >= 2*l.k {
		at := l.rng.IntN(len(l.left))
		seed := l.left[at]
		l.leave(at, classes)
		for range l.k - 1 {
			best, least := 0, math.Inf(1)
			row := l.pair[int(seed)*len(l.points):]
			for i, y := range l.left {
				if d := row[y]; d < least {
					best, least = i, d
				}
			}
			l.leave(best, classes)
		}
		classes++
	}
	for len(l.left) > 0 {
		l.leave(len(l.left)-1, classes)
	}
	return classes + 1
}

func (l *pool) leave(at, class int) {
	l.class[l.left[at]] = int32(class)
	last := len(l.left) - 1
	l.left[at] = l.left[last]
	l.left = l.left[:last]
}

func (l *pool) center(c int32) []float64 { return l.mean[int(c)*l.d : (int(c)+1)*l.d] }

func (l *pool) means(classes int) {
	for len(l.mean) < classes*l.d {
		l.mean = append(l.mean, 0)
	}
	for len(l.size) < classes {
		l.size = append(l.size, 0)
	}
	l.size = l.size[:classes]
	clear(l.size)
	clear(l.mean)
	for i := range l.points {
		c := l.class[i]
		l.size[c]++
		m := l.center(c)
		for j, v := range l.at(int32(i)) {
			m[j] += v
		}
	}
	for c, n := range l.size {
		m := l.center(int32(c))
		for j := range m {
			m[j] /= float64(n)
		}
	}
	for len(l.dist) < classes*len(l.points) {
		l.dist = append(l.dist, 0)
	}
	for c := range int32(classes) {
		l.measure(c)
	}
}

// measure fills in the distances to the mean of a class.
func (l *pool) measure(c int32) {
	m, classes := l.center(c), len(l.size)
	for i := range l.points {
		l.dist[i*classes+int(c)] = distance(l.at(int32(i)), m)
	}
}

// shift moves the mean of a class that gains (sign 1) or loses (-1) a point.
func (l *pool) shift(x, c int32, sign int) {
	l.size[c] += sign
	m, f := l.center(c), float64(sign)/float64(l.size[c])
	for j, v := range l.at(x) {
		m[j] += (v - m[j]) * f
	}
}

// pass moves and exchanges each point once, where that helps.
func (l *pool) pass() bool {
	changed := false
	for i := range l.points {
		changed = l.step(int32(i)) || changed
	}
	return changed
}

func (l *pool) step(x int32) bool {
	a, classes := l.class[x], len(l.size)
	to := l.dist[int(x)*classes : (int(x)+1)*classes]
	own, n := to[a], float64(l.size[a])
	if l.size[a] > l.k {
		best, most := int32(-1), least
		for c, d := range to {
			if l.size[c]+1 >= 2*l.k {
				continue
			}
			m := float64(l.size[c])
			if gain := own*n/(n-1) - d*m/(m+1); int32(c) != a && gain > most {
				best, most = int32(c), gain
			}
		}
		if best >= 0 {
			l.shift(x, a, -1)
			l.shift(x, best, 1)
			l.class[x] = best
			l.measure(a)
			l.measure(best)
			return true
		}
	}
	best, most := -1, least
	pair := l.pair[int(x)*len(l.points):]
	for y := range l.points {
		b := l.class[y]
		if b == a {
			continue
		}
		gain := own - to[b] + l.dist[y*classes+int(b)] - l.dist[y*classes+int(a)]
		gain += pair[y] * (1/n + 1/float64(l.size[b]))
		if gain > most {
			best, most = y, gain
		}
	}
	if best < 0 {
		return false
	}
	y, b := int32(best), l.class[best]
	l.shift(x, a, -1)
	l.shift(y, b, -1)
	l.shift(x, b, 1)
	l.shift(y, a, 1)
	l.class[x], l.class[y] = b, a
	l.measure(a)
	l.measure(b)
	return true
}
