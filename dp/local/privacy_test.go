package local

import (
	"os"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/dptest"
)

// trials are cells that are as different as can be, and what comes out.
func TestPrivacy(t *testing.T) {
	if slower {
		t.Skip("SKIPPED: long; run it without -race")
	}
	cryptotest.SetGlobalRandom(t, 52)
	runs := 100_000
	if os.Getenv("LETHE_LONG") == "1" {
		runs = 1_000_000
	}
	str, num := arrow.BinaryTypes.String, arrow.PrimitiveTypes.Float64
	categories := []string{"a", "b", "c"}
	first := 1.0
	for _, test := range []struct {
		name  string
		make  func(epsilon float64) Method
		dt    arrow.DataType
		a, b  string
		tight bool
	}{
		{"response", func(e float64) Method {
			return RandomizedResponse{Epsilon: e, Categories: categories}
		}, str, "a", "c", true},
		{"response, null", func(e float64) Method {
			return RandomizedResponse{Epsilon: e, Categories: categories, Other: "c"}
		}, str, "a", array.NullValueStr, true},
		{"unary", func(e float64) Method {
			return UnaryEncoding{Epsilon: e, Categories: categories}
		}, str, "a", "c", true},
		{"noise", func(e float64) Method { return Noise{Epsilon: e, Lower: -3, Upper: 9} },
			num, "-100", "12", true},
		{"noise, infinity", func(e float64) Method { return Noise{Epsilon: e, Lower: -3, Upper: 9} },
			num, "-Inf", "+Inf", true},
		{"noise, null", func(e float64) Method {
			return Noise{Epsilon: e, Lower: -3, Upper: 9, Missing: &first}
		}, num, array.NullValueStr, "NaN", false},
	} {
		loss := func(epsilon float64) float64 {
			draw := func(value string) func() dptest.Outcome {
				values := make([]string, runs)
				for i := range values {
					values[i] = value
				}
				in := build(t, memory.DefaultAllocator, test.dt, values...)
				out, err := apply(t, memory.DefaultAllocator, test.make(epsilon), in)
				if err != nil {
					t.Fatal(err)
				}
				i := -1
				return func() dptest.Outcome { i++; return outcome(out, i) }
			}
			return dptest.Loss(runs, 0, draw(test.a), draw(test.b))
		}
		got := loss(1)
		t.Logf("%s: ε is at least %.3f of 1", test.name, got)
		if got > 1 || test.tight && got < 0.8 {
			t.Errorf("%s: ε is at least %.3f, want at most 1", test.name, got)
		}
		if got := loss(1.185); test.tight && got <= 1 {
			t.Errorf("%s: noise divided by 1.185 is not found: ε is at least %.3f", test.name, got)
		}
	}
}

func outcome(a arrow.Array, i int) dptest.Outcome {
	switch a := a.(type) {
	case *array.Float64:
		return dptest.Outcome{a.Value(i)}
	case *array.FixedSizeList:
		bits := a.ListValues().(*array.Boolean)
		one := func(j int) float64 {
			if bits.Value(3*i + j) {
				return 1
			}
			return 0
		}
		return dptest.Outcome{one(0), -one(2)}
	}
	return dptest.Outcome{float64(a.ValueStr(i)[0])}
}
