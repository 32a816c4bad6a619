package accounting

import (
	"math"
	"strings"
	"testing"
)

func TestZeroValuesAreRefused(t *testing.T) {
	for _, m := range []Mechanism{Gaussian{}, GaussianDP{}, Laplace{}, DiscreteLaplace{},
		DiscreteGaussian{}, RandomizedResponse{}, EpsilonDelta{}, ZCDP{}, Exponential{}, Sampled{},
		PermuteAndFlip{}, FixedSample{}, TruncatedSample{}, GaussianMixture{}, RepeatSelect{}, nil} {
		_, lossErr := NewLossDistribution(0, Step{m, 1})
		_, renyiErr := NewRenyi(nil, Step{m, 1})
		if lossErr == nil || renyiErr == nil {
			t.Errorf("%T: %v and %v, want errors", m, lossErr, renyiErr)
		}
		if c, ok := m.(Curve); ok {
			if _, err := c.Epsilon(0.1); err == nil {
				t.Errorf("%T has an epsilon", m)
			}
			if _, err := c.Delta(1); err == nil {
				t.Errorf("%T has a delta", m)
			}
		}
	}
	for _, c := range []Curve{(*LossDistribution)(nil), &LossDistribution{}, (*Renyi)(nil), &Renyi{},
		Training{}} {
		if _, err := c.Epsilon(0.1); err == nil {
			t.Errorf("%T has an epsilon", c)
		}
		if _, err := c.Delta(1); err == nil {
			t.Errorf("%T has a delta", c)
		}
	}
}

// TestAllMistakesAtOnce: each is named once, under the package's name.
func TestAllMistakesAtOnce(t *testing.T) {
	_, err := NewLossDistribution(-1,
		Step{Gaussian{-1, 0}, 1},
		Step{Laplace{1, 1}, 0},
		Step{Sampled{RandomizedResponse{2, 1, ""}, 3}, 1})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"interval is -1", "step 1: gaussian: sigma is -1", "sensitivity is 0",
		"step 2: count is 0", "step 3: sampled: rate is 3", "noise is 2", "categories is 1",
		`neighbors is ""`} {
		if strings.Count(err.Error(), want) != 1 {
			t.Errorf("%q is not once in: %v", want, err)
		}
	}
	if !strings.HasPrefix(err.Error(), "accounting: ") || strings.Count(err.Error(), "accounting") != 1 {
		t.Errorf("want the prefix once: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	g := Step{Gaussian{1, 1}, 1}
	loss := func(h float64, s ...Step) error { _, err := NewLossDistribution(h, s...); return err }
	renyi := func(orders []float64, s ...Step) error { _, err := NewRenyi(orders, s...); return err }
	first := func(_ any, err error) error { return err }
	d, r := lossOf(t, 1e-2, g), renyiOf(t, g)
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"zcdp has no losses":      {loss(0, Step{ZCDP{1}, 1}), "use Renyi"},
		"no renyi":                {renyi(nil, Step{Sampled{Laplace{1, 1}, 0.1}, 1}), "NewLossDistribution"},
		"no step":                 {loss(0), "no step"},
		"sampled response":        {loss(0, Step{Sampled{RandomizedResponse{0.5, 2, Replace}, 0.5}, 1}), "equally many"},
		"sampled sample":          {loss(0, Step{Sampled{Sampled{Gaussian{1, 1}, 0.5}, 0.5}, 1}), "no bound is known"},
		"too fine":                {loss(1e-9, Step{Gaussian{0.1, 1}, 1}), "enlarge the interval"},
		"too long":                {loss(1e-4, Step{Laplace{0.5, 1}, maxCount}), "enlarge the interval"},
		"order":                   {renyi([]float64{1}, g), "order"},
		"no order":                {renyi([]float64{}, g), "no order"},
		"delta of 0":              {first(d.Epsilon(0)), "delta is 0"},
		"delta of 1":              {first(r.Epsilon(1)), "delta is 1"},
		"epsilon below 0":         {first(d.Delta(-1)), "epsilon is -1"},
		"epsilon not a number":    {first(r.Delta(math.NaN())), "epsilon is NaN"},
		"times 0":                 {first(d.Times(0)), "count is 0"},
		"different intervals":     {first(d.Compose(lossOf(t, 1e-3, g))), "intervals"},
		"nothing to compose with": {first(d.Compose(nil)), "no loss distribution"},
		"sampled selection":       {renyi(nil, Step{Sampled{RepeatSelect{[]Step{g}, 2, 1}, 0.5}, 1}), "no bound is known"},
		"no losses of selection":  {loss(0, Step{RepeatSelect{[]Step{g}, 2, 1}, 1}), "use Renyi"},
		"selection with a delta":  {renyi(nil, Step{RepeatSelect{[]Step{{EpsilonDelta{1, 1e-6}, 1}}, 2, 1}, 1}), "without a δ"},
		"mean below 1":            {renyi(nil, Step{RepeatSelect{[]Step{g}, 0.5, 1}, 1}), "mean is 0.5"},
		"shape below 0":           {renyi(nil, Step{RepeatSelect{[]Step{g}, 2, -1}, 1}), "shape is -1"},
		"more than all":           {renyi(nil, Step{FixedSample{Gaussian{1, 1}, 11, 10}, 1}), "11 of 10 people"},
		"fixed sample of laplace": {renyi(nil, Step{FixedSample{Laplace{1, 1}, 1, 10}, 1}), "no bound is known"},
		"no renyi of truncated":   {renyi(nil, Step{TruncatedSample{Gaussian{1, 1}, 0.1, 5, 10}, 1}), "NewLossDistribution"},
		"truncated to none":       {loss(0, Step{TruncatedSample{Gaussian{1, 1}, 0.1, 0, 10}, 1}), "most is 0"},
		"rate of 1":               {loss(0, Step{TruncatedSample{Gaussian{1, 1}, 1, 5, 10}, 1}), "rate is 1"},
		"probabilities":           {loss(0, Step{GaussianMixture{1, []float64{0, 1}, []float64{0.5, 0.6}}, 1}), "sum to 1.1"},
		"no sensitivity":          {loss(0, Step{GaussianMixture{1, []float64{0, 1}, []float64{1, 0}}, 1}), "all 0"},
		"different orders":        {first(r.Compose(&Renyi{orders: []float64{2}, divergence: []float64{1}})), "orders differ"},
		"group of none":           {first(EpsilonDelta{1, 0}.Group(0)), "size is 0"},
		"sigma for pure":          {first(GaussianSigma(EpsilonDelta{1, 0}, 1)), "delta is 0"},
		"rho for nothing":         {first(RhoFor(EpsilonDelta{})), "epsilon is 0"},
		"composition of none":     {first(AdvancedComposition(EpsilonDelta{1, 0}, 0, 0.1)), "count is 0"},
		"nothing left":            {first(AdvancedEpsilon(EpsilonDelta{1, 1e-6}, 10, 1e-6)), "lower it"},
		"no curve":                {first(LeastNoise(EpsilonDelta{1, 1e-6}, nil)), "no curve"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) ||
			strings.Count(c.err.Error(), "accounting: ") != 1 {
			t.Errorf("%s: %v, want one accounting error with %q", name, c.err, c.want)
		}
	}
}
