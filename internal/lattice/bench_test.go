package lattice

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/lethe-go/lethe/internal/group"
)

// large is a table of correlated columns with hierarchies of three levels
// above the value: 4^columns vectors.
func large(columns, rows int) *Problem {
	r := rand.New(rand.NewPCG(9, 9))
	p := &Problem{K: 5, Limit: int64(rows / 20), Workers: 2}
	sizes := make([]int, columns)
	for j := range sizes {
		n := 8 + 4*j
		sizes[j] = n
		c := Column{Least: 1 / float64(n), Max: 3}
		for _, width := range []int{1, 3, 8, n} {
			codes, shares := make([]uint32, n), make([]float64, (n+width-1)/width)
			for v := range codes {
				codes[v] = uint32(v / width)
				shares[v/width] += 1 / float64(n)
			}
			for i := range shares {
				shares[i] = min(1, shares[i])
			}
			c.Codes, c.Shares = append(c.Codes, codes), append(c.Shares, shares)
		}
		// 3 does not divide 8: level 2 coarsens level 1 by its first value.
		for v := range c.Codes[2] {
			c.Codes[2][v] = c.Codes[2][v/3*3]
		}
		for i := range c.Shares[2] {
			c.Shares[2][i] = 0
		}
		for _, label := range c.Codes[2] {
			c.Shares[2][label] += 1 / float64(n)
		}
		p.Columns = append(p.Columns, c)
	}
	p.Layout = group.NewLayout(sizes)
	tuples := group.New(p.Layout.Words(), 0)
	for range rows {
		key := make([]uint64, p.Layout.Words())
		kind := r.ExpFloat64() / 3
		for j, n := range sizes {
			v := uint32(min(float64(n-1), kind*float64(n)*(0.7+0.6*r.Float64())))
			p.Layout.Put(key, j, []uint32{v})
		}
		var at [1]uint32
		tuples.Add(key, at[:])
		if int(at[0]) == len(p.Rows) {
			p.Rows = append(p.Rows, 0)
		}
		p.Rows[at[0]]++
	}
	p.Keys = tuples.Keys()
	return p
}

func BenchmarkSolve(b *testing.B) {
	p := large(8, 60_000)
	for b.Loop() {
		r, err := Solve(context.Background(), p)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.Candidates), "candidates")
		b.ReportMetric(float64(r.Evaluated), "evaluated")
	}
	b.ReportMetric(float64(p.tuples()), "tuples")
}
