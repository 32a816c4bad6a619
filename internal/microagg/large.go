package microagg

import (
	"context"
	"math/rand/v2"
)

// large is a large neighbourhood search: it pools the points of a class and of
// some near it, partitions the pool anew, improves that by moves and swaps, and
// keeps it if it is better (Shaw 1998). Inside a pool all distances are known,
// so that a change costs no more than the number of its points: the SSE of s
// points is the sum of the squared distances of their pairs over s.
type large struct {
	*local
	random *rand.Rand
	near   *neighbours

	pool []int32   // points
	of   []int32   // classes
	d2   []float64 // of two points of the pool
	// A partition of the pool into groups.
	group  []int32
	size   []int
	to     []float64 // sum of the distances of a point to the points of a group
	inside []float64 // sum of the distances of the pairs of a group
	groups int
	left   []int32
}

// Of small classes more are pooled: about poolPoints points, and never fewer
// than poolClasses classes.
const (
	poolClasses = 4
	poolPoints  = 24
)

func newLarge(l *local, seed uint64) *large {
	return &large{local: l, near: l.near, random: rand.New(rand.NewPCG(seed, 'L'))}
}

// run does a number of tries, and a local search after them.
func (s *large) run(ctx context.Context, tries int) error {
	for try := range tries {
		if try%256 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		s.choose(int32(s.random.IntN(len(s.class))))
		if len(s.of) < 2 {
			continue
		}
		s.measure()
		s.keepClasses()
		if before := s.sseOfGroups(); s.regroup() && s.better(before) {
			s.accept()
		}
	}
	return s.local.run(ctx)
}

// choose pools the class of a point with those of neighbours of its members.
func (s *large) choose(i int32) {
	s.of = append(s.of[:0], s.class[i])
	s.look++
	s.seen[s.class[i]] = s.look
	want := 2 + s.random.IntN(max(poolClasses, poolPoints/s.k)-1)
	for tries := 0; len(s.of) < want && tries < 4*want; tries++ {
		members := s.members(s.of[s.random.IntN(len(s.of))])
		list := s.near.of(members[s.random.IntN(len(members))])
		// The nearer ones more often: the smaller of two places.
		j := list[min(s.random.IntN(len(list)), s.random.IntN(len(list)))]
		if j == none || s.seen[s.class[j]] == s.look {
			continue
		}
		s.seen[s.class[j]] = s.look
		s.of = append(s.of, s.class[j])
	}
	s.pool = s.pool[:0]
	for _, id := range s.of {
		s.pool = append(s.pool, s.members(id)...)
	}
}

// measure fills the distances of the pool.
func (s *large) measure() {
	n := len(s.pool)
	if cap(s.d2) < n*n {
		s.d2 = make([]float64, n*n)
	}
	s.d2 = s.d2[:n*n]
	for x, i := range s.pool {
		at := s.p.at(i)
		s.d2[x*n+x] = 0
		for y, j := range s.pool[:x] {
			d := distance(at, s.p.at(j))
			s.d2[x*n+y], s.d2[y*n+x] = d, d
		}
	}
}

// keepClasses makes the groups the classes that the pool has now.
func (s *large) keepClasses() {
	s.group = s.group[:0]
	for g, id := range s.of {
		for range s.members(id) {
			s.group = append(s.group, int32(g))
		}
	}
	s.groups = len(s.of)
	s.sum()
}

// sum fills sizes and sums of the groups.
func (s *large) sum() {
	n := len(s.pool)
	s.size = resize(s.size, s.groups)
	s.inside = resize(s.inside, s.groups)
	s.to = resize(s.to, n*s.groups)
	for x, g := range s.group {
		s.size[g]++
		row := s.d2[x*n : (x+1)*n]
		to := s.to[x*s.groups : (x+1)*s.groups]
		for y, d := range row {
			to[s.group[y]] += d
		}
		s.inside[g] += to[g] / 2
	}
}

// resize gives a slice of n zeros.
func resize[T int | float64](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	x = x[:n]
	clear(x)
	return x
}

// sseOfGroups adds up the groups.
func (s *large) sseOfGroups() float64 {
	sse := 0.0
	for g := range s.groups {
		sse += s.inside[g] / float64(s.size[g])
	}
	return sse
}

// regroup partitions the pool anew: from a random point, then from the one
// furthest from the last, each with its k−1 nearest. What is left joins the
// nearest group each, where fewer than k are left.
func (s *large) regroup() bool {
	n, k := len(s.pool), s.k
	s.left = s.left[:0]
	for x := range n {
		s.left = append(s.left, int32(x))
	}
	s.group = s.group[:n]
	s.groups = 0
	seed := s.random.IntN(n)
	for len(s.left) >= k {
		row := s.d2[seed*n : (seed+1)*n]
		for m := range k { // the k nearest to the seed, itself first
			best := m
			for y := m + 1; y < len(s.left); y++ {
				if row[s.left[y]] < row[s.left[best]] {
					best = y
				}
			}
			s.left[m], s.left[best] = s.left[best], s.left[m]
			s.group[s.left[m]] = int32(s.groups)
		}
		s.groups++
		s.left = append(s.left[:0], s.left[k:]...)
		if len(s.left) < k {
			break
		}
		if s.random.IntN(2) == 0 {
			seed = int(s.left[s.random.IntN(len(s.left))])
			continue
		}
		far := s.left[0]
		for _, x := range s.left {
			if row[x] > row[far] {
				far = x
			}
		}
		seed = int(far)
	}
	for _, x := range s.left {
		best, least := int32(0), -1.0
		for y, g := range s.group {
			if d := s.d2[int(x)*n+y]; !s.isLeft(int32(y)) && (least < 0 || d < least) {
				best, least = g, d
			}
		}
		s.group[x] = best
	}
	s.sum()
	s.polish()
	for _, size := range s.size {
		if size >= 2*k {
			return false
		}
	}
	return true
}

func (s *large) isLeft(x int32) bool { return contains(s.left, x) }

func contains(list []int32, i int32) bool {
	for _, x := range list {
		if x == i {
			return true
		}
	}
	return false
}

// maxPolish bounds the passes over a pool.
const maxPolish = 8

// polish moves and swaps points of the pool until nothing helps.
func (s *large) polish() {
	for range maxPolish {
		changed := false
		for x := range s.pool {
			changed = s.moveIn(x) || changed
			changed = s.swapIn(x) || changed
		}
		if !changed {
			return
		}
	}
}

// moveIn moves a point to the group where it lessens SSE the most.
func (s *large) moveIn(x int) bool {
	from := int(s.group[x])
	if s.size[from] <= s.k {
		return false
	}
	to := s.to[x*s.groups : (x+1)*s.groups]
	a := float64(s.size[from])
	gain := s.inside[from]/a - (s.inside[from]-to[from])/(a-1)
	best, least := none, gain*(1-slack)-s.floor
	for g, w := range to {
		b := float64(s.size[g])
		if g == from || s.size[g] >= 2*s.k-1 {
			continue
		}
		if cost := (s.inside[g]+w)/(b+1) - s.inside[g]/b; cost < least {
			best, least = g, cost
		}
	}
	if best == none {
		return false
	}
	s.shift(x, best)
	return true
}

// shift moves a point to a group and keeps the sums.
func (s *large) shift(x, g int) {
	n, from := len(s.pool), int(s.group[x])
	s.inside[from] -= s.to[x*s.groups+from]
	s.inside[g] += s.to[x*s.groups+g]
	s.size[from]--
	s.size[g]++
	for y, d := range s.d2[x*n : (x+1)*n] {
		s.to[y*s.groups+from] -= d
		s.to[y*s.groups+g] += d
	}
	s.group[x] = int32(g)
}

// swapIn exchanges a point with the one of another group that lessens SSE the
// most.
func (s *large) swapIn(x int) bool {
	n, from := len(s.pool), int(s.group[x])
	a := float64(s.size[from])
	mine := s.to[x*s.groups : (x+1)*s.groups]
	best, least := none, -slack*s.inside[from]/a-s.floor
	for y := range n {
		g := int(s.group[y])
		if g == from {
			continue
		}
		d := s.d2[x*n+y]
		theirs := s.to[y*s.groups : (y+1)*s.groups]
		grows := (theirs[from]-d-mine[from])/a + (mine[g]-d-theirs[g])/float64(s.size[g])
		if grows < least {
			best, least = y, grows
		}
	}
	if best == none {
		return false
	}
	g := int(s.group[best])
	s.shift(x, g)
	s.shift(best, from)
	return true
}

// better says whether the groups have less SSE than before.
func (s *large) better(before float64) bool {
	return s.sseOfGroups() < before*(1-slack)-s.floor
}

// accept makes the groups classes.
func (s *large) accept() {
	for _, i := range s.pool {
		s.take(i)
	}
	s.free = append(s.free, s.of...)
	ids := s.of[:0]
	for range s.groups {
		ids = append(ids, s.free[len(s.free)-1])
		s.free = s.free[:len(s.free)-1]
	}
	s.of = ids
	for x, i := range s.pool {
		s.put(i, s.of[s.group[x]])
	}
	for _, id := range s.of {
		s.center(id)
		s.change[id]++
	}
}
