package microagg

import "context"

// local improves a partition by small changes until none helps: a point moves
// to a class of one of its neighbours; two points of such classes change
// places; a class is dissolved into those of its members' neighbours; and one
// that reaches 2k is split. Only points whose surroundings changed are looked
// at again (don't-look bits: Bentley 1992).
//
// Thaeter, Reischuk (2021). Scalable k-anonymous microaggregation: exploiting
// the tradeoff between computational complexity and information loss. SECRYPT.
type local struct {
	*classes
	near *neighbours

	queue   []int32 // ring of points to look at
	head, n int
	queued  []bool
	seen    []uint32 // of a class: the look in which it was met
	look    uint32
	found   []candidate
	change  []uint32 // of a class: how often it changed
	tried   []uint32 // of a class: changes when dissolving it failed, plus one
	buffer  []float64
	homes   []home
	floor   float64 // a change below it is rounding
}

// candidate is a class that a point could go to.
type candidate struct {
	class    int32
	distance float64 // to its mean
}

// home is a class that a member of a dissolved class goes to.
type home struct{ point, class int32 }

// Changes below this share of what they release are rounding, and so are those
// below a share of the mean square of the points: points may lie closer than
// their coordinates are exact.
const (
	slack      = 1e-9
	floorShare = 1e-11
)

// maxLooks bounds the looks at a point, should rounding let changes go round.
const maxLooks = 1000

// swapsWith is how many classes near a point it may change places with.
const swapsWith = 4

func newLocal(c *classes, near *neighbours) *local {
	n, most := len(c.class), len(c.size)
	squares := 0.0
	for _, x := range c.p.X {
		squares += x * x
	}
	return &local{
		floor:   floorShare * squares / float64(n),
		classes: c, near: near, queue: make([]int32, n), queued: make([]bool, n),
		seen: make([]uint32, most), change: make([]uint32, most), tried: make([]uint32, most),
		buffer: make([]float64, 2*c.p.D),
	}
}

// run looks at all points, and on until nothing helps.
func (l *local) run(ctx context.Context) error {
	for i := range l.class {
		l.push(int32(i))
	}
	return l.settle(ctx)
}

// settle looks at the points of the queue, and on until nothing helps.
func (l *local) settle(ctx context.Context) error {
	for steps := 0; l.n > 0 && steps < maxLooks*len(l.class); steps++ {
		if steps%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		i := l.queue[l.head]
		if l.head++; l.head == len(l.queue) {
			l.head = 0
		}
		l.n--
		l.queued[i] = false
		l.improve(i)
	}
	return nil
}

func (l *local) push(i int32) {
	if l.queued[i] {
		return
	}
	l.queued[i] = true
	at := l.head + l.n
	if at >= len(l.queue) {
		at -= len(l.queue)
	}
	l.queue[at] = i
	l.n++
}

// changed brings a class up to date and has its members looked at.
func (l *local) changed(id int32) {
	l.center(id)
	l.change[id]++
	for _, i := range l.members(id) {
		l.push(i)
	}
}

// improve makes the best change for a point, if any helps.
func (l *local) improve(i int32) {
	id := l.class[i]
	own := distance(l.p.at(i), l.mean(id))
	if own < l.floor {
		return
	}
	a := float64(l.size[id])
	best, cost := l.candidates(i, id)
	if best == none {
		return
	}
	if int(l.size[id]) > l.k {
		if gain := a / (a - 1) * own; gain-cost > slack*gain+l.floor {
			l.move(i, best)
			return
		}
	}
	if l.swap(i, id, own) {
		return
	}
	l.dissolve(id)
}

// candidates finds the classes of a point's neighbours, the nearest ones first
// in found, and the one it costs the least to go to.
func (l *local) candidates(i, own int32) (best int32, cost float64) {
	l.look++
	l.seen[own] = l.look
	l.found = l.found[:0]
	best = none
	at := l.p.at(i)
	for _, j := range l.near.of(i) {
		if j == none {
			break
		}
		id := l.class[j]
		if l.seen[id] == l.look {
			continue
		}
		l.seen[id] = l.look
		b := float64(l.size[id])
		d := distance(at, l.mean(id))
		l.keep(candidate{id, d})
		if c := b / (b + 1) * d; best == none || c < cost {
			best, cost = id, c
		}
	}
	return best, cost
}

// keep puts a candidate into found where it is among the nearest.
func (l *local) keep(c candidate) {
	at := len(l.found)
	if at == swapsWith {
		if at--; c.distance >= l.found[at].distance {
			return
		}
	} else {
		l.found = append(l.found, c)
	}
	for ; at > 0 && l.found[at-1].distance > c.distance; at-- {
		l.found[at] = l.found[at-1]
	}
	l.found[at] = c
}

// move takes a point to another class, and splits that where it gets too large.
func (l *local) move(i, to int32) {
	from := l.class[i]
	l.take(i)
	l.put(i, to)
	l.changed(from)
	if int(l.size[to]) < 2*l.k {
		l.changed(to)
	} else {
		l.split(to)
	}
	for _, j := range l.near.of(i) {
		if j != none {
			l.push(j)
		}
	}
}

// split makes two classes of k of one of 2k: the point furthest from the mean
// with its nearest, and the others.
func (l *local) split(id int32) {
	l.center(id)
	members := l.members(id)
	r := members[0]
	for _, i := range members {
		if distance(l.p.at(i), l.mean(id)) > distance(l.p.at(r), l.mean(id)) {
			r = i
		}
	}
	// Selection by distance from r, which comes first itself.
	for n := range l.k {
		best := n
		for m := n + 1; m < len(members); m++ {
			if distance(l.p.at(members[m]), l.p.at(r)) < distance(l.p.at(members[best]), l.p.at(r)) {
				best = m
			}
		}
		members[n], members[best] = members[best], members[n]
		l.where[members[n]], l.where[members[best]] = int32(n), int32(best)
	}
	fresh := l.free[len(l.free)-1]
	l.free = l.free[:len(l.free)-1]
	for range l.k {
		i := members[len(members)-1]
		members = members[:len(members)-1]
		l.take(i)
		l.put(i, fresh)
	}
	l.changed(id)
	l.changed(fresh)
}

// swap looks for a point to change places with. With δ the difference of the
// two points, which move from a class of a to one of b members, SSE grows by
// 2δ·(m_b − m_a) − |δ|²·(1/a + 1/b).
func (l *local) swap(i, id int32, own float64) bool {
	at, d := l.p.at(i), l.p.D
	a := float64(l.size[id])
	between, mine := l.buffer[:d], l.mean(id)
	with, least := int32(none), -slack*own-l.floor
	for _, c := range l.found {
		theirs := l.mean(c.class)
		for x := range between {
			between[x] = theirs[x] - mine[x]
		}
		ab := 1/a + 1/float64(l.size[c.class])
		for _, j := range l.members(c.class) {
			other := l.p.at(j)
			dot, square := 0.0, 0.0
			for x, v := range between {
				delta := other[x] - at[x]
				dot += delta * v
				square += delta * delta
			}
			if grows := 2*dot - square*ab; grows < least {
				with, least = j, grows
			}
		}
	}
	if with == none {
		return false
	}
	to := l.class[with]
	l.take(i)
	l.take(with)
	l.put(i, to)
	l.put(with, id)
	l.changed(id)
	l.changed(to)
	return true
}
