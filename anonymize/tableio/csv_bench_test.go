package tableio_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// adults are rows like those of the table Adult: six columns of numbers and nine
// of words, in quotes or not.
func adults(rows int, quoted bool) string {
	rng := rand.New(rand.NewPCG(1, 2))
	word := func(words ...string) string {
		w := words[rng.IntN(len(words))]
		if quoted {
			w = `"` + w + `"`
		}
		return w
	}
	var b strings.Builder
	b.WriteString("age,workclass,fnlwgt,education,education-num,marital-status,occupation," +
		"relationship,race,sex,capital-gain,capital-loss,hours-per-week,native-country,salary-class\n")
	for range rows {
		gain := 0
		if rng.IntN(12) == 0 {
			gain = rng.IntN(20_000)
		}
		fmt.Fprintf(&b, "%d,%s,%d,%s,%d,%s,%s,%s,%s,%s,%d,%d,%d,%s,%s\n", 17+rng.IntN(73),
			word("Private", "Self-emp-not-inc", "Local-gov", "?"), 12_285+rng.IntN(400_000),
			word("HS-grad", "Some-college", "Bachelors", "11th"), 1+rng.IntN(16),
			word("Married-civ-spouse", "Never-married", "Divorced"),
			word("Prof-specialty", "Craft-repair", "Exec-managerial", "Sales", "?"),
			word("Husband", "Not-in-family", "Own-child", "Wife"), word("White", "Black", "Other"),
			word("Male", "Female"), gain, 0, 1+rng.IntN(99), word("United-States", "Mexico", "?"),
			word("<=50K", ">50K"))
	}
	return b.String()
}

// BenchmarkReadCSV reads rows of fifteen columns: with types that have to be
// found first, with types that are said, three columns of them, and, for the
// limit, counts line feeds.
func BenchmarkReadCSV(b *testing.B) {
	const rows = 300_000
	all := map[string]arrow.DataType{}
	names, _, _ := strings.Cut(adults(0, false), "\n")
	for i, name := range strings.Split(names, ",") {
		if all[name] = arrow.BinaryTypes.String; slices.Contains([]int{0, 2, 4, 10, 11, 12}, i) {
			all[name] = arrow.PrimitiveTypes.Int64
		}
	}
	for _, quoted := range []bool{false, true} {
		text := adults(rows, quoted)
		path := put(b, "t.csv", text)
		bench := func(name string, opts *tableio.Options, columns ...string) {
			b.Run(fmt.Sprintf("%s/quoted=%v", name, quoted), func(b *testing.B) {
				for b.Loop() {
					f, err := tableio.Open(path, opts)
					if err != nil {
						b.Fatal(err)
					}
					r, err := f.Open(b.Context(), columns...)
					if err != nil {
						b.Fatal(err)
					}
					for r.Next() {
					}
					if err := r.Err(); err != nil {
						b.Fatal(err)
					}
					r.Release()
				}
				report(b, path, rows)
			})
		}
		bench("inferred", nil)
		bench("typed", &tableio.Options{Types: all})
		bench("three", &tableio.Options{Types: all}, "age", "sex", "hours-per-week")
		b.Run(fmt.Sprintf("lines/quoted=%v", quoted), func(b *testing.B) {
			whole := []byte(text)
			for b.Loop() {
				if bytes.Count(whole, []byte("\n")) != rows+1 {
					b.Fatal("lines are missing")
				}
			}
			report(b, path, rows)
		})
	}
}
