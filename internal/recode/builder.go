package recode

import "slices"

const (
	// poolClasses is how many classes are taken apart at a time.
	poolClasses = 3
	// poolPerClass is how many items these have in all at most, times the mean
	// size of a class, within the bounds that follow.
	poolPerClass = 7
	minPool      = 16
	maxPool      = 200
	// noise spreads the loss by which pairs are compared: by factors from
	// 1-noise/2 to 1+noise/2, in 1024ths.
	noise = 1330
	// innerPasses bounds the moves between the new classes.
	innerPasses = 4
	// hopeless is what share of the loss before may be lost more until a try is
	// given up: 1 of so many.
	hopeless = 8
)

// builder takes a pool of classes apart and puts their items together anew: the
// pair of sets that loses least by it, up to noise, is merged, as long as there
// is a set that may not be a class.
type builder struct {
	*solver
	of    *classes
	near  *neighbours
	judge *judge
	most  int // items of a pool

	classes []int32 // of the pool
	items   []int32
	before  int64 // loss of these

	sets  []set
	live  []int32
	delta []int64 // noisy loss of merging two sets, a row for each
	sum   int64   // loss of the sets
	one   []uint32
	dice  dice
}

// set is a class to be.
type set struct {
	items  []int32
	at     []uint32
	row    []uint32 // see pairTable
	col    []uint32
	rows   int64
	weight int64
	loss   int64
	holds  bool
	best   int32 // the set to merge with, open without
	least  int64 // the noisy loss of that
}

func (s *solver) newBuilder(c *classes, near *neighbours) *builder {
	classes := 0
	for _, members := range c.member {
		classes += min(len(members), 1)
	}
	b := &builder{solver: s, of: c, near: near, judge: s.judge.fork(), one: make([]uint32, s.m)}
	b.most = min(max(minPool, poolPerClass*s.items()/max(1, classes)), maxPool)
	return b
}

// collect fills the pool with the class of an item and those of neighbours of
// its items, within one block.
func (b *builder) collect(item, number int32, of []int32) {
	b.classes, b.items, b.before = b.classes[:0], b.items[:0], 0
	b.pool(b.of.of[item])
	for range 2 * poolClasses {
		if len(b.classes) == poolClasses {
			break
		}
		x := b.items[b.dice.below(len(b.items))]
		y := b.near.at(x)[b.dice.below(1+b.dice.below(b.near.count))].item
		if y == nobody || b.of.of[y] < 0 || of[b.of.of[y]] != number {
			continue
		}
		class := b.of.of[y]
		if !slices.Contains(b.classes, class) && len(b.items)+len(b.of.member[class]) <= b.most {
			b.pool(class)
		}
	}
}

func (b *builder) pool(class int32) {
	b.classes = append(b.classes, class)
	b.items = append(b.items, b.of.member[class]...)
	b.before += b.of.rows[class] * b.of.cost[class]
}

// singles makes a set of each item of the pool.
func (b *builder) singles() {
	n := len(b.items)
	for len(b.sets) < n {
		b.sets = append(b.sets, set{
			at:  make([]uint32, b.m),
			row: make([]uint32, len(b.pairs.columns)), col: make([]uint32, len(b.pairs.columns)),
		})
	}
	if len(b.delta) < n*n {
		b.delta = make([]int64, n*n)
	}
	b.live = b.live[:0]
	for i, it := range b.items {
		s := &b.sets[i]
		s.items = append(s.items[:0], it)
		copy(s.at, b.at(it))
		b.place(s.row, s.col, s.at)
		s.rows, s.weight = b.rows[it], b.judge.weight[it]
		s.loss = s.rows * b.price(s.at)
		s.holds = b.judge.holds(s.weight, nobody, s.items)
		s.best = open
		b.live = append(b.live, int32(i))
	}
}

// join merges sets until all hold, and says whether they came to.
func (b *builder) join() bool {
	b.sum = 0
	for _, i := range b.live {
		b.sum += b.sets[i].loss
		for j := range i {
			b.compare(i, j)
		}
	}
	for {
		x := int32(-1)
		for _, i := range b.live {
			s := &b.sets[i]
			if !s.holds && s.best >= 0 && (x < 0 || s.least < b.sets[x].least) {
				x = i
			}
		}
		if x < 0 {
			break
		}
		if b.sum += b.merge(x, b.sets[x].best); b.sum > b.before+b.before/hopeless {
			return false
		}
	}
	for _, i := range b.live {
		if !b.sets[i].holds {
			return false
		}
	}
	return true
}

// compare sets the noisy loss of merging two sets, and each as the best of the
// other where it is.
func (b *builder) compare(i, j int32) {
	x, y := &b.sets[i], &b.sets[j]
	loss := (x.rows+y.rows)*b.pricePlaced(x.row, y.col, x.at, y.at) - x.loss - y.loss
	loss = (loss >> 10) * int64(1024-noise/2+b.dice.below(noise+1))
	n := int32(len(b.items))
	b.delta[i*n+j], b.delta[j*n+i] = loss, loss
	if x.best < 0 || loss < x.least {
		x.best, x.least = j, loss
	}
	if y.best < 0 || loss < y.least {
		y.best, y.least = i, loss
	}
}

// choose finds the set with which a set loses least.
func (b *builder) choose(i int32) {
	s := &b.sets[i]
	s.best = open
	n := int32(len(b.items))
	delta := b.delta[i*n : (i+1)*n]
	for _, j := range b.live {
		if j != i && (s.best < 0 || delta[j] < s.least) {
			s.best, s.least = j, delta[j]
		}
	}
}

// merge makes one set of two and returns what is lost more.
func (b *builder) merge(i, j int32) int64 {
	x, y := &b.sets[i], &b.sets[j]
	before := x.loss + y.loss
	x.items = append(x.items, y.items...)
	b.joinInto(x.at, y.at)
	b.place(x.row, x.col, x.at)
	x.rows += y.rows
	x.weight += y.weight
	x.loss = x.rows * b.price(x.at)
	x.holds = b.judge.holds(x.weight, nobody, x.items)
	x.best = open
	at := slices.Index(b.live, j)
	b.live = slices.Delete(b.live, at, at+1)
	for _, k := range b.live {
		if k == i {
			continue
		}
		s := &b.sets[k]
		lost := s.best == i || s.best == j
		if b.compare(i, k); lost && !s.holds {
			b.choose(k)
		}
	}
	return x.loss - before
}

// improve moves single items between the sets as long as that helps.
func (b *builder) improve() {
	for range innerPasses {
		moved := false
		for _, i := range b.live {
			for k := 0; k < len(b.sets[i].items); k++ {
				if b.move(i, k) {
					moved = true
					k--
				}
			}
		}
		if !moved {
			return
		}
	}
}

// move puts an item of a set into another one where that loses less.
func (b *builder) move(i int32, k int) bool {
	x := &b.sets[i]
	item := x.items[k]
	if len(x.items) == 1 || x.loss == 0 ||
		!b.judge.holds(x.weight-b.judge.weight[item], item, x.items) {
		return false
	}
	first := true
	for _, it := range x.items {
		switch {
		case it == item:
		case first:
			copy(b.one, b.at(it))
			first = false
		default:
			b.joinInto(b.one, b.at(it))
		}
	}
	rest := (x.rows - b.rows[item]) * b.price(b.one)
	best, gain := int32(-1), int64(0)
	for _, j := range b.live {
		y := &b.sets[j]
		if j == i {
			continue
		}
		g := x.loss - rest + y.loss - (y.rows+b.rows[item])*b.priceJoin(y.at, b.at(item))
		if g > gain && (b.judge.simple ||
			b.judge.holds(y.weight+b.judge.weight[item], nobody, y.items, []int32{item})) {
			best, gain = j, g
		}
	}
	if best < 0 {
		return false
	}
	y := &b.sets[best]
	x.items[k] = x.items[len(x.items)-1]
	x.items = x.items[:len(x.items)-1]
	copy(x.at, b.one)
	x.rows, x.weight, x.loss = x.rows-b.rows[item], x.weight-b.judge.weight[item], rest
	y.items = append(y.items, item)
	b.joinInto(y.at, b.at(item))
	y.rows, y.weight = y.rows+b.rows[item], y.weight+b.judge.weight[item]
	y.loss = y.rows * b.price(y.at)
	return true
}

func (b *builder) loss() (sum int64) {
	for _, i := range b.live {
		sum += b.sets[i].loss
	}
	return sum
}

// publish puts the sets in the place of the classes of the pool, where there is
// room for them.
func (b *builder) publish(in *block, number int32, of []int32) {
	taken := len(b.classes)
	for len(b.classes) < len(b.live) {
		n := len(in.spare)
		if n == 0 {
			in.spare = append(in.spare, b.classes[taken:]...)
			return
		}
		b.classes = append(b.classes, in.spare[n-1])
		in.spare = in.spare[:n-1]
	}
	for k, class := range b.classes {
		items := b.of.member[class][:0]
		of[class] = -1
		if k < len(b.live) {
			items = append(items, b.sets[b.live[k]].items...)
			of[class] = number
		} else {
			in.spare = append(in.spare, class)
		}
		b.of.fill(class, items)
	}
}
