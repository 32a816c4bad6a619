package masking

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"pgregory.net/rapid"

	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/kanon"
)

func TestAnatomyProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := rapid.IntRange(2, 4).Draw(rt, "l")
		values := rapid.SliceOfN(rapid.IntRange(0, 5), 1, 60).Draw(rt, "values")
		count := map[int]int{}
		text := make([]string, len(values))
		for i, v := range values {
			count[v]++
			if text[i] = fmt.Sprintf(`"v%d"`, v); v == 0 {
				text[i] = "null"
			}
		}
		eligible := true
		for _, n := range count {
			eligible = eligible && n*l <= len(values)
		}
		in := tableOf(t, []arrow.Field{
			field("id", arrow.PrimitiveTypes.Int32), field("s", arrow.BinaryTypes.String),
		}, ints(len(values), func(i int) int { return i }), join(text))
		defer in.Release()
		out, err := Anatomy{Sensitive: "s", L: l, Group: "group"}.Apply(context.Background(), in)
		if !eligible {
			if !errors.Is(err, kanon.ErrInfeasible) {
				rt.Fatalf("error %v, want ErrInfeasible", err)
			}
			return
		}
		if err != nil {
			rt.Fatal(err)
		}
		defer out.Release()
		if got := texts(t, out.Rows, "id"); !slices.Equal(got, texts(t, in, "id")) {
			rt.Fatal("rows moved")
		}
		// The values of each group are those of its rows, each once.
		was := map[string]int{}
		for i, g := range texts(t, out.Rows, "group") {
			was[g+"/"+texts(t, in, "s")[i]]++
		}
		groups, sensitive := texts(t, out.Values, "group"), texts(t, out.Values, "s")
		size := map[string]int{}
		for i, g := range groups {
			if was[g+"/"+sensitive[i]] != 1 {
				rt.Fatalf("group %s: value %s is in %d of its rows", g, sensitive[i], was[g+"/"+sensitive[i]])
			}
			delete(was, g+"/"+sensitive[i])
			size[g]++
		}
		for g, n := range size {
			if n < l {
				rt.Fatalf("group %s of %d values", g, n)
			}
		}
		if len(was) != 0 || !out.Audit.Holds {
			rt.Fatalf("values are lost: %d; %+v", len(was), out.Audit)
		}
	})
}

// TestAnatomyIsRandom: of two rows with the same value, each is as often in the
// group of a third one, within 5.5 standard errors of 20,000 runs.
func TestAnatomyIsRandom(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 4)
	rng := entropy.New()
	const n = 20_000
	with, first := 0, 0
	for range n {
		buckets := []*bucket{{0, []int32{0, 1}}, {1, []int32{2, 3}}}
		group, _ := grouped(rng, buckets, 4, 2)
		if group[0] == group[2] {
			with++
		}
		if group[0] == 0 {
			first++
		}
	}
	for name, hits := range map[string]int{"group": with, "number": first} {
		if math.Abs(float64(hits)-n/2) > 5.5*math.Sqrt(n)/2 {
			t.Errorf("%s: %d of %d, want about half", name, hits, n)
		}
	}
}

func TestAnatomyRefusals(t *testing.T) {
	in := tableOf(t, []arrow.Field{field("s", arrow.BinaryTypes.String),
		field("group", arrow.PrimitiveTypes.Int8)}, `["`+canary+`","`+canary+`","b"]`, "[1,2,3]")
	defer in.Release()
	_, err := Anatomy{}.Apply(context.Background(), in)
	wantError(t, err, `column "" is not in the table`, "l is 0", "no name for the column of groups")
	_, err = Anatomy{Sensitive: "s", L: 2, Group: "group"}.Apply(context.Background(), in)
	wantError(t, err, `group: column "group" is in the table already`)
	_, err = Anatomy{Sensitive: "s", L: 2, Group: "count"}.Apply(context.Background(), in)
	wantError(t, err, "is a column of the result")
	_, err = Anatomy{Sensitive: "s", L: 2, Group: "g"}.Apply(context.Background(), in)
	wantError(t, err, `a value of column "s" is in more than 1 of 2 rows`)
}

func ExampleAnatomy() {
	t := tableOf(new(testing.T), []arrow.Field{
		field("age", arrow.PrimitiveTypes.Int32), field("diagnosis", arrow.BinaryTypes.String),
	}, "[23, 31, 44, 52]", `["flu", "asthma", "flu", "asthma"]`)
	out, err := Anatomy{Sensitive: "diagnosis", L: 2, Group: "group"}.Apply(context.Background(), t)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer out.Release()
	fmt.Println(out.Rows.Schema().Fields()[0].Name, out.Rows.Schema().Fields()[1].Name)
	fmt.Println(out.Values.Column(1).Data().Chunk(0), out.Values.Column(0).Data().Chunk(0))
	// Output:
	// age group
	// ["asthma" "flu" "asthma" "flu"] [0 0 1 1]
}
