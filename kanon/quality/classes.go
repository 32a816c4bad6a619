package quality

import "github.com/lethe-go/lethe/internal/group"

// classes measures the classes of equal rows.
func (m *comparison) classes(r *Report) {
	var before, after [][]uint32
	var valuesOf, labelsOf []int
	for _, v := range m.views {
		before, after = append(before, v.in), append(after, v.out)
		valuesOf, labelsOf = append(valuesOf, len(v.counts)), append(labelsOf, len(v.labels))
	}
	n := float64(m.rows)
	suppressed := float64(r.Suppressed)
	squaresIn, classesIn := tally(before, valuesOf, m.rows, nil)
	squares, classes := tally(after, labelsOf, m.released, m.star)

	raw := squares + suppressed*n
	r.Discernibility = Score{Raw: raw, Value: score(raw, squaresIn, n*n)}
	r.ClassSize = Score{Value: 1}
	if classesIn > 0 {
		size := n
		if classes > 0 {
			size = (n - suppressed) / classes
		}
		r.ClassSize = Score{Raw: size, Value: score(size, n/classesIn, n)}
	}
	r.Ambiguity = m.ambiguity()
}

// tally groups rows by columns of codes below sizes, without those to skip. It
// returns the squares of the sizes of the classes, added up, and their number.
func tally(codes [][]uint32, sizes []int, rows int, skip []bool) (squares, classes float64) {
	layout := group.NewLayout(sizes)
	table := group.New(layout.Words(), 1024)
	const block = 1 << 12
	keys := make([]uint64, block*layout.Words())
	var class [block]uint32
	var size []int64
	for from := 0; from < rows; from += block {
		n := min(block, rows-from)
		part := keys[:n*layout.Words()]
		clear(part)
		for i, c := range codes {
			layout.Put(part, i, c[from:from+n])
		}
		table.Add(part, class[:n])
		size = append(size, make([]int64, table.Len()-len(size))...)
		for i, c := range class[:n] {
			if skip == nil || !skip[from+i] {
				size[c]++
			}
		}
	}
	for _, n := range size {
		squares += float64(n) * float64(n)
		if n > 0 {
			classes++
		}
	}
	return squares, classes
}

// ambiguity adds up how many tuples of values each row could stand for.
func (m *comparison) ambiguity() Score {
	all := 1.0 // tuples of the whole domain
	whole := make([]float64, len(m.views))
	for i, v := range m.views {
		if v.hierarchy == nil {
			continue
		}
		least := 1.0
		for _, share := range v.least {
			least = min(least, share)
		}
		whole[i] = 1 / least
		all *= whole[i]
	}
	raw := float64(m.rows-m.released) * all
	for row := range m.released {
		tuples := 1.0
		for i, v := range m.views {
			if v.hierarchy != nil {
				tuples *= v.labels[v.out[row]].share * whole[i]
			}
		}
		raw += tuples
	}
	n := float64(m.rows)
	return Score{Raw: raw, Value: score(raw, n, n*all)}
}
