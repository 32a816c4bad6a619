package recode

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/lethe-go/lethe/internal/criterion"
	"github.com/lethe-go/lethe/internal/group"
	"github.com/lethe-go/lethe/internal/lattice"
	"pgregory.net/rapid"
)

// halving is a column of n values of which each level has half as many labels,
// up to the one label of the top.
func halving(n int) lattice.Column {
	var c lattice.Column
	for width := 1; ; width *= 2 {
		codes := make([]uint32, n)
		for v := range codes {
			codes[v] = uint32(v / width)
		}
		labels := (n + width - 1) / width
		shares := make([]float64, labels)
		for v := range n {
			shares[v/width] += 1 / float64(n)
		}
		c.Codes, c.Shares = append(c.Codes, codes), append(c.Shares, shares)
		if labels == 1 {
			break
		}
	}
	c.Least = 1 / float64(n)
	c.Max = len(c.Codes) - 1
	return c
}

// problemOf is a problem of tuples with their rows.
func problemOf(columns []lattice.Column, tuples [][]uint32, rows []int64, k int64) *Problem {
	sizes := make([]int, len(columns))
	for j, c := range columns {
		sizes[j] = len(c.Codes[0])
	}
	p := &lattice.Problem{Columns: columns, Layout: group.NewLayout(sizes), Rows: rows, K: k, Workers: 1}
	w := p.Layout.Words()
	p.Keys = make([]uint64, len(tuples)*w)
	for j := range columns {
		codes := make([]uint32, len(tuples))
		for i, tuple := range tuples {
			codes[i] = tuple[j]
		}
		p.Layout.Put(p.Keys, j, codes)
	}
	return &Problem{Problem: p, Same: func(_ int, l Label) uint32 {
		return uint32(l.Level+1)<<24 | l.Code<<12 | l.Last
	}}
}

// Four values of a column of four: 0 and 1 become 0-1, 2 has two rows and stays,
// and 3, alone, is merged or suppressed.
func TestByHand(t *testing.T) {
	columns := []lattice.Column{halving(4)}
	tuples := [][]uint32{{3}, {0}, {2}, {1}}
	for _, method := range []Method{Automatic, Sweep, Split} {
		for _, limit := range []int64{0, 1} {
			p := problemOf(columns, tuples, []int64{1, 1, 2, 1}, 2)
			p.Method, p.Limit = method, limit
			r, err := Solve(context.Background(), p)
			if err != nil {
				t.Fatal(err)
			}
			// All labels are 0-1 and 2-3, which lose 1/4 of 3/4 a row; suppressing 3
			// would lose as much as what its two neighbours lose with it.
			if want := 1. / 3; math.Abs(r.Loss-want) > 1e-6 || r.Suppressed != 0 || len(r.Rows) != 2 {
				t.Errorf("method %d, limit %d: %+v, want a loss of %v", method, limit, r, want)
			}
		}
	}
}

func TestInfeasible(t *testing.T) {
	column := halving(4)
	column.Max = 1
	p := problemOf([]lattice.Column{column}, [][]uint32{{0}, {1}, {2}}, []int64{1, 1, 1}, 2)
	var no *lattice.Infeasible
	if _, err := Solve(context.Background(), p); !errors.As(err, &no) || no.Rows != 1 || no.Classes != 1 {
		t.Fatalf("error %v", err)
	}
	p.Limit = 1
	if r, err := Solve(context.Background(), p); err != nil || r.Suppressed != 1 {
		t.Fatalf("%+v, error %v", r, err)
	}
}

// drawn is a problem of a few columns, some with spans, with people and values
// of a sensitive column at times.
func drawn(t *rapid.T) *Problem {
	var columns []lattice.Column
	var spans []*Span
	for range rapid.IntRange(1, 4).Draw(t, "columns") {
		c := halving(rapid.IntRange(1, 9).Draw(t, "values"))
		c.Min = rapid.IntRange(0, min(1, c.Max)).Draw(t, "min")
		if rapid.IntRange(0, 4).Draw(t, "bounded") == 0 {
			c.Max = max(c.Min, c.Max-1)
		}
		var s *Span
		if n := len(c.Codes[0]); c.Max == len(c.Codes)-1 && c.Min < c.Max && rapid.Bool().Draw(t, "spans") {
			s = &Span{All: float64(n)}
			for v := range n {
				s.Left, s.Right = append(s.Left, int64(v)), append(s.Right, int64(v+1))
			}
		}
		columns, spans = append(columns, c), append(spans, s)
	}
	seen := map[string]bool{}
	var tuples [][]uint32
	var rows []int64
	for range rapid.IntRange(1, 40).Draw(t, "tuples") {
		tuple := make([]uint32, len(columns))
		for j, c := range columns {
			tuple[j] = uint32(rapid.IntRange(0, len(c.Codes[0])-1).Draw(t, "value"))
		}
		if key := fmt.Sprint(tuple); !seen[key] {
			seen[key] = true
			tuples = append(tuples, tuple)
			rows = append(rows, rapid.Int64Range(1, 3).Draw(t, "rows"))
		}
	}
	p := problemOf(columns, tuples, rows, rapid.Int64Range(2, 6).Draw(t, "k"))
	p.Spans = spans
	n := int64(0)
	for _, r := range rows {
		n += r
	}
	p.Limit = rapid.Int64Range(0, n/3).Draw(t, "limit")
	p.Together = rapid.IntRange(0, 3).Draw(t, "together") == 0
	p.Method = rapid.SampledFrom([]Method{Automatic, Sweep, Split, Mondrian}).Draw(t, "method")
	p.Iterations = rapid.SampledFrom([]int{0, 0, 30}).Draw(t, "iterations")
	if rapid.Bool().Draw(t, "values") {
		s := lattice.Sensitive{Values: 3, Start: []int{0}, Criteria: []criterion.Criterion{
			rapid.SampledFrom([]criterion.Criterion{criterion.Distinct{L: 2}, criterion.Entropy{L: 1.5},
				criterion.Close{T: 0.3}}).Draw(t, "criterion")}}
		for _, r := range rows {
			s.Item = append(s.Item, uint32(rapid.IntRange(0, 2).Draw(t, "item")))
			s.Rows = append(s.Rows, r)
			s.Start = append(s.Start, len(s.Item))
		}
		p.Sensitive = []lattice.Sensitive{s}
	}
	return p
}

// covers says whether a label is above a value.
func covers(p *Problem, j int, l Label, value uint32) bool {
	if l.Level == Spanning {
		c := p.Columns[j].Codes[p.Columns[j].Min]
		return c[l.Code] <= c[value] && c[value] <= c[l.Last]
	}
	return p.Columns[j].Codes[l.Level][value] == l.Code
}

// What comes out keeps every promise: each class holds, is above its tuples and
// within the levels allowed, no two are written alike, the loss is that of the
// labels, and the limit is kept. It is the same for any number of workers, and
// for any order of tuples.
func TestResultHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t)
		r, err := Solve(context.Background(), p)
		var no *lattice.Infeasible
		if errors.As(err, &no) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		m, classes := len(p.Columns), len(r.Rows)
		sizes, gone := make([]int64, classes+1), int64(0)
		hist := make([]*criterion.Histogram, classes+1)
		for i := range hist {
			if len(p.Sensitive) > 0 {
				hist[i] = criterion.NewHistogram(p.Sensitive[0].Whole())
			}
		}
		key := func(t int, j int) uint32 {
			w := p.Layout.Words()
			return p.Layout.Code(p.Keys[t*w:(t+1)*w], j)
		}
		for i, class := range r.Class {
			at := int(class)
			if class == None {
				at = classes
				gone += p.Rows[i]
			}
			sizes[at] += p.Rows[i]
			if len(p.Sensitive) > 0 {
				hist[at].Add(p.Sensitive[0].Item[i], p.Rows[i])
			}
			for j := range p.Columns {
				if class != None && !covers(p, j, r.Labels[at*m+j], key(i, j)) {
					t.Fatalf("tuple %d is not below label %d of its class", i, j)
				}
			}
		}
		if gone != r.Suppressed || gone > p.Limit {
			t.Fatalf("%d rows suppressed, said %d, limit %d", gone, r.Suppressed, p.Limit)
		}
		if p.Together && gone > 0 {
			classes++ // the suppressed are a class
		}
		seen := map[string]bool{}
		for class := range classes {
			holds := sizes[class] >= p.K
			if len(p.Sensitive) > 0 {
				holds = holds && criterion.Hold(p.Sensitive[0].Criteria, hist[class])
			}
			if !holds {
				t.Fatalf("class %d of %d, of %d rows, does not hold", class, len(r.Rows), sizes[class])
			}
			if class < len(r.Rows) {
				if text := fmt.Sprint(r.Labels[class*m : (class+1)*m]); seen[text] {
					t.Fatalf("two classes are %s", text)
				} else {
					seen[text] = true
				}
			}
		}
		if want := lossOf(p, r); math.Abs(r.Loss-want) > 1e-5 {
			t.Fatalf("loss %v, want %v", r.Loss, want)
		}
		again := *p
		problem := *p.Problem
		again.Problem, problem.Workers = &problem, 3
		if other, err := Solve(context.Background(), &again); err != nil || !reflect.DeepEqual(other, r) {
			t.Fatalf("three workers: %+v, error %v, want %+v", other, err, r)
		}
		if len(p.Sensitive) == 0 {
			sameReversed(t, p, r)
		}
	})
}

// lossOf is the loss of labels by its definition.
func lossOf(p *Problem, r *Result) float64 {
	lost, most, n := 0.0, 0.0, 0.0
	for i, class := range r.Class {
		rows := float64(p.Rows[i])
		n += rows
		for j, c := range p.Columns {
			share := 1.0
			if class != None {
				l := r.Labels[int(class)*len(p.Columns)+j]
				switch {
				case l.Level != Spanning:
					share = c.Shares[l.Level][l.Code]
				case l.Code == l.Last && c.Min == 0:
					share = c.Shares[0][l.Code]
				default:
					share = float64(p.Spans[j].Right[l.Last]-p.Spans[j].Left[l.Code]) / p.Spans[j].All
				}
			}
			lost += rows * (share - c.Least)
		}
	}
	for _, c := range p.Columns {
		most += 1 - c.Least
	}
	if most == 0 {
		return 0
	}
	return lost / n / most
}

// sameReversed solves with the tuples in reverse.
func sameReversed(t *rapid.T, p *Problem, want *Result) {
	w, n := p.Layout.Words(), len(p.Rows)
	problem := *p.Problem
	problem.Keys, problem.Rows = nil, nil
	for i := n - 1; i >= 0; i-- {
		problem.Keys = append(problem.Keys, p.Keys[i*w:(i+1)*w]...)
		problem.Rows = append(problem.Rows, p.Rows[i])
	}
	again := *p
	again.Problem = &problem
	r, err := Solve(context.Background(), &again)
	if err != nil {
		t.Fatal(err)
	}
	for i, class := range r.Class {
		if class != want.Class[n-1-i] {
			t.Fatalf("tuple %d has class %d, want %d", n-1-i, class, want.Class[n-1-i])
		}
	}
	if !reflect.DeepEqual(r.Labels, want.Labels) || r.Loss != want.Loss {
		t.Fatalf("%+v, want %+v", r, want)
	}
}

// The least loss of a few tuples, over all partitions of them, is never beaten
// and mostly met.
func TestAgainstAllPartitions(t *testing.T) {
	met, tried := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "tuples")
		columns := []lattice.Column{halving(6), halving(4)}
		tuples, rows := make([][]uint32, 0, n), make([]int64, 0, n)
		for i := range n {
			tuples = append(tuples, []uint32{uint32(i), uint32(rapid.IntRange(0, 3).Draw(t, "value"))})
			rows = append(rows, rapid.Int64Range(1, 2).Draw(t, "rows"))
		}
		p := problemOf(columns, tuples, rows, 2)
		p.Iterations = 20
		s := newSolver(p)
		best := int64(math.MaxInt64)
		var place func(c *classes, i int)
		place = func(c *classes, i int) {
			if i == n {
				sum := int64(0)
				for class := range c.member {
					if c.weight[class] < p.K {
						return
					}
					sum += c.rows[class] * c.cost[class]
				}
				best = min(best, sum)
				return
			}
			for class := 0; class <= len(c.member); class++ {
				next := s.newClasses()
				for _, members := range c.member {
					next.add(append([]int32(nil), members...))
				}
				if class == len(c.member) {
					next.add([]int32{int32(i)})
				} else {
					next.put(int32(class), int32(i))
				}
				place(next, i+1)
			}
		}
		place(s.newClasses(), 0)
		r, err := Solve(context.Background(), p)
		if best == math.MaxInt64 {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		most := 0.0
		for _, c := range columns {
			most += 1 - c.Least
		}
		want := float64(best) / s.unit / float64(s.n) / most
		if r.Loss < want-1e-9 {
			t.Fatalf("loss %v, below the least, %v", r.Loss, want)
		}
		tried++
		if r.Loss < want+1e-9 {
			met++
		}
	})
	if met < tried*3/4 {
		t.Errorf("the least loss is met %d of %d times", met, tried)
	}
}

// The tables of joins say what climbing says.
func TestJoinTables(t *testing.T) {
	c := halving(37)
	a := newAxis(&c, nil, 1<<20, 1<<22)
	b := *a
	b.tab = nil
	for x := range uint32(a.n) {
		for y := range uint32(a.n) {
			j := a.join(x, y)
			if j != b.join(x, y) || int64(a.pair[int(x)*a.n+int(y)]) != a.price(j) {
				t.Fatalf("join of %d and %d is %d, want %d", x, y, j, b.join(x, y))
			}
		}
	}
}
