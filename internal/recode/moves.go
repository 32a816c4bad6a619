package recode

import (
	"context"
	"slices"
)

// mover improves classes by moving single items to the classes of their
// neighbours, exchanging two items, dissolving small classes, and suppressing
// items where that costs less and the limit allows it.
type mover struct {
	*solver
	*classes
	near *neighbours
	look []bool // items whose class has changed since they were looked at

	one, two []uint32 // vectors of nodes
	members  []int32
	seen     []int32
}

const (
	// movePasses bounds the passes over the items; few are moved after the third.
	movePasses = 6
	// dissolved is the size of the largest class that is dissolved.
	dissolved = 8
)

func (s *solver) newMover(c *classes, near *neighbours) *mover {
	return &mover{
		solver: s, classes: c, near: near, look: make([]bool, s.items()),
		one: make([]uint32, s.m), two: make([]uint32, s.m),
	}
}

// improve moves items until nothing gets better, or movePasses are over.
func (v *mover) improve(ctx context.Context) error {
	for i := range v.look {
		v.look[i] = true
	}
	for range movePasses {
		moved := false
		for it := range v.look {
			if !v.look[it] {
				continue
			}
			if it&0xFFF == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			v.look[it] = false
			moved = v.improveItem(int32(it)) || moved
		}
		if !moved {
			break
		}
	}
	return ctx.Err()
}

// changed marks the items of a class to be looked at again.
func (v *mover) changed(class int32) {
	for _, it := range v.member[class] {
		v.look[it] = true
	}
}

// improveItem does the best there is for one item and says whether it did
// anything.
func (v *mover) improveItem(item int32) bool {
	class := v.of[item]
	if class == suppressed {
		return v.readmit(item)
	}
	if v.classes.cost[class] == 0 {
		return false
	}
	rest := v.without(v.one, class, item)
	alone := len(v.member[class]) == 1
	if !alone && !v.judge.holds(v.classes.weight[class]-v.judge.weight[item], item, v.member[class]) {
		return v.exchange(item, rest) || v.dissolve(class)
	}
	release := v.cost(class) - rest.cost
	to, loss := v.bestClass(item, class)
	if r := v.solver.rows[item]; r*v.lost < loss && v.classes.suppressed+r <= v.limit {
		to, loss = suppressed, r*v.lost
	}
	if loss >= release {
		return false
	}
	v.take(item)
	if to == suppressed {
		v.suppress(item)
	} else {
		v.put(to, item)
		v.changed(to)
	}
	v.changed(class)
	return true
}

// cost is the loss of a class.
func (v *mover) cost(class int32) int64 { return v.classes.rows[class] * v.classes.cost[class] }

// rest is what is left of a class without an item.
type rest struct {
	rows int64
	cost int64 // of all rows
	at   []uint32
}

// without covers a class without an item, in to.
func (v *mover) without(to []uint32, class, item int32) rest {
	p := rest{rows: v.classes.rows[class] - v.solver.rows[item], at: to}
	first := true
	for _, it := range v.member[class] {
		switch {
		case it == item:
		case first:
			copy(to, v.solver.at(it))
			first = false
		default:
			v.joinInto(to, v.solver.at(it))
		}
	}
	if !first {
		p.cost = p.rows * v.price(to)
	}
	return p
}

// bestClass is the class of a neighbour into which an item goes at the least
// loss, which is returned; but not its own.
func (v *mover) bestClass(item, own int32) (best int32, loss int64) {
	best, loss = open, int64(1)<<62
	v.seen = v.seen[:0]
	for _, near := range v.near.at(item) {
		y := near.item
		if y == nobody {
			break
		}
		to := v.of[y]
		if to < 0 || to == own || v.met(to) {
			continue
		}
		l := v.joinLoss(to, item)
		if l < loss && v.judge.holds(v.classes.weight[to]+v.judge.weight[item], nobody,
			v.member[to], []int32{item}) {
			best, loss = to, l
		}
	}
	return best, loss
}

// met says whether a class was asked for since seen was emptied.
func (v *mover) met(class int32) bool {
	if slices.Contains(v.seen, class) {
		return true
	}
	v.seen = append(v.seen, class)
	return false
}

// readmit puts a suppressed item into a class where that costs less.
func (v *mover) readmit(item int32) bool {
	to, loss := v.bestClass(item, open)
	r := v.solver.rows[item]
	if to < 0 || loss >= r*v.lost {
		return false
	}
	v.classes.suppressed -= r
	v.put(to, item)
	v.changed(to)
	return true
}

// exchange swaps an item with a neighbour of another class; rest is its own
// class without it.
func (v *mover) exchange(item int32, rest rest) bool {
	own := v.of[item]
	mine, wx := v.cost(own), v.solver.rows[item]
	for _, near := range v.near.at(item) {
		y := near.item
		if y == nobody {
			break
		}
		other := v.of[y]
		if other < 0 || other == own || len(v.member[other]) < 2 {
			continue
		}
		wy := v.solver.rows[y]
		theirs := v.cost(other)
		with := (rest.rows + wy) * v.priceJoin(rest.at, v.solver.at(y))
		gain := mine + theirs - with
		if gain <= 0 {
			continue
		}
		// The other class keeps at least one item beside the one that comes.
		stays := v.member[other][0]
		if stays == y {
			stays = v.member[other][1]
		}
		rows := v.classes.rows[other] - wy + wx
		if rows*v.priceJoin(v.solver.at(stays), v.solver.at(item)) >= gain {
			continue
		}
		their := v.without(v.two, other, y)
		if rows*v.priceJoin(their.at, v.solver.at(item)) >= gain {
			continue
		}
		if !v.judge.holds(v.classes.weight[own]-v.judge.weight[item]+v.judge.weight[y], item,
			v.member[own], []int32{y}) ||
			!v.judge.holds(v.classes.weight[other]-v.judge.weight[y]+v.judge.weight[item], y,
				v.member[other], []int32{item}) {
			continue
		}
		v.take(item)
		v.take(y)
		v.put(own, y)
		v.put(other, item)
		v.changed(own)
		v.changed(other)
		return true
	}
	return false
}

// dissolve moves every item of a small class to another class where that costs
// less, all of them or none.
func (v *mover) dissolve(class int32) bool {
	if len(v.member[class]) > dissolved {
		return false
	}
	v.members = append(v.members[:0], v.member[class]...)
	release, moved := v.cost(class), 0
	for _, it := range v.members {
		to, loss := v.bestClass(it, class)
		if to < 0 || loss >= release {
			break
		}
		release -= loss
		v.take(it)
		v.put(to, it)
		moved++
	}
	if moved == len(v.members) {
		for _, it := range v.members {
			v.changed(v.of[it])
		}
		return true
	}
	for _, it := range v.members[:moved] {
		v.take(it)
		v.put(class, it)
	}
	return false
}
