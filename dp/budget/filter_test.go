package budget

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/lethe-go/lethe/internal/decimal"
)

func filterOf(t interface {
	Helper()
	Fatal(...any)
}, total Budget) *Filter {
	t.Helper()
	f, err := NewFilter(total)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func pure(epsilon float64) Charge { return Charge{"count", Cost{Epsilon: epsilon}} }

func TestTotals(t *testing.T) {
	for want, b := range map[string]Budget{
		"epsilon is 0, want a positive":    {},
		"epsilon is -1":                    {Epsilon: -1},
		"epsilon is NaN":                   {Epsilon: math.NaN()},
		"epsilon is +Inf":                  {Epsilon: math.Inf(1)},
		"rho is -1":                        {Rho: -1},
		"epsilon is 1 and rho 2, want one": {Epsilon: 1, Rho: 2},
		"delta is 1, want it in [0, 1)":    {Epsilon: 1, Delta: 1},
		"delta is NaN":                     {Rho: 1, Delta: math.NaN()},
	} {
		if _, err := NewFilter(b); err == nil || !strings.Contains(err.Error(), want) ||
			strings.Count(err.Error(), "budget: ") != 1 {
			t.Errorf("%v: %v, want %q", b, err, want)
		}
	}
	for _, b := range []Budget{{Epsilon: 1}, {Epsilon: 5e-324, Delta: 0.5}, {Rho: math.MaxFloat64}} {
		if f := filterOf(t, b); f.Remaining() != b || f.Total() != b {
			t.Errorf("%v: left %v", b, f.Remaining())
		}
	}
}

// By hand, in each currency.
func TestSpend(t *testing.T) {
	gauss := Charge{"sum", Cost{Epsilon: 0.5, Delta: 1e-6, Rho: 0.02}}
	known := Charge{"vector", Cost{Rho: 0.01, RhoDelta: 1e-7}}
	for _, c := range []struct {
		total   Budget
		charges []Charge
		spent   Budget
		err     string
	}{
		{Budget{Epsilon: 0.3}, []Charge{pure(0.1), pure(0.2)}, Budget{Epsilon: 0.3}, ""},
		{Budget{Epsilon: 1, Delta: 1e-6}, []Charge{gauss, pure(0.5)},
			Budget{Epsilon: 1, Delta: 1e-6}, ""},
		{Budget{Rho: 1}, []Charge{gauss, pure(0.1)}, Budget{Rho: 0.025}, ""},
		{Budget{Rho: 5}, []Charge{pure(4)}, Budget{Rho: 4}, ""}, // ε, below ε²/2
		{Budget{Rho: 1, Delta: 1e-6}, []Charge{known, {"x", Cost{Epsilon: 0.1, Delta: 1e-7}}},
			Budget{Rho: 0.015, Delta: 2e-7}, ""},
		{Budget{Epsilon: 1}, []Charge{gauss}, Budget{},
			`budget exhausted: "sum" needs δ=1e-06, 0 left`},
		{Budget{Epsilon: 0.7, Delta: 1}, nil, Budget{}, "total: delta is 1"},
		{Budget{Epsilon: 0.7}, []Charge{pure(0.6), pure(0.5)}, Budget{},
			`budget exhausted: "count" needs ε=0.5, 0.1 left`},
		{Budget{Epsilon: 1}, []Charge{known}, Budget{},
			`budget: "vector": its cost is known in ρ alone and the total is in ε`},
		{Budget{Epsilon: 1}, []Charge{{"none", Cost{}}}, Budget{}, `budget: "none": the cost is zero`},
		{Budget{Epsilon: 1}, []Charge{{"bad", Cost{Epsilon: -1, Delta: 2, Rho: math.Inf(1)}}}, Budget{},
			"epsilon is -1"},
	} {
		f, err := NewFilter(c.total)
		if err == nil {
			checked := f.Check(c.charges...)
			if f.Spent() != (Budget{}) {
				t.Errorf("%v: a check cost %v", c.total, f.Spent())
			}
			if err = f.Spend(c.charges...); (err == nil) != (checked == nil) {
				t.Errorf("%v: checked %v, then %v", c.total, checked, err)
			}
			if got := f.Spent(); got != c.spent {
				t.Errorf("%v: spent %v, want %v", c.total, got, c.spent)
			}
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%v: got  %v\nwant %s", c.total, err, c.err)
		}
		if exhausted := strings.HasPrefix(c.err, "budget exhausted"); exhausted !=
			errors.Is(err, ErrExhausted) {
			t.Errorf("%v: ErrExhausted is wrong for %v", c.total, err)
		}
	}
}

func TestZeroValues(t *testing.T) {
	var f Filter
	if f.Spend(pure(1)) == nil || f.Check() == nil || f.Spent() != (Budget{}) ||
		f.Remaining() != (Budget{}) {
		t.Error("a filter without a total grants something")
	}
	var o Odometer
	if o.Spend(pure(1)) == nil || o.Spent() != (Budget{}) {
		t.Error("an odometer without a currency counts something")
	}
	if _, err := o.Loss(0.1); err == nil {
		t.Error("an odometer without a currency knows a loss")
	}
	if _, err := NewOdometer(""); err == nil {
		t.Error("no currency is one")
	}
}

// costs draws what may be known of a release.
func costs() *rapid.Generator[Cost] {
	number := rapid.OneOf(rapid.Float64Range(1e-9, 2),
		rapid.Map(rapid.IntRange(1, 999), func(n int) float64 { return float64(n) / 1000 }))
	return rapid.Custom(func(t *rapid.T) Cost {
		c := Cost{Epsilon: number.Draw(t, "epsilon")}
		if rapid.Bool().Draw(t, "gaussian") {
			c.Delta = rapid.Float64Range(0, 1e-3).Draw(t, "delta")
			c.Rho = number.Draw(t, "rho")
		}
		return c
	})
}

// Whatever is asked: what was granted never sums to more than the total, what
// was refused would have, and all that is left can be spent.
func TestFilterProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := Budget{Epsilon: 3, Delta: 1e-3}
		if rapid.Bool().Draw(t, "in rho") {
			total = Budget{Rho: 2, Delta: 1e-3}
		}
		f := filterOf(t, total)
		loss, delta := new(big.Rat), new(big.Rat)
		for _, c := range rapid.SliceOf(costs()).Draw(t, "asked") {
			in, err := c.In(total)
			if err != nil {
				t.Fatal(err)
			}
			l := new(big.Rat).Add(loss, decimal.Of(in.Epsilon+in.Rho))
			d := new(big.Rat).Add(delta, decimal.Of(in.Delta))
			fits := l.Cmp(decimal.Of(total.Epsilon+total.Rho)) <= 0 &&
				d.Cmp(decimal.Of(total.Delta)) <= 0
			// In rounds up, which matters for ε²/2 alone.
			err = f.Spend(Charge{"c", c})
			if exact := total.Rho == 0 || c.Rho != 0; fits && err != nil || exact && fits != (err == nil) {
				t.Fatalf("fits: %v, answer: %v", fits, err)
			}
			if err == nil {
				loss, delta = l, d
			}
		}
		spent := f.Spent()
		if exact := total.Rho == 0; exact && (decimal.Of(spent.Epsilon).Cmp(loss) < 0 ||
			decimal.Of(spent.Delta).Cmp(delta) < 0) {
			t.Fatalf("spent %v is less than %v and %v", spent, loss, delta)
		}
		if left := f.Remaining(); left.Epsilon+left.Rho > 0 {
			if err := f.Spend(Charge{"rest", left.Cost()}); err != nil {
				t.Fatalf("what is left cannot be spent: %v", err)
			}
			if left := f.Remaining(); left.Epsilon+left.Rho > 1e-14 {
				t.Fatalf("%v left after spending all", left)
			}
		}
	})
}

func TestFilterConcurrently(t *testing.T) {
	f := filterOf(t, Budget{Epsilon: 1})
	var wg sync.WaitGroup
	granted := make(chan bool, 100)
	for range cap(granted) {
		wg.Go(func() {
			granted <- f.Spend(pure(0.1)) == nil
			f.Spent()
			f.Remaining()
		})
	}
	wg.Wait()
	close(granted)
	n := 0
	for ok := range granted {
		if ok {
			n++
		}
	}
	if n != 10 {
		t.Errorf("%d charges of ε = 0.1 for a budget of 1", n)
	}
}

func TestPartition(t *testing.T) {
	f := filterOf(t, Budget{Epsilon: 1})
	wards, err := f.Partition("wards", Budget{Epsilon: 0.2}, 5, 2)
	if err != nil || len(wards) != 5 {
		t.Fatal(err)
	}
	if got := f.Spent(); got != (Budget{Epsilon: 0.4}) {
		t.Errorf("spent %v, want twice the share", got)
	}
	for i, ward := range wards {
		if err := errors.Join(ward.Spend(pure(0.1)), ward.Spend(pure(0.1))); err != nil {
			t.Errorf("ward %d: %v", i, err)
		}
		if err := ward.Spend(pure(1e-9)); !errors.Is(err, ErrExhausted) {
			t.Errorf("ward %d: more than its share: %v", i, err)
		}
	}
	for want, try := range map[string]struct {
		share        Budget
		groups, most int
	}{
		`budget exhausted: "wards" needs ε=0.8, 0.6 left`: {Budget{Epsilon: 0.4}, 2, 2},
		"want one currency":            {Budget{Rho: 0.1}, 2, 2},
		"one person is in 0 of 2":      {Budget{Epsilon: 0.1}, 2, 0},
		"one person is in 3 of 2":      {Budget{Epsilon: 0.1}, 2, 3},
		"share: epsilon is 0":          {Budget{}, 2, 1},
		"needs δ=1e-06, 0 left":        {Budget{Epsilon: 0.1, Delta: 1e-6}, 2, 1},
		"one person is in 1 of 0 grou": {Budget{Epsilon: 0.1}, 0, 1},
	} {
		_, err := f.Partition("wards", try.share, try.groups, try.most)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if got := f.Spent(); got != (Budget{Epsilon: 0.4}) {
		t.Errorf("a refused partition cost something: %v", got)
	}
}
