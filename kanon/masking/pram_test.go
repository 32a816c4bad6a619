package masking

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"pgregory.net/rapid"

	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/shared"
)

// TestInvariantReference compares with the matrices of sdcMicro 5.8.1, given
// the same probabilities to stay, for five variables of a survey.
func TestInvariantReference(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(shared.Dir(t), "reference", "sdc", "sdcmicro_pram.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, name := range []string{"roof", "walls", "water", "sex", "relat"} {
		var v struct {
			P, Pds []float64
			Alpha  float64
			R, Rs  [][]float64
		}
		var raw map[string]json.RawMessage
		if err := json.Unmarshal(all[name], &raw); err != nil {
			t.Fatal(err)
		}
		for key, into := range map[string]any{
			"p": &v.P, "pds": &v.Pds, "alpha": &v.Alpha, "R": &v.R, "Rs": &v.Rs,
		} {
			if err := json.Unmarshal(raw[key], into); err != nil {
				t.Fatal(name, key, err)
			}
		}
		for _, c := range []struct {
			strength float64
			want     [][]float64
		}{{1, v.R}, {v.Alpha, v.Rs}} {
			got := invariant(v.P, v.Pds, c.strength)
			for i := range got {
				for j := range got[i] {
					compared++
					if math.Abs(got[i][j]-c.want[i][j]) > 1e-12 {
						t.Errorf("%s, strength %v: [%d][%d] is %v, want %v", name, c.strength, i, j,
							got[i][j], c.want[i][j])
					}
				}
			}
		}
	}
	if compared != 2*(25+9+64+4+81) {
		t.Errorf("compared %d entries", compared)
	}
}

func drawShare(t *rapid.T, n int) (count []int64, share []float64) {
	count = rapid.SliceOfN(rapid.Int64Range(1, 50), n, n).Draw(t, "count")
	total := int64(0)
	for _, c := range count {
		total += c
	}
	for _, c := range count {
		share = append(share, float64(c)/float64(total))
	}
	return count, share
}

func TestInvariant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 8).Draw(t, "n")
		_, share := drawShare(t, n)
		stay := rapid.SliceOfN(rapid.Float64Range(0.01, 0.99), n, n).Draw(t, "stay")
		m := invariant(share, stay, rapid.Float64Range(0.01, 1).Draw(t, "strength"))
		for i := range m {
			row, column := 0.0, 0.0
			for j := range m {
				row += m[i][j]
				column += share[j] * m[j][i]
			}
			if math.Abs(row-1) > 1e-12 || math.Abs(column-share[i]) > 1e-12 {
				t.Fatalf("row %d sums to %v, frequency %v becomes %v", i, row, share[i], column)
			}
		}
	})
}

func TestRoundKeepsMargins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 8).Draw(t, "n")
		count, share := drawShare(t, n)
		stay := make([]float64, n)
		for i := range stay {
			stay[i] = rapid.Float64Range(0.05, 0.95).Draw(t, "stay")
		}
		moves := expected(invariant(share, stay, 1), count)
		before := make([][]int64, n)
		for i := range moves {
			before[i] = slices.Clone(moves[i])
		}
		round(entropy.New(), moves)
		for i := range moves {
			row, column := int64(0), int64(0)
			for j := range moves {
				row += moves[i][j]
				column += moves[j][i]
				if d := moves[i][j]*one - before[i][j]; d <= -one || d >= one {
					t.Fatalf("[%d][%d] was %v and became %d", i, j, float64(before[i][j])/one, moves[i][j])
				}
			}
			if row != count[i] || column != count[i] {
				t.Fatalf("row %d sums to %d, its column to %d, want %d", i, row, column, count[i])
			}
		}
	})
}

// TestRoundIsUnbiased: the mean of 40,000 roundings is what is rounded, within
// 5.5 standard errors of at most half a row.
func TestRoundIsUnbiased(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 2)
	rng := entropy.New()
	count := []int64{7, 3, 11}
	m := invariant([]float64{7. / 21, 3. / 21, 11. / 21}, []float64{.7, .6, .8}, 1)
	want := expected(m, count)
	const n = 40_000
	sum := [3][3]float64{}
	for range n {
		moves := expected(m, count)
		round(rng, moves)
		for i := range moves {
			for j, x := range moves[i] {
				sum[i][j] += float64(x) / n
			}
		}
	}
	for i := range want {
		for j, x := range want[i] {
			if d := sum[i][j] - float64(x)/one; math.Abs(d) > 5.5*0.5/math.Sqrt(n) {
				t.Errorf("[%d][%d]: mean %v, want %v", i, j, sum[i][j], float64(x)/one)
			}
		}
	}
}

func TestPRAMExactKeepsFrequencies(t *testing.T) {
	for _, dt := range []arrow.DataType{
		arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString,
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String},
	} {
		in := tableOf(t, []arrow.Field{field("c", dt)},
			`["a","b","a",null,"c","a","b","a","c","a","a","b"]`)
		plan, err := PRAM{Column: "c", Stay: 0.6, Strength: 1, Exact: true}.Fit(in)
		if err != nil {
			t.Fatal(err)
		}
		changed := false
		for range 20 {
			out, err := plan.Apply(in)
			if err != nil {
				t.Fatal(err)
			}
			before, after := texts(t, in, "c"), texts(t, out, "c")
			changed = changed || !slices.Equal(before, after)
			if before[3] != after[3] {
				t.Errorf("%s: the null became %q", dt, after[3])
			}
			slices.Sort(before)
			slices.Sort(after)
			if !slices.Equal(before, after) {
				t.Errorf("%s: frequencies changed: %v", dt, after)
			}
			out.Release()
		}
		if !changed {
			t.Errorf("%s: nothing changed in 20 runs", dt)
		}
		in.Release()
	}
}

// TestPRAMFrequencies counts the changes of 90,000 rows: within 5.5 standard
// errors of the matrix.
func TestPRAMFrequencies(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 3)
	const n = 90_000
	in := tableOf(t, []arrow.Field{field("c", arrow.PrimitiveTypes.Int32)},
		ints(n, func(i int) int { return []int{5, 5, 5, 9, 9, 70}[i%6] }))
	defer in.Release()
	plan, err := PRAM{Column: "c", Stay: 0.5, Strength: 0.8}.Fit(in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := plan.Apply(in)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	moved := map[[2]string]float64{}
	before, after := texts(t, in, "c"), texts(t, out, "c")
	for i := range before {
		moved[[2]string{before[i], after[i]}]++
	}
	rows := map[string]float64{"5": n / 2, "9": n / 3, "70": n / 6}
	for i, a := range plan.Categories {
		for j, b := range plan.Categories {
			p := plan.Matrix[i][j]
			if d := moved[[2]string{a, b}] - p*rows[a]; math.Abs(d) > 5.5*math.Sqrt(rows[a]*p*(1-p)) {
				t.Errorf("%s to %s: %v rows, want about %v", a, b, moved[[2]string{a, b}], p*rows[a])
			}
		}
	}
}

func TestPRAMRefusals(t *testing.T) {
	in := tableOf(t, []arrow.Field{field("c", arrow.BinaryTypes.String),
		field("one", arrow.BinaryTypes.String), field("x", arrow.PrimitiveTypes.Float64)},
		`["a","`+canary+`"]`, `["a","a"]`, `[1,2]`)
	defer in.Release()
	_, err := PRAM{}.Fit(in)
	wantError(t, err, "no column", "stay is 0", "strength is 0")
	ok := PRAM{Column: "c", Stay: .8, Strength: 1}
	for column, want := range map[string]string{
		"one": "has 1 categories, want 2 to 1024", "x": "is float64", "y": "is not in the table",
	} {
		p := ok
		p.Column = column
		_, err := p.Fit(in)
		wantError(t, err, want)
	}
	other := tableOf(t, []arrow.Field{field("c", arrow.BinaryTypes.String)}, `["a","`+canary+`","b"]`)
	defer other.Release()
	plan, err := ok.Fit(in)
	if err != nil {
		t.Fatal(err)
	}
	_, err = plan.Apply(other)
	wantError(t, err, "values that the plan does not know")
	exact := ok
	exact.Exact = true
	if plan, err = exact.Fit(in); err != nil {
		t.Fatal(err)
	}
	more := tableOf(t, []arrow.Field{field("c", arrow.BinaryTypes.String)}, `["a","`+canary+`","a"]`)
	defer more.Release()
	_, err = plan.Apply(more)
	wantError(t, err, "other frequencies")
}

func ExamplePRAM() {
	t := tableOf(new(testing.T), []arrow.Field{field("ward", arrow.BinaryTypes.String)},
		`["a","a","a","b"]`)
	plan, err := PRAM{Column: "ward", Stay: 0.8, Strength: 1, Exact: true}.Fit(t)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, row := range plan.Matrix {
		fmt.Printf("%s: %.3f\n", plan.Categories[i], row)
	}
	// Output:
	// a: [0.824 0.176]
	// b: [0.527 0.473]
}
