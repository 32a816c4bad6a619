package risk

import (
	"math"
	"math/bits"

	"github.com/lethe-go/lethe/internal/tuple"
)

// score fills what follows from the minimal sets.
func (s *SUDA) score(d *tuple.Distinct, fraction float64) {
	columns := len(s.Quasi)
	weight := make([]float64, columns+1) // (M−s)!
	weight[columns] = 1
	for size := columns - 1; size >= 0; size-- {
		weight[size] = weight[size+1] * float64(columns-size)
	}
	s.Score, s.DIS = make([]float64, len(d.Of)), make([]float64, len(d.Of))
	s.Contribution = make([]float64, columns)
	total := 0.0
	for row := range d.Of {
		for _, set := range s.sets[s.start[row]:s.start[row+1]] {
			w := weight[bits.OnesCount32(set)]
			s.Minimal[bits.OnesCount32(set)]++
			s.Score[row] += w
			for rest := set; rest != 0; rest &= rest - 1 {
				s.Contribution[bits.TrailingZeros32(rest)] += w
			}
		}
		total += s.Score[row]
	}
	if total > 0 {
		for i := range s.Contribution {
			s.Contribution[i] /= total
		}
	}
	for _, n := range d.Rows {
		switch n {
		case 1:
			s.Uniques++
		case 2:
			s.Pairs += 2
		}
	}
	s.spread(fraction)
}

// spread computes DIS-SUDA: with Match = U·d/(U·d + P·(1−d)) for U uniques, P
// rows in pairs and the fraction d, a row of score s has
//
//	1 / (1 + (U/Match − U)/(s^Q·Σ s^−Q)),  Q = 1 + (8−M)/20,
//
// where the sum is over the rows with a score.
func (s *SUDA) spread(fraction float64) {
	if s.Uniques == 0 {
		return
	}
	u, p := float64(s.Uniques), float64(s.Pairs)
	s.Match = u * fraction / (u*fraction + p*(1-fraction))
	q := 1 + (8-float64(len(s.Quasi)))/20
	sum := 0.0
	for _, score := range s.Score {
		if score > 0 {
			sum += math.Pow(score, -q)
		}
	}
	for row, score := range s.Score {
		if score > 0 {
			s.DIS[row] = 1 / (1 + (u/s.Match-u)/(math.Pow(score, q)*sum))
		}
	}
}

// MinimalUniques returns the minimal sample uniques of a row as sets of
// positions in Quasi, none for a row that is not unique.
func (s *SUDA) MinimalUniques(row int) [][]int {
	var all [][]int
	for _, set := range s.sets[s.start[row]:s.start[row+1]] {
		var columns []int
		for rest := set; rest != 0; rest &= rest - 1 {
			columns = append(columns, bits.TrailingZeros32(rest))
		}
		all = append(all, columns)
	}
	return all
}

// RowContribution returns, for each quasi-identifier, the share of a row's
// score that comes from minimal sample uniques which contain it; all 0 for a
// row that is not unique. The shares do not add up to 1.
func (s *SUDA) RowContribution(row int) []float64 {
	shares := make([]float64, len(s.Quasi))
	total := 0.0
	for _, columns := range s.MinimalUniques(row) {
		w := math.Gamma(float64(len(s.Quasi)-len(columns)) + 1)
		total += w
		for _, c := range columns {
			shares[c] += w
		}
	}
	if total > 0 {
		for i := range shares {
			shares[i] /= total
		}
	}
	return shares
}
