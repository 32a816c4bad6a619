package risk_test

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/shared"
	"github.com/lethe-go/lethe/kanon/risk"
	"pgregory.net/rapid"
)

func suda(t testing.TB, cfg risk.SUDAConfig, recs ...arrow.Record) *risk.SUDA {
	t.Helper()
	r, err := array.NewRecordReader(recs[0].Schema(), recs)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	got, err := risk.FindSpecialUniques(context.Background(), r, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// columnsOf makes a record of text columns c0, c1, … from rows.
func columnsOf(rows [][]string, columns int) (arrow.Record, []string) {
	var fields []arrow.Field
	var names []string
	for j := range columns {
		names = append(names, fmt.Sprint("c", j))
		fields = append(fields, arrow.Field{Name: names[j], Type: arrow.BinaryTypes.String, Nullable: true})
	}
	b := array.NewRecordBuilder(mem, arrow.NewSchema(fields, nil))
	defer b.Release()
	for _, row := range rows {
		for j, v := range row {
			if v == "" {
				b.Field(j).AppendNull()
			} else {
				b.Field(j).(*array.StringBuilder).Append(v)
			}
		}
	}
	return b.NewRecord(), names
}

type brute struct {
	Cols     []string
	BySize   map[string]int64 `json:"msu_count_by_size"`
	Score    []float64
	U, P     int64
	Match    float64 `json:"DIS"`
	Fraction float64 `json:"DisFraction"`
	DIS      []float64
	MSUs     [][][]int `json:"msus"`
	PerRow   []int     `json:"msu_per_row"`
	DisScore []float64 `json:"disScore"`
}

// Brute force: reference/sdc/suda2_bruteforce.json.
func TestSUDABruteForce(t *testing.T) {
	var all map[string]brute
	oracle(t, "suda2_bruteforce.json", &all)
	for _, name := range []string{"francdat", "testdata", "testdata2"} {
		t.Run(name, func(t *testing.T) {
			want := all[name]
			got := suda(t, risk.SUDAConfig{Quasi: want.Cols, Fraction: want.Fraction}, sdc(t, name+".csv"))
			agree(t, "score", got.Score, want.Score, 0)
			agree(t, "dis", got.DIS, want.DisScore, 1e-12)
			agreeOne(t, "match", got.Match, want.Match, 1e-14)
			if got.Uniques != want.U || got.Pairs != want.P {
				t.Errorf("%d uniques, %d in pairs", got.Uniques, got.Pairs)
			}
			for size, n := range got.Minimal {
				if want.BySize[fmt.Sprint(size)] != n {
					t.Errorf("%d of size %d, want %d", n, size, want.BySize[fmt.Sprint(size)])
				}
			}
			for row := range got.Score {
				sets := got.MinimalUniques(row)
				if len(sets) != want.PerRow[row] {
					t.Fatalf("row %d: %v", row, sets)
				}
				for _, set := range sets {
					if want.MSUs != nil && !slices.ContainsFunc(want.MSUs[row], func(w []int) bool {
						return slices.Equal(w, set)
					}) {
						t.Errorf("row %d: %v", row, set)
					}
				}
			}
		})
	}
}

// The worked example that sdcMicro's issue 227 takes from Elliot's book.
func TestSUDABook(t *testing.T) {
	var all map[string]struct {
		Rows     [][]string
		Expected []float64 `json:"expected_book"`
	}
	oracle(t, "suda2_bruteforce.json", &all)
	book := all["issue227"]
	rec, names := columnsOf(book.Rows, 4)
	agree(t, "score", suda(t, risk.SUDAConfig{Quasi: names, Fraction: .1}, rec).Score, book.Expected, 0)
}

// sdcMicro 5.8.1, whose DIS scores are rounded in its own way.
func TestSUDAReference(t *testing.T) {
	type run struct {
		KeyVars      []string
		DisFraction  float64
		Score        []float64
		DisScore     []float64
		Contribution [][]float64 `json:"contributionPercent"`
		Attribute    []struct {
			Contribution float64
		} `json:"attribute_contributions"`
	}
	for file, names := range map[string][]string{
		"francdat": {"A"}, "testdata": {"elliot_001", "elliot_01", "keys4"},
		"testdata2": {"elliot_001", "elliot_01", "keys4"},
	} {
		var all map[string]any
		oracle(t, "sdcmicro_suda2_"+file+".json", &all)
		for _, name := range names {
			t.Run(file+" "+name, func(t *testing.T) {
				var only struct{ A, Elliot_001, Elliot_01, Keys4 run }
				oracle(t, "sdcmicro_suda2_"+file+".json", &only)
				want := map[string]run{
					"A": only.A, "elliot_001": only.Elliot_001, "elliot_01": only.Elliot_01, "keys4": only.Keys4,
				}[name]
				got := suda(t, risk.SUDAConfig{Quasi: want.KeyVars, Fraction: want.DisFraction}, sdc(t, file+".csv"))
				agree(t, "score", got.Score, want.Score, 0)
				agree(t, "dis", got.DIS, want.DisScore, 1e-5)
				for i, a := range want.Attribute {
					agreeOne(t, want.KeyVars[i], 100*got.Contribution[i], a.Contribution, 1e-12)
				}
				for row, shares := range want.Contribution {
					for i, share := range got.RowContribution(row) {
						if math.Abs(share-shares[i]) > 1e-12 {
							t.Fatalf("row %d: %v, want %v", row, got.RowContribution(row), shares)
						}
					}
				}
			})
		}
	}
}

func adultRecord(t testing.TB) arrow.Record {
	t.Helper()
	return table(t, shared.Dir(t)+"/data/adult.csv", ';', func([]string) bool { return true })
}

var adultSix = []string{"sex", "age", "race", "marital-status", "native-country", "workclass"}

// Adult by six columns: sdcmicro_suda2_adult.json.
func TestSUDAAdult(t *testing.T) {
	var want struct {
		U, P  int64
		DIS   float64
		Hist  map[string]int `json:"score_hist"`
		Sum   float64        `json:"dis_definition_sum"`
		Score float64        `json:"sum_score"`
	}
	oracle(t, "sdcmicro_suda2_adult.json", &want)
	got := suda(t, risk.SUDAConfig{Quasi: adultSix, Fraction: .01}, adultRecord(t))
	agreeOne(t, "match", got.Match, want.DIS, 1e-13)
	hist := map[string]int{}
	sum, score := 0.0, 0.0
	for i, s := range got.Score {
		hist[fmt.Sprint(s)]++
		sum += got.DIS[i]
		score += s
	}
	if got.Uniques != want.U || got.Pairs != want.P || score != want.Score ||
		fmt.Sprint(hist) != fmt.Sprint(want.Hist) {
		t.Errorf("%d uniques, %d in pairs, %v\n%v", got.Uniques, got.Pairs, hist, want.Hist)
	}
	agreeOne(t, "dis", sum, want.Sum, 1e-10)
}

// Against the definition, on random tables, for any batching.
func TestSUDAIsTheDefinition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		columns := rapid.IntRange(1, 6).Draw(rt, "columns")
		values := rapid.IntRange(1, 5).Draw(rt, "values")
		n := rapid.IntRange(0, 40).Draw(rt, "rows")
		rows := make([][]string, n)
		for i := range rows {
			for range columns {
				rows[i] = append(rows[i], []string{"", "a", "b", "c", "d"}[rapid.IntRange(0, values-1).Draw(rt, "v")])
			}
		}
		most := rapid.IntRange(1, columns).Draw(rt, "most")
		rec, names := columnsOf(rows, columns)
		cut := rapid.Int64Range(0, int64(n)).Draw(rt, "cut")
		got := suda(t, risk.SUDAConfig{Quasi: names, Fraction: .1, MaxSize: most},
			rec.NewSlice(0, cut), rec.NewSlice(cut, int64(n)))
		for i := range rows {
			var minimal []uint32
			score := 0.0
			if n > 1 {
				for set := uint32(1); set < 1<<columns; set++ {
					if bits.OnesCount32(set) > most || !alone(rows, i, set) ||
						slices.ContainsFunc(minimal, func(m uint32) bool { return m&^set == 0 }) {
						continue
					}
					minimal = append(minimal, set)
					score += math.Gamma(float64(columns-bits.OnesCount32(set)) + 1)
				}
			}
			if len(got.MinimalUniques(i)) != len(minimal) || got.Score[i] != score {
				rt.Fatalf("row %d of %q: %v, want %b", i, rows, got.MinimalUniques(i), minimal)
			}
		}
	})
}

func alone(rows [][]string, row int, set uint32) bool {
	for i, other := range rows {
		same := i != row
		for j := range other {
			same = same && (set>>j&1 == 0 || other[j] == rows[row][j])
		}
		if same {
			return false
		}
	}
	return true
}

func TestSUDARefuses(t *testing.T) {
	rec, _ := columnsOf([][]string{{"canary"}}, 1)
	many := make([]string, 33)
	for i := range many {
		many[i] = fmt.Sprint("c", i)
	}
	for want, cfg := range map[string]risk.SUDAConfig{
		"no columns":               {Fraction: .1},
		"fraction is 0":            {Quasi: []string{"c0"}},
		"fraction is 1":            {Quasi: []string{"c0"}, Fraction: 1},
		"MaxSize is 2":             {Quasi: []string{"c0"}, Fraction: .1, MaxSize: 2},
		"33 columns have too many": {Quasi: many, Fraction: .1},
		"24 columns have too many": {Quasi: many[:24], Fraction: .1},
		`column "c1": not in`:      {Quasi: many[:24], Fraction: .1, MaxSize: 3},
	} {
		_, err := risk.FindSpecialUniques(context.Background(), reader(t, rec), cfg)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := risk.FindSpecialUniques(ctx, reader(t, rec), risk.SUDAConfig{
		Quasi: []string{"c0"}, Fraction: .1,
	}); err == nil {
		t.Error("a context that is done is ignored")
	}
}

func ExampleFindSpecialUniques() {
	rec, names := columnsOf([][]string{
		{"urban", "f", "16"}, {"urban", "f", "30"}, {"urban", "m", "30"}, {"rural", "f", "30"},
	}, 3)
	r, err := array.NewRecordReader(rec.Schema(), []arrow.Record{rec})
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := risk.FindSpecialUniques(context.Background(), r, risk.SUDAConfig{
		Quasi: names, Fraction: 0.1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("scores:", got.Score, "of the second row:", got.MinimalUniques(1))
	// Output: scores: [2 1 2 2] of the second row: [[0 1 2]]
}

func BenchmarkSUDAAdult(b *testing.B) {
	rec := adultRecord(b)
	for b.Loop() {
		suda(b, risk.SUDAConfig{Quasi: adultSix, Fraction: .01}, rec)
	}
}
