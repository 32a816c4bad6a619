package microdata

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/shared"
	"pgregory.net/rapid"
)

// The matrices of five columns by sdcMicro's formulas: sdcmicro_pram.json.
func TestInvariantReference(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(shared.Dir(t), "reference", "sdc", "sdcmicro_pram.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for name, raw := range all {
		var c struct {
			Counts []int64
			Keep   []float64 `json:"pds"`
			R      [][]float64
		}
		if json.Unmarshal(raw, &c) != nil || len(c.R) == 0 || len(c.Keep) != len(c.Counts) {
			continue
		}
		seen++
		got := invariant(c.Counts, c.Keep, 1)
		for i := range c.R {
			for j, want := range c.R[i] {
				if math.Abs(got[i][j]-want) > 1e-12 {
					t.Errorf("%s: R[%d][%d] = %v, want %v", name, i, j, got[i][j], want)
				}
			}
		}
	}
	if seen < 5 {
		t.Errorf("%d columns compared", seen)
	}
}

// The matrix keeps the expected counts, and its rounding all sums.
func TestControlledRounding(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(2, 7).Draw(rt, "n")
		counts, keep := make([]int64, n), make([]float64, n)
		for i := range counts {
			counts[i] = rapid.Int64Range(1, 60).Draw(rt, "count")
			keep[i] = rapid.Float64Range(.05, .95).Draw(rt, "keep")
		}
		r := invariant(counts, keep, rapid.Float64Range(.1, 1).Draw(rt, "mix"))
		expected := make([][]float64, n)
		for j := range n {
			sum := 0.0
			for i := range n {
				sum += float64(counts[i]) * r[i][j]
			}
			if math.Abs(sum-float64(counts[j])) > 1e-9 {
				rt.Fatalf("%v: value %d is expected %v times", counts, j, sum)
			}
			expected[j] = make([]float64, n)
			for k := range n {
				expected[j][k] = float64(counts[j]) * r[j][k]
			}
		}
		x := controlledRounding(expected, counts, entropy.New())
		for i := range n {
			row, column := int64(0), int64(0)
			for j := range n {
				row, column = row+x[i][j], column+x[j][i]
				if math.Abs(float64(x[i][j])-expected[i][j]) >= 1+1e-6 {
					rt.Fatalf("%v becomes %d", expected[i][j], x[i][j])
				}
			}
			if row != counts[i] || column != counts[i] {
				rt.Fatalf("%v: row %d sums to %d, column to %d", counts, i, row, column)
			}
		}
	})
}

// The rounding has no bias: over 4000 draws, each mean is within six standard
// errors of its entry, which a right rounding misses with a chance of 2e-9 an
// entry.
func TestControlledRoundingUnbiased(t *testing.T) {
	counts := []int64{7, 5, 3}
	r := invariant(counts, []float64{.4, .5, .3}, 1)
	expected, sum := make([][]float64, 3), [3][3]float64{}
	for i := range r {
		for _, p := range r[i] {
			expected[i] = append(expected[i], p*float64(counts[i]))
		}
	}
	const draws = 4000
	for range draws {
		for i, row := range controlledRounding(expected, counts, entropy.New()) {
			for j, n := range row {
				sum[i][j] += float64(n)
			}
		}
	}
	for i := range 3 {
		for j := range 3 {
			f := expected[i][j] - math.Floor(expected[i][j])
			if err := 6 * math.Sqrt(f*(1-f)/draws); math.Abs(sum[i][j]/draws-expected[i][j]) > err {
				t.Errorf("entry %v has the mean %v, off by more than %v", expected[i][j], sum[i][j]/draws, err)
			}
		}
	}
}
