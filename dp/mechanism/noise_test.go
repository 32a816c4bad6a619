package mechanism

import (
	"math"
	"strings"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/dp/accounting"
	"github.com/lethe-go/lethe/dp/budget"
)

// The noise has the scale that theory says, and what is reported of it is true.
func TestNoiseIsCalibrated(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 91)
	const n = 40_000
	for _, test := range []struct {
		m     Additive
		scale float64 // standard deviation wanted
	}{
		{Laplace{Epsilon: 0.5, Sensitivity: 60, Lower: -1e6, Upper: 1e6}, math.Sqrt2 * 120},
		{Laplace{Epsilon: 3, Sensitivity: 1e-9, Lower: -1e-3, Upper: 1e-3}, math.Sqrt2 * 1e-9 / 3},
		{Gaussian{Epsilon: 1, Delta: 1e-6, Sensitivity: 2, Lower: -1e6, Upper: 1e6}, 2 * 4.2248},
		{Gaussian{Rho: 0.5, Sensitivity: 2, Lower: -1e6, Upper: 1e6}, 2},
	} {
		noise := prepared(t, test.m)
		squares, outside := 0.0, 0
		width, err := noise.HalfWidth(0.05)
		if err != nil {
			t.Fatal(err)
		}
		x := test.scale / 7
		for range n {
			y := must[float64](t)(noise.Float(x)) - x
			squares += y * y
			if math.Abs(y) > width {
				outside++
			}
		}
		// Six standard errors of a Laplace distribution.
		if got := math.Sqrt(squares / n); math.Abs(got/test.scale-1) > 3*math.Sqrt(5.0/n) {
			t.Errorf("%v: standard deviation %v, want %v", test.m, got, test.scale)
		}
		if z := (float64(outside) - 0.05*n) / math.Sqrt(0.05*0.95*n); math.Abs(z) > 5.4 {
			t.Errorf("%v: %d of %d are outside of the 95 %% interval", test.m, outside, n)
		}
	}
}

// What accounting says of a mechanism agrees with what it was asked for.
func TestNoiseReportsItsCost(t *testing.T) {
	const delta = 1e-6
	for _, test := range []struct {
		m    Additive
		want float64 // ε
	}{
		{Laplace{Epsilon: 0.5, Sensitivity: 60, Upper: 1000}, 0.5},
		{Laplace{Epsilon: 0.5, Sensitivity: 60, Upper: 1000, Numbers: 7}, 0.5},
		{Geometric{Epsilon: 0.5, Sensitivity: 3}, 0.5},
		{Geometric{Epsilon: 0.5, Sensitivity: 1 << 40}, 0.5},
		{Geometric{Epsilon: 0.5, Sensitivity: 3, Numbers: 2}, 0.5},
		{Staircase{Epsilon: 0.5, Sensitivity: 3}, 0.5},
		{Gaussian{Epsilon: 0.5, Delta: delta, Sensitivity: 60, Upper: 1000}, 0.5},
		{Gaussian{Epsilon: 0.5, Delta: delta, Sensitivity: 60, Upper: 1000, Numbers: 1000}, 0.5},
		{DiscreteGaussian{Epsilon: 0.5, Delta: delta, Sensitivity: 2}, 0.5},
		{DiscreteGaussian{Rho: 0.01, Sensitivity: 2}, 0.5752},
	} {
		n := prepared(t, test.m)
		loss, err := accounting.NewLossDistribution(0,
			accounting.Step{Mechanism: n.Mechanism(), Count: 1})
		if err != nil {
			t.Fatalf("%v: %v", test.m, err)
		}
		got, err := loss.Epsilon(delta)
		if err != nil || got > test.want*1.01 || got < test.want*0.98 {
			t.Errorf("%v: accounting has epsilon %v, want %v, %v", test.m, got, test.want, err)
		}
		if err := n.Cost().Validate(); err != nil {
			t.Errorf("%v: cost %v: %v", test.m, n.Cost(), err)
		}
	}
	rho := prepared(t, DiscreteGaussian{Rho: 0.1, Sensitivity: 3, Numbers: 7})
	if rho.Mechanism() != (accounting.ZCDP{Rho: 0.1}) || rho.Cost() != (budget.Cost{Rho: 0.1}) {
		t.Errorf("a vector of integers costs %v, %v", rho.Mechanism(), rho.Cost())
	}
	// The cost can be paid from a filter, in ε and in ρ.
	gaussian := prepared(t, Gaussian{Epsilon: 1, Delta: 1e-7, Sensitivity: 1, Upper: 1})
	for _, total := range []budget.Budget{{Epsilon: 1, Delta: 1e-6}, {Rho: 0.1}} {
		f, err := budget.NewFilter(total)
		if err == nil {
			err = f.Spend(budget.Charge{Name: "sum", Cost: gaussian.Cost()})
		}
		if err != nil {
			t.Errorf("%v: %v", total, err)
		}
	}
}

// What the staircase is for: little noise at a large ε.
func TestStaircaseIsSmaller(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 93)
	mean := func(m Additive) float64 {
		n, sum := prepared(t, m), 0.0
		for range 20_000 {
			sum += math.Abs(float64(must[int64](t)(n.Int(0)))) / 20_000
		}
		return sum
	}
	stairs := mean(Staircase{Epsilon: 5, Sensitivity: 50})
	geometric := mean(Geometric{Epsilon: 5, Sensitivity: 50})
	if stairs > 0.6*geometric {
		t.Errorf("mean magnitudes %v and %v", stairs, geometric)
	}
}

// A vector of many numbers has the analytic σ, not the larger one of
// concentrated privacy.
func TestVectorGaussianIsAnalytic(t *testing.T) {
	n := prepared(t, Gaussian{Epsilon: 1, Delta: 1e-6, Sensitivity: 1, Upper: 1, Numbers: 100_000})
	g, ok := n.Mechanism().(accounting.Gaussian)
	if !ok {
		t.Fatalf("%v", n.Mechanism())
	}
	want, err := accounting.GaussianSigma(accounting.EpsilonDelta{Epsilon: 1, Delta: 1e-6}, 1)
	if err != nil || math.Abs(g.Sigma*n.Granularity()/want-1) > 1e-5 {
		t.Errorf("sigma %v, want %v, %v", g.Sigma*n.Granularity(), want, err)
	}
}

func TestColumn(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 92)
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	values := []string{array.NullValueStr, "3", "100", "7", array.NullValueStr}
	for _, dt := range []arrow.DataType{
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32,
		arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64, arrow.FixedWidthTypes.Float16,
		arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
	} {
		b := array.NewBuilder(mem, dt)
		for _, v := range append([]string{"1"}, values...) {
			if err := b.AppendValueFromString(v); err != nil {
				t.Fatal(err)
			}
		}
		all := b.NewArray()
		in := array.NewSlice(all, 1, int64(all.Len()))
		reals := prepared(t, Laplace{Epsilon: 1000, Sensitivity: 0.01, Lower: 2, Upper: 50, Numbers: 5})
		out, err := reals.Column(mem, in)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []float64{2, 3, 50, 7, 2} {
			if got := out.(*array.Float64).Value(i); math.Abs(got-want) > 0.01 || out.NullN() != 0 {
				t.Errorf("%s: row %d is %v, want about %v", dt, i, got, want)
			}
		}
		out.Release()
		whole := prepared(t, Geometric{Epsilon: 100, Sensitivity: 1, Numbers: 5})
		if out, err = whole.Column(mem, in); err == nil {
			for i, want := range []int64{0, 3, 100, 7, 0} {
				if got := out.(*array.Int64).Value(i); got != want || out.NullN() != 0 {
					t.Errorf("%s: row %d is %v, want %v", dt, i, got, want)
				}
			}
			out.Release()
		} else if !strings.HasPrefix(dt.Name(), "float") && dt.ID() != arrow.FLOAT16 {
			t.Errorf("%s: %v", dt, err)
		}
		for _, a := range []interface{ Release() }{in, all, b} {
			a.Release()
		}
	}
}

// Beyond 2^53 neighbours could be rounded apart.
func TestColumnRefuses(t *testing.T) {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	defer b.Release()
	b.Append(1 << 60)
	a := b.NewArray()
	defer a.Release()
	s := array.NewStringBuilder(memory.DefaultAllocator)
	defer s.Release()
	s.Append("canary")
	text := s.NewArray()
	defer text.Release()
	wide := prepared(t, Laplace{Epsilon: 1, Sensitivity: 1e9, Lower: 0, Upper: 1e17})
	for _, test := range []struct {
		n    *Noise
		a    arrow.Array
		want string
	}{
		{wide, a, "within ±2^53"}, {wide, text, "want floats or integers"},
		{prepared(t, Geometric{Epsilon: 1, Sensitivity: 1}), text, "want integers"},
		{prepared(t, Geometric{Epsilon: 1, Sensitivity: 1, Numbers: 2}), a, "1 numbers, want 2"},
		{&Noise{}, a, "make it by New"},
	} {
		if _, err := test.n.Column(memory.DefaultAllocator, test.a); err == nil ||
			!strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("got %v, want %q", err, test.want)
		}
	}
}

func TestMisuse(t *testing.T) {
	reals := prepared(t, Laplace{Epsilon: 1, Sensitivity: 1, Upper: 1})
	whole := prepared(t, Geometric{Epsilon: 1, Sensitivity: 1, Numbers: 3})
	var none *Noise
	for name, f := range map[string]func() error{
		"int of reals":      func() error { _, err := reals.Int(1); return err },
		"float of whole":    func() error { _, err := whole.Float(1); return err },
		"one of three":      func() error { _, err := whole.Int(1); return err },
		"two of three":      func() error { _, err := whole.Ints([]int64{1, 2}); return err },
		"two of one":        func() error { _, err := reals.Floats([]float64{1, 2}); return err },
		"nil":               func() error { _, err := none.Float(1); return err },
		"zero":              func() error { _, err := new(Noise).Int(1); return err },
		"alpha":             func() error { _, err := reals.HalfWidth(1); return err },
		"no mechanism":      func() error { _, err := New(nil); return err },
		"nil selector":      func() error { _, err := (*Selector)(nil).Choose(nil); return err },
		"zero selector":     func() error { _, err := new(Selector).Choose([]float64{1}); return err },
		"zero sparse":       func() error { _, err := new(SparseVector).Above(1); return err },
		"zero responder":    func() error { _, err := new(Responder).Answer(0); return err },
		"zero unary":        func() error { _, err := new(UnaryResponder).Answer(0); return err },
		"too few to choose": tooFew,
	} {
		if err := f(); err == nil || !strings.HasPrefix(err.Error(), "mechanism: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func tooFew() error {
	s, err := NewSelector(Selection{Rule: Exponential, Epsilon: 1, Sensitivity: 1, Upper: 1, Count: 2})
	if err == nil {
		_, err = s.Choose([]float64{1})
	}
	return err
}

func TestConstructorsReportEveryMistake(t *testing.T) {
	nan := math.NaN()
	for _, test := range []struct {
		err  error
		want string // each must be in the error
	}{
		{second(New(Laplace{Epsilon: nan, Sensitivity: -1, Lower: 1, Upper: 1, Numbers: -1})),
			"epsilon is NaN|sensitivity is -1|lower is 1 and upper 1|numbers is -1"},
		{second(New(Laplace{})), "epsilon is 0|sensitivity is 0"},
		{second(New(Laplace{Epsilon: 1e-9, Sensitivity: 1e-9, Upper: 1e12})), "too large beside"},
		{second(New(Laplace{Epsilon: 1, Sensitivity: 1e-300, Upper: 1e-300})), "another unit"},
		{second(New(Geometric{Epsilon: 1})), "sensitivity is 0"},
		{second(New(Geometric{Epsilon: 1e-9, Sensitivity: 1 << 50})), "raise epsilon"},
		{second(New(Staircase{Epsilon: 0.001})), "epsilon is 0.001|sensitivity is 0"},
		{second(New(Gaussian{Epsilon: 1, Rho: 1})), "rho beside epsilon|sensitivity is 0|lower is 0"},
		{second(New(Gaussian{Epsilon: 1, Delta: 1, Sensitivity: 1, Upper: 1})), "delta is 1"},
		{second(New(Gaussian{Epsilon: 1, Sensitivity: 1, Upper: 1})), "delta is 0"},
		{second(New(DiscreteGaussian{Rho: -1, Sensitivity: 1})), "rho is -1"},
		{second(NewSelector(Selection{})), `rule is ""|epsilon is 0|sensitivity is 0|lower is 0`},
		{second(NewSelector(Selection{Rule: Exponential, Epsilon: 1, Sensitivity: 1, Upper: math.Inf(1),
			Count: -1})), "upper +Inf|count is -1"},
		{second(NewSelector(Selection{Rule: Exponential, Epsilon: 100, Sensitivity: 5e-324, Upper: 1})),
			"too small"},
		{second(NewSparseVector(AboveThreshold{Epsilon: 1, Sensitivity: 1, Upper: 1, Threshold: 2})),
			"threshold is 2"},
		{second(NewSparseVector(AboveThreshold{})), "epsilon is 0|sensitivity is 0|lower is 0"},
		{second(NewResponder(RandomizedResponse{Epsilon: math.Inf(1), Categories: 1})),
			"epsilon is +Inf|categories is 1"},
		{second(NewUnaryResponder(UnaryEncoding{})), "epsilon is 0|categories is 0"},
	} {
		for _, want := range strings.Split(test.want, "|") {
			if test.err == nil || !strings.Contains(test.err.Error(), want) {
				t.Errorf("got %v, want %q in it", test.err, want)
			}
		}
		if test.err != nil && (strings.Count(test.err.Error(), "mechanism: ") != 1 ||
			strings.Contains(test.err.Error(), "exact: ")) {
			t.Errorf("got %v", test.err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAnswersRefuseWhatIsNone(t *testing.T) {
	r := must[*Responder](t)(NewResponder(RandomizedResponse{Epsilon: 1, Categories: 3}))
	u := must[*UnaryResponder](t)(NewUnaryResponder(UnaryEncoding{Epsilon: 1, Categories: 3}))
	for _, x := range []int{-1, 3, math.MaxInt, math.MinInt} {
		if _, err := r.Answer(x); err == nil {
			t.Errorf("answer %d is taken", x)
		}
		if _, err := u.Answer(x); err == nil {
			t.Errorf("answer %d is taken", x)
		}
	}
	if got := r.Mechanism(); got.String() == "" || r.Cost().Epsilon != 1 || u.Cost().Epsilon != 1 {
		t.Errorf("costs %v", got)
	}
}
