package recode

// pairTable has in one array what the joins of two nodes cost, of all columns
// that have tables of it. The price of a join then is a sum of entries, each
// found by the place of one node's row and the number of the other node.
type pairTable struct {
	cost    []uint32
	columns []int    // that have tables
	from    []uint32 // the first entry of each
	others  []int
}

func (s *solver) newPairTable() *pairTable {
	size := 0
	for _, a := range s.axes {
		size += len(a.pair)
	}
	t := &pairTable{cost: make([]uint32, 0, size)}
	for j, a := range s.axes {
		if a.pair == nil {
			t.others = append(t.others, j)
			continue
		}
		t.columns = append(t.columns, j)
		t.from = append(t.from, uint32(len(t.cost)))
		t.cost = append(t.cost, a.pair...)
		a.pair = t.cost[len(t.cost)-len(a.pair):]
	}
	return t
}

// place writes the numbers and the places of the rows of a vector of nodes.
func (s *solver) place(row, col, nodes []uint32) {
	t := s.pairs
	for k, j := range t.columns {
		col[k] = nodes[j]
		row[k] = t.from[k] + nodes[j]*uint32(s.axes[j].n)
	}
}

// pricePlaced is priceJoin of a vector of nodes x, of which row are the places,
// and one y, of which col are the numbers.
func (s *solver) pricePlaced(row, col, x, y []uint32) (sum int64) {
	cost := s.pairs.cost
	col = col[:len(row)]
	for k, r := range row {
		sum += int64(cost[r+col[k]])
	}
	for _, j := range s.pairs.others {
		a := s.axes[j]
		sum += a.price(a.join(x[j], y[j]))
	}
	return sum
}
