package masking

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"pgregory.net/rapid"

	"github.com/lethe-go/lethe/kanon"
)

func TestMicroaggregationByHand(t *testing.T) {
	in := tableOf(t, []arrow.Field{
		field("age", arrow.PrimitiveTypes.Int8), field("income", arrow.PrimitiveTypes.Float64),
		field("name", arrow.BinaryTypes.String),
	}, "[20, 61, 21, 60, 22]", "[1, 10, 2, 20, 3]", `["a","b","c","d","e"]`)
	defer in.Release()
	for _, method := range []Method{LocalSearch, MDAV} {
		m := Microaggregation{Columns: []string{"age", "income"}, K: 2, Method: method}
		out, done, err := m.Apply(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		// The mean of 60 and 61 is rounded to the even one.
		if got, want := fmt.Sprint(texts(t, out, "age")), "[21 60 21 60 21]"; got != want {
			t.Errorf("%s: age %s, want %s", method, got, want)
		}
		if got, want := fmt.Sprint(texts(t, out, "income")), "[2 15 2 15 2]"; got != want {
			t.Errorf("%s: income %s, want %s", method, got, want)
		}
		if got, want := fmt.Sprint(texts(t, out, "name")), "[a b c d e]"; got != want {
			t.Errorf("%s: name %s, want %s", method, got, want)
		}
		if done.Audit.Classes != 2 || done.InformationLoss <= 0 || done.InformationLoss >= 1 {
			t.Errorf("%s: %+v", method, done)
		}
		out.Release()
	}
}

func TestMicroaggregationUnivariate(t *testing.T) {
	in := tableOf(t, []arrow.Field{field("x", arrow.PrimitiveTypes.Float32)},
		"[11, 1, 2, 9, 3, 10, 30]")
	defer in.Release()
	m := Microaggregation{Columns: []string{"x"}, K: 3, Method: Univariate}
	out, _, err := m.Apply(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	if got, want := fmt.Sprint(texts(t, out, "x")), "[17 3.75 3.75 3.75 3.75 17 17]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMicroaggregationRefusals(t *testing.T) {
	in := tableOf(t, []arrow.Field{
		field("x", arrow.PrimitiveTypes.Int64), field("null", arrow.PrimitiveTypes.Int64),
		field("text", arrow.BinaryTypes.String), field("big", arrow.PrimitiveTypes.Int64),
		field("inf", arrow.PrimitiveTypes.Float64),
	}, "[1, 2, "+canary+"]", "[1, null, "+canary+"]", `["a", "b", "`+canary+`"]`,
		"[1, 2, 9007199254740993]", `[1, 2, "Inf"]`)
	defer in.Release()
	ok := Microaggregation{Columns: []string{"x"}, K: 2, Method: LocalSearch}
	for _, c := range []struct {
		change func(*Microaggregation)
		want   []string
	}{
		{func(m *Microaggregation) { *m = Microaggregation{} },
			[]string{"no column", "k is 0, want at least 2", `method is ""`}},
		{func(m *Microaggregation) { m.Columns = []string{"x", "x"} }, []string{`"x" is there twice`}},
		{func(m *Microaggregation) { m.Rounds = -1 }, []string{"rounds is -1"}},
		{func(m *Microaggregation) { m.Method, m.Rounds = MDAV, 1 }, []string{"rounds are of method"}},
		{func(m *Microaggregation) { m.Method, m.Columns = Univariate, []string{"x", "big"} },
			[]string{"takes a single column"}},
		{func(m *Microaggregation) { m.Columns = []string{"y"} }, []string{`"y" is not in the table`}},
		{func(m *Microaggregation) { m.Columns = []string{"null", "text", "big", "inf"} },
			[]string{`"null" has 1 nulls`, `"text" is utf8`, `"big" has integers of 2^53`,
				`"inf" has values that are not finite`}},
		{func(m *Microaggregation) { m.K = 4 }, []string{"fewer than 4 rows"}},
	} {
		m := ok
		c.change(&m)
		_, _, err := m.Apply(context.Background(), in)
		wantError(t, err, c.want...)
	}
}

func TestMicroaggregationEmptyTable(t *testing.T) {
	in := tableOf(t, []arrow.Field{field("x", arrow.PrimitiveTypes.Int64)}, "[]")
	defer in.Release()
	m := Microaggregation{Columns: []string{"x"}, K: 2, Method: LocalSearch}
	out, _, err := m.Apply(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	if out.NumRows() != 0 {
		t.Errorf("%d rows", out.NumRows())
	}
}

// TestMicroaggregationProperties: every result satisfies k-anonymity, means
// stay within rounding, and neither chunks nor the run matter.
func TestMicroaggregationProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := rapid.IntRange(2, 6).Draw(rt, "k")
		n := rapid.IntRange(k, 120).Draw(rt, "n")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "values"), 0))
		in := tableOf(t, []arrow.Field{
			field("a", arrow.PrimitiveTypes.Uint8), field("b", arrow.PrimitiveTypes.Float64),
		}, ints(n, func(int) int { return rng.IntN(90) }), ints(n, func(int) int { return rng.IntN(7) }))
		defer in.Release()
		method := rapid.SampledFrom([]Method{LocalSearch, MDAV}).Draw(rt, "method")
		m := Microaggregation{Columns: []string{"a", "b"}, K: k, Method: method}
		if method == LocalSearch {
			m.Rounds = rapid.IntRange(0, 30).Draw(rt, "rounds")
		}
		out, done, err := m.Apply(context.Background(), in)
		if err != nil {
			rt.Fatal(err)
		}
		defer out.Release()
		if !done.Audit.Holds || done.Audit.Rows != int64(n) {
			rt.Fatalf("audit %+v", done.Audit)
		}
		small := chunked(t, in, 7)
		defer small.Release()
		again, _, err := m.Apply(context.Background(), small)
		if err != nil {
			rt.Fatal(err)
		}
		defer again.Release()
		for _, name := range m.Columns {
			if !slices.Equal(texts(t, out, name), texts(t, again, name)) {
				rt.Fatal("chunks change the result")
			}
		}
	})
}

func ExampleMicroaggregation() {
	t := tableOf(new(testing.T), []arrow.Field{
		field("age", arrow.PrimitiveTypes.Int32), field("income", arrow.PrimitiveTypes.Int32),
	}, "[23, 25, 24, 61, 60, 59]", "[1800, 2100, 1500, 4000, 4100, 3900]")
	m := Microaggregation{Columns: []string{"age", "income"}, K: 3, Method: LocalSearch}
	out, done, err := m.Apply(context.Background(), t)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out.Column(0).Data().Chunk(0), out.Column(1).Data().Chunk(0))
	fmt.Printf("%d classes, the smallest of %d rows\n", done.Audit.Classes, smallest(done.Audit))
	// Output:
	// [24 24 24 60 60 60] [1800 1800 1800 4000 4000 4000]
	// 2 classes, the smallest of 3 rows
}

func smallest(a *kanon.Audit) int64 { return a.Sizes[0].Size }
