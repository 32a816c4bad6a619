package microagg

// dissolve sends each member of a class to the class of a neighbour where that
// costs less than the class has.
func (l *local) dissolve(id int32) {
	if l.tried[id] == l.change[id]+1 {
		return
	}
	l.tried[id] = l.change[id] + 1
	l.homes = l.homes[:0]
	gain := l.sse(id)
	before := gain
	for _, i := range l.members(id) {
		best, cost := l.candidates(i, id)
		if gain -= cost; best == none || gain <= 0 {
			return
		}
		l.homes = append(l.homes, home{i, best})
	}
	if gain = before - l.homesCost(); gain <= slack*before+l.floor {
		return
	}
	for _, h := range l.homes {
		l.take(h.point)
	}
	l.free = append(l.free, id)
	l.change[id]++
	for _, h := range l.homes {
		l.put(h.point, h.class)
		if int(l.size[h.class]) == 2*l.k {
			l.split(h.class) // its halves are counted as changed
		} else {
			l.changed(h.class)
		}
	}
}

// homesCost is what SSE grows by when the homes are moved into. Of s points
// that go to one class of b members it is Σ|x−m|² − |Σ(x−m)|²/(b+s).
func (l *local) homesCost() float64 {
	cost := 0.0
	d := l.p.D
	for x, h := range l.homes {
		counted := false
		for _, before := range l.homes[:x] {
			counted = counted || before.class == h.class
		}
		if counted {
			continue
		}
		sum := l.buffer[:d]
		clear(sum)
		mean := l.mean(h.class)
		squares, s := 0.0, 0.0
		for _, other := range l.homes[x:] {
			if other.class != h.class {
				continue
			}
			s++
			for y, v := range l.p.at(other.point) {
				delta := v - mean[y]
				sum[y] += delta
				squares += delta * delta
			}
		}
		length := 0.0
		for _, v := range sum {
			length += v * v
		}
		cost += squares - length/(float64(l.size[h.class])+s)
	}
	return cost
}
