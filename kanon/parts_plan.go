package kanon

import (
	"slices"

	"github.com/lethe-go/lethe/internal/group"
	"github.com/lethe-go/lethe/internal/lattice"
	"github.com/lethe-go/lethe/internal/recode"
)

// piece is a part that was recoded.
type piece struct {
	part             *part
	floor            []int // levels at which values are alike
	rows, suppressed int64
	classes          int64
	loss             float64   // of all its rows
	columns          []float64 // the same, by column, in the order of their names
	method           recode.Method

	// vectors are, by column as it is configured, the levels of its tuples, or
	// the faces of columns of free intervals.
	vectors [][]uint32
	tuples  []byte       // see writeList
	seen    [][]faceRows // by column, in the order of their names
	highest []int        // levels, in the order of their names
}

// faceRows are the rows of a face, and the first value below it.
type faceRows struct {
	face  uint32
	first uint32
	rows  int64
}

// newPiece keeps of a recoding what the plan needs.
func (s *partsSearch) newPiece(at []int, prob *lattice.Problem, r *recode.Result) *piece {
	m := len(s.domains)
	d := &piece{floor: at, suppressed: r.Suppressed, classes: int64(len(r.Rows)), method: r.Method}
	rows := int64(0)
	for _, n := range prob.Rows {
		rows += n
	}
	d.loss = r.Loss * float64(rows)
	for _, x := range r.Columns {
		d.columns = append(d.columns, x*float64(rows))
	}
	s.takeFaces(d, r)
	values, order := orderedTuples(prob, r.Class)
	table, key := group.New(m, 0), make([]uint64, m)
	number := make([]uint32, len(order))
	of := slices.Repeat([]uint32{recode.None}, len(r.Rows)) // of each class
	for i, t := range order {
		class := r.Class[t]
		if of[class] == recode.None {
			for k, j := range s.local.order {
				label := r.Labels[int(class)*m+k]
				if s.domains[j].span() != nil {
					key[j] = uint64(s.local.faces[k].of(label))
				} else {
					key[j] = uint64(label.Level)
				}
			}
			table.Add(key, of[class:class+1])
		}
		number[i] = of[class]
	}
	for n := range table.Len() {
		vector := make([]uint32, m)
		for j, x := range table.Keys()[n*m : (n+1)*m] {
			vector[j] = uint32(x)
		}
		d.vectors = append(d.vectors, vector)
	}
	d.tuples = writeList(values, m, order, number)
	return d
}

// orderedTuples are the values of all tuples of a problem, one after another, and
// the ascending order of those that have a class.
func orderedTuples(prob *lattice.Problem, class []uint32) (values, order []uint32) {
	m, n := len(prob.Columns), len(class)
	sizes := make([]int, m)
	for j, c := range prob.Columns {
		sizes[m-1-j] = len(c.Codes[0])
	}
	layout := group.NewLayout(sizes)
	keys := make([]uint64, n*layout.Words())
	values, codes := make([]uint32, n*m), make([]uint32, n)
	for j := range m {
		prob.Layout.Get(prob.Keys, j, codes)
		layout.Put(keys, m-1-j, codes)
		for t, v := range codes {
			values[t*m+j] = v
		}
	}
	for t, c := range class {
		if c != recode.None {
			order = append(order, uint32(t))
		}
	}
	(&keyOrder{keys, layout.Words()}).sort(order)
	return values, order
}

// takeFaces adds up the rows of what is written in each column.
func (s *partsSearch) takeFaces(d *piece, r *recode.Result) {
	m := len(s.domains)
	for i, j := range s.local.order {
		domain, f := s.domains[j], s.local.faces[i]
		first := domain.firsts()
		place := map[uint32]int{}
		var seen []faceRows
		highest := domain.column.Min
		for class, rows := range r.Rows {
			label := r.Labels[class*m+i]
			highest = max(highest, domain.height(label))
			face, value := f.of(label), first(label)
			at, ok := place[face]
			if !ok {
				at = len(seen)
				place[face] = at
				seen = append(seen, faceRows{face: face, first: value})
			}
			seen[at].first = min(seen[at].first, value)
			seen[at].rows += rows
		}
		d.seen, d.highest = append(d.seen, seen), append(d.highest, highest)
	}
}
