package microdata

import (
	"math"

	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/tuple"
)

// drawExact moves as many rows from one value to another as the matrix expects,
// rounded such that all counts stay, and draws which rows these are.
func (p *PRAMPlan) drawExact(c tuple.Column, place, became []int32, random *entropy.Source) {
	n := len(p.Counts)
	expected := make([][]float64, n)
	for i, chances := range p.Matrix {
		expected[i] = make([]float64, n)
		for j, chance := range chances {
			expected[i][j] = chance * float64(p.Counts[i])
		}
	}
	moves := controlledRounding(expected, p.Counts, random)
	rows := make([][]int32, n)
	for row, code := range c.Codes {
		rows[place[code]] = append(rows[place[code]], int32(row))
	}
	for i, list := range rows {
		for left := len(list); left > 1; left-- { // shuffled
			at := int(random.Uint64n(uint64(left)))
			list[left-1], list[at] = list[at], list[left-1]
		}
		for j, count := range moves[i] {
			for _, row := range list[:count] {
				became[row] = int32(j)
			}
			list = list[count:]
		}
	}
}

// controlledRounding rounds each entry of a matrix whose rows and columns sum
// to the same whole numbers up or down by chance, so that the sums stay and the
// expected value of each entry is the entry. As long as entries are not whole,
// some of them form a cycle, alternately along a row and along a column, since
// no row or column has only one. Shifting an amount round the cycle, added to
// and taken from it in turn, keeps the sums; of the two amounts that make an
// entry whole, up and down, one is drawn with the chance that keeps the
// expectation.
//
// Cox (1987). A constructive procedure for unbiased controlled rounding.
// Journal of the American Statistical Association 82, 520–524.
func controlledRounding(x [][]float64, sums []int64, random *entropy.Source) [][]int64 {
	const whole = 1e-7 // rounding of the entries
	fraction := make([][]float64, len(x))
	floor := make([][]int64, len(x))
	for i, row := range x {
		fraction[i], floor[i] = make([]float64, len(row)), make([]int64, len(row))
		for j, v := range row {
			floor[i][j] = int64(math.Floor(v + whole))
			if f := v - float64(floor[i][j]); f > whole {
				fraction[i][j] = f
			}
		}
	}
	for {
		cycle := findCycle(fraction)
		if cycle == nil {
			break
		}
		up, down := 1.0, 1.0
		for at, cell := range cycle {
			f := fraction[cell[0]][cell[1]]
			if at%2 == 0 {
				up, down = min(up, 1-f), min(down, f)
			} else {
				up, down = min(up, f), min(down, 1-f)
			}
		}
		const unit = 1 << 53
		shift := -down
		if random.Bernoulli(uint64(down/(up+down)*unit), unit) {
			shift = up
		}
		for _, cell := range cycle {
			f := &fraction[cell[0]][cell[1]]
			switch *f += shift; {
			case *f > 1-whole:
				*f = 0
				floor[cell[0]][cell[1]]++
			case *f < whole:
				*f = 0
			}
			shift = -shift
		}
	}
	settle(floor, sums)
	return floor
}

// findCycle finds entries that are not whole and alternate along rows and
// columns; nil where there are none.
func findCycle(fraction [][]float64) [][2]int {
	for i, row := range fraction {
		for j, f := range row {
			if f == 0 {
				continue
			}
			if cycle := follow(fraction, i, j); cycle != nil {
				return cycle
			}
		}
	}
	return nil
}

// follow goes from an entry along its row, then along a column, and so on,
// until it comes to a row that it has been to.
func follow(fraction [][]float64, i, j int) [][2]int {
	var path [][2]int
	been := map[int]int{} // row: place in the path
	for {
		if at, ok := been[i]; ok {
			cycle := path[at:]
			if cycle[0][1] = j; cycle[1][1] == j {
				cycle = cycle[2:] // the row is entered where it was left: it is no part
			}
			return cycle
		}
		been[i] = len(path)
		// It entered the row at j, and leaves it at another entry.
		path = append(path, [2]int{i, j})
		k := other(len(fraction[i]), j, func(k int) bool { return fraction[i][k] > 0 })
		if k < 0 {
			return nil // rounding has left an entry alone
		}
		path = append(path, [2]int{i, k})
		next := other(len(fraction), i, func(l int) bool { return fraction[l][k] > 0 })
		if next < 0 {
			return nil
		}
		i, j = next, k
	}
}

// other is the first of n numbers but one that is wanted, or -1.
func other(n, but int, wanted func(i int) bool) int {
	for i := range n {
		if i != but && wanted(i) {
			return i
		}
	}
	return -1
}

// settle makes up for entries that rounding left alone: what a row lacks of its
// sum, or has too much, is put right on a column that lacks as much.
func settle(x [][]int64, sums []int64) {
	lack := make([]int64, len(sums))
	for j := range sums {
		lack[j] = sums[j]
		for i := range x {
			lack[j] -= x[i][j]
		}
	}
	for i, row := range x {
		missing := sums[i]
		for _, v := range row {
			missing -= v
		}
		for j := range row {
			for missing > 0 && lack[j] > 0 {
				row[j]++
				missing--
				lack[j]--
			}
			for missing < 0 && lack[j] < 0 && row[j] > 0 {
				row[j]--
				missing++
				lack[j]++
			}
		}
	}
}
