package lattice

import (
	"github.com/lethe-go/lethe/internal/group"
)

// classes numbers the classes at a vector of levels in the order in which
// their first tuple comes, whichever table they are rolled up from: by the
// cells of the array of all combinations of labels where these are few, and by
// a hash of their spans otherwise.
type classes struct {
	p      *search
	from   *table
	levels []uint8
	most   int  // cells that are few
	few    bool // of the classes

	cells  group.Dense
	hashed *group.Table
	key    []uint64

	raised [][]uint32 // by span: what a number in from adds to a cell, or becomes
	tuple  [][]uint32 // the same of a tuple, where asked for
	asked  bool
	label  []uint32
}

// fewCells is how many cells are few: their array stays in a cache of a
// processor.
const fewCells = 1 << 18

func newClasses(p *search) classes {
	words, n := p.spans.layout.Words(), len(p.spans.columns)
	return classes{
		p: p, most: fewCells, hashed: group.New(words, 0), key: make([]uint64, block*words),
		raised: make([][]uint32, n), tuple: make([][]uint32, n),
		label: make([]uint32, len(p.Columns)),
	}
}

// start forgets all classes and makes ready for those of t at the levels.
func (c *classes) start(t *table, levels []uint8) {
	c.from, c.levels, c.asked = t, append(c.levels[:0], levels...), false
	cells := 1
	for j, l := range levels {
		if cells *= c.p.labels(j, l); cells > c.most {
			break
		}
	}
	if c.few = cells <= c.most; c.few {
		c.cells.Reset(cells)
	} else {
		c.hashed.Reset(t.len())
	}
	c.raise(c.raised, t)
}

// raise says what the numbers of a table become.
func (c *classes) raise(tables [][]uint32, t *table) {
	weight := uint32(1)
	for k := range tables {
		tables[k] = c.p.raise(tables[k], k, t.levels, c.levels, weight)
		if c.few {
			weight *= uint32(c.p.spanSize(k, c.levels))
		}
	}
}

// add writes the classes of those of from that begin with lo to out.
func (c *classes) add(lo int, out []uint32) {
	if c.few {
		c.toCells(c.raised, c.from, lo, out)
		c.cells.Add(out)
	} else {
		c.hashed.Add(c.toKeys(c.raised, c.from, lo, out), out)
	}
}

// find writes the classes of the tuples of the problem that begin with lo to
// out.
func (c *classes) find(lo int, out []uint32) {
	if !c.asked {
		c.raise(c.tuple, c.p.whole)
		c.asked = true
	}
	if c.few {
		c.toCells(c.tuple, c.p.whole, lo, out)
		c.cells.Find(out)
	} else {
		c.hashed.Find(c.toKeys(c.tuple, c.p.whole, lo, out), out)
	}
}

func (c *classes) toCells(raised [][]uint32, t *table, lo int, out []uint32) {
	for k, numbers := range t.spans {
		to := raised[k]
		if k == 0 {
			for i, x := range numbers[lo : lo+len(out)] {
				out[i] = to[x]
			}
			continue
		}
		for i, x := range numbers[lo : lo+len(out)] {
			out[i] += to[x]
		}
	}
}

// toKeys uses buffer and returns keys that hold until the next call.
func (c *classes) toKeys(raised [][]uint32, t *table, lo int, buffer []uint32) []uint64 {
	layout := c.p.spans.layout
	keys := c.key[:len(buffer)*layout.Words()]
	clear(keys)
	for k, numbers := range t.spans {
		to := raised[k]
		for i, x := range numbers[lo : lo+len(buffer)] {
			buffer[i] = to[x]
		}
		layout.Put(keys, k, buffer)
	}
	return keys
}

func (c *classes) len() int {
	if c.few {
		return c.cells.Len()
	}
	return c.hashed.Len()
}

// spans are the numbers of all classes.
func (c *classes) spans() [][]uint32 {
	all := make([][]uint32, len(c.raised))
	weight := uint32(1)
	for k := range all {
		all[k] = make([]uint32, c.len())
		if !c.few {
			c.p.spans.layout.Get(c.hashed.Keys(), k, all[k])
			continue
		}
		size := uint32(c.p.spanSize(k, c.levels))
		for i, cell := range c.cells.Cells() {
			all[k][i] = cell / weight % size
		}
		weight *= size
	}
	return all
}

// addTo adds the rows lost to the sums of their number in span k.
func (c *classes) addTo(sums []int64, k int, losses []loss) {
	if !c.few {
		w, keys := c.p.spans.layout.Words(), c.hashed.Keys()
		for _, l := range losses {
			sums[c.p.spans.layout.Code(keys[l.class*w:(l.class+1)*w], k)] += l.rows
		}
		return
	}
	weight := uint32(1)
	for i := range k {
		weight *= uint32(c.p.spanSize(i, c.levels))
	}
	cells, size := c.cells.Cells(), uint32(len(sums))
	for _, l := range losses {
		sums[cells[l.class]/weight%size] += l.rows
	}
}

// labels are those of a class, by column. They hold until the next call.
func (c *classes) labels(class int) []uint32 {
	rest := uint32(0)
	if c.few {
		rest = c.cells.Cells()[class]
	}
	w := c.p.spans.layout.Words()
	for k, columns := range c.p.spans.columns {
		if !c.few {
			rest = c.p.spans.layout.Code(c.hashed.Keys()[class*w:(class+1)*w], k)
		}
		for _, j := range columns {
			n := uint32(c.p.labels(j, c.levels[j]))
			c.label[j] = rest % n
			rest /= n
		}
	}
	return c.label
}

// keys are those of some classes, of the labels.
func (c *classes) keys(of []int) []uint64 {
	w := c.p.Layout.Words()
	keys := make([]uint64, len(of)*w)
	for i, class := range of {
		for j, label := range c.labels(class) {
			c.p.Layout.Put(keys[i*w:(i+1)*w], j, []uint32{label})
		}
	}
	return keys
}
