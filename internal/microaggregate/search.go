package microaggregate

import (
	"context"
	"math"
	"slices"
)

// search is a partition being improved. Classes are of at most 2k-1 points
// between two steps.
type search struct {
	p    Points
	k    int
	near []int32
	room int // members a class has room for

	class   []int32 // of each point
	place   []int32 // of each point among the members of its class
	size    []int32 // of each class; 0 for a number that is free
	members []int32 // room for each class
	mean    []float64
	free    []int32

	queue   []int32 // points to be looked at, a ring
	head    int
	waiting int
	queued  []bool

	stamp []uint32 // by class
	epoch uint32
	split *mdav
	parts []int32
	moved []home
	buf   []int32
	old   []float64
}

// home is a point that was moved, and the class it was moved to.
type home struct{ point, class int32 }

// least is the smallest gain that counts: rounding must not look like one.
const least = 1e-9

func newSearch(p Points, class []int32, k int, near []int32) *search {
	s := &search{
		p: p, k: k, near: near,
		class: append([]int32(nil), class...), place: make([]int32, p.N),
		queue: make([]int32, p.N), queued: make([]bool, p.N),
		split: newMDAV(p, k), parts: make([]int32, p.N), old: make([]float64, p.D),
	}
	classes := int32(0)
	for _, c := range class {
		classes = max(classes, c+1)
	}
	size := make([]int32, classes)
	for _, c := range class {
		size[c]++
	}
	for _, n := range size {
		s.room = max(s.room, int(n)+1)
	}
	s.room = max(s.room, 3*k)
	for range classes {
		s.free = append(s.free, s.grow())
	}
	s.free = s.free[:0]
	for i, c := range class {
		s.put(int32(i), c)
	}
	for c := range classes {
		if int(s.size[c]) >= 2*k {
			s.divide(c)
		}
	}
	return s
}

// grow makes a class without members.
func (s *search) grow() int32 {
	c := int32(len(s.size))
	s.size = append(s.size, 0)
	s.stamp = append(s.stamp, 0)
	s.members = append(s.members, make([]int32, s.room)...)
	s.mean = append(s.mean, make([]float64, s.p.D)...)
	return c
}

func (s *search) of(c int32) []int32 {
	return s.members[int(c)*s.room : int(c)*s.room+int(s.size[c])]
}

func (s *search) center(c int32) []float64 { return s.mean[int(c)*s.p.D : (int(c)+1)*s.p.D] }

// put adds a point to a class, take takes it out.
func (s *search) put(x, c int32) {
	n := s.size[c]
	s.members[int(c)*s.room+int(n)] = x
	s.place[x], s.class[x] = n, c
	s.size[c] = n + 1
	m, f := s.center(c), 1/float64(n+1)
	for j, v := range s.p.At(x) {
		m[j] += (v - m[j]) * f
	}
}

func (s *search) take(x int32) {
	c := s.class[x]
	n := s.size[c] - 1
	row := s.members[int(c)*s.room:]
	last := row[n]
	row[s.place[x]], s.place[last] = last, s.place[x]
	s.size[c] = n
	m := s.center(c)
	if n == 0 {
		clear(m)
		return
	}
	f := 1 / float64(n)
	for j, v := range s.p.At(x) {
		m[j] += (m[j] - v) * f
	}
}

// settle looks at all points in turn, and again at those near a change, until
// a whole round changes nothing or ctx is cancelled.
func (s *search) settle(ctx context.Context) {
	for changed := true; changed; {
		changed = false
		for x := range int32(s.p.N) {
			s.look(x)
		}
		for s.waiting > 0 {
			if s.waiting&1023 == 0 && ctx.Err() != nil {
				return
			}
			x := s.queue[s.head]
			s.head = (s.head + 1) % len(s.queue)
			s.waiting--
			s.queued[x] = false
			changed = s.visit(x) || changed
		}
	}
}

func (s *search) look(x int32) {
	if s.queued[x] {
		return
	}
	s.queued[x] = true
	s.queue[(s.head+s.waiting)%len(s.queue)] = x
	s.waiting++
}

func (s *search) lookAll(c int32) {
	for _, x := range s.of(c) {
		s.look(x)
	}
}

// around is the list of the neighbours of a point.
func (s *search) around(x int32) []int32 {
	list := s.near[int(x)*neighbours : (int(x)+1)*neighbours]
	for len(list) > 0 && list[len(list)-1] < 0 {
		list = list[:len(list)-1]
	}
	return list
}

// joining is by how much the SSE of a class rises with one more point, leaving
// by how much it falls without one of its points.
func (s *search) joining(x, c int32) float64 {
	n := float64(s.size[c])
	return distance(s.p.At(x), s.center(c)) * n / (n + 1)
}

func (s *search) leaving(x, c int32) float64 {
	n := float64(s.size[c])
	return distance(s.p.At(x), s.center(c)) * n / (n - 1)
}

// cheapest is the class that a point joins at least cost: of those of its
// neighbours, without the one given.
func (s *search) cheapest(x, without int32) (best int32, cost float64) {
	best, cost = -1, math.Inf(1)
	s.epoch++
	for _, y := range s.around(x) {
		c := s.class[y]
		if c == without || s.stamp[c] == s.epoch {
			continue
		}
		s.stamp[c] = s.epoch
		if d := s.joining(x, c); d < cost {
			best, cost = c, d
		}
	}
	return best, cost
}

// visit takes the best step for a point, if one helps.
func (s *search) visit(x int32) bool {
	c := s.class[x]
	if int(s.size[c]) > s.k {
		to, cost := s.cheapest(x, c)
		if to >= 0 && s.leaving(x, c)-cost > least {
			s.take(x)
			s.put(x, to)
			s.changed(x, c, to)
			return true
		}
	}
	return s.place[x] == 0 && s.dissolve(c) || s.exchange(x)
}

// changed has all points looked at that a step may concern, and splits what
// has become large enough.
func (s *search) changed(x, a, b int32) {
	for _, y := range s.around(x) {
		s.look(y)
	}
	for _, c := range [2]int32{a, b} {
		s.lookAll(c)
		if int(s.size[c]) >= 2*s.k {
			s.divide(c)
		}
	}
}

// divide partitions a class by MDAV. That never raises the SSE.
func (s *search) divide(c int32) {
	s.buf = append(s.buf[:0], s.of(c)...)
	all := s.buf
	slices.Sort(all)
	n := s.split.run(context.Background(), all, s.parts, 0)
	for _, x := range all {
		s.take(x)
	}
	to := []int32{c}
	for range n - 1 {
		to = append(to, s.open())
	}
	for _, x := range all {
		s.put(x, to[s.parts[x]])
	}
}

func (s *search) open() int32 {
	if n := len(s.free); n > 0 {
		c := s.free[n-1]
		s.free = s.free[:n-1]
		return c
	}
	return s.grow()
}

// dissolve moves each point of a class to the class where it costs least, if
// that helps in all.
func (s *search) dissolve(c int32) bool {
	gain := 0.0
	for _, x := range s.of(c) {
		gain += distance(s.p.At(x), s.center(c))
	}
	rest := gain
	for _, x := range s.of(c) {
		to, cost := s.cheapest(x, c)
		if rest -= cost; to < 0 || rest < least {
			return false
		}
	}
	// Points that go to the same class change what it costs.
	s.moved = s.moved[:0]
	s.buf = append(s.buf[:0], s.of(c)...)
	copy(s.old, s.center(c))
	for _, x := range s.buf {
		to, cost := s.cheapest(x, c)
		gain -= cost
		full := int(s.size[to]) == s.room
		if gain < least || full {
			s.restore(c)
			return false
		}
		s.take(x)
		s.put(x, to)
		s.moved = append(s.moved, home{x, to})
	}
	s.free = append(s.free, c)
	for _, m := range s.moved {
		s.lookAll(m.class)
		for _, y := range s.around(m.point) {
			s.look(y)
		}
	}
	for _, m := range s.moved {
		if int(s.size[m.class]) >= 2*s.k {
			s.divide(m.class)
		}
	}
	return true
}

// restore takes the moves of a class that was not worth dissolving back.
func (s *search) restore(c int32) {
	for i := len(s.moved) - 1; i >= 0; i-- {
		x := s.moved[i].point
		s.take(x)
		s.put(x, c)
	}
	copy(s.center(c), s.old)
}

// exchange swaps a point with the neighbour of another class that gains most.
// A class of n and mean m that gets y for x has an SSE larger by
// |y-m|² - |x-m|² - |x-y|²/n.
func (s *search) exchange(x int32) bool {
	a := s.class[x]
	px, ma := s.p.At(x), s.center(a)
	own := distance(px, ma)
	best, most := int32(-1), least
	last, toLast := int32(-1), 0.0
	for _, y := range s.around(x) {
		b := s.class[y]
		if b == a {
			continue
		}
		if b != last {
			last, toLast = b, distance(px, s.center(b))
		}
		py := s.p.At(y)
		gain := own + distance(py, s.center(b)) - toLast
		// What x and y have in common is worth at most their distance.
		apart := distance(px, py)
		gain += apart * (1/float64(s.size[a]) + 1/float64(s.size[b]))
		if gain <= most {
			continue
		}
		if gain -= distance(py, ma); gain > most {
			best, most = y, gain
		}
	}
	if best < 0 {
		return false
	}
	b := s.class[best]
	s.take(x)
	s.take(best)
	s.put(x, b)
	s.put(best, a)
	s.changed(x, a, b)
	for _, y := range s.around(best) {
		s.look(y)
	}
	return true
}
