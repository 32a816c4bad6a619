package kanon

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

func TestNewRefusesLoss(t *testing.T) {
	for _, c := range []struct {
		loss Loss
		want []string
	}{
		{Loss{Measure: "los"}, []string{`kanon: loss: measure "los" is unknown, want one of "loss"`}},
		{Loss{Measure: MeasureAECS, Aggregate: AggregateSum, Balance: -1,
			Weights: map[string]float64{"zip": 1}}, []string{
			"aecs is a measure of classes and has no aggregate",
			"balance is -1, want above it for aecs"}},
		{Loss{Measure: MeasureAmbiguity, Weights: map[string]float64{"zip": 1}},
			[]string{"ambiguity is a measure of classes and has no weights"}},
		{Loss{Measure: MeasureHeight, Balance: 0.5}, []string{"height has no balance"}},
		{Loss{Aggregate: "max", Balance: math.NaN()}, []string{
			`aggregate "max" is unknown`, "balance is NaN, want from -1 to 1"}},
		{Loss{Weights: map[string]float64{"zip": math.Inf(1), "note": 1}}, []string{
			`weight of column "zip" is +Inf`, `column "note" has a weight and is no quasi-identifier`}},
		{Loss{Weights: map[string]float64{"zip": 0, "age": 0}}, []string{"all weights are 0"}},
	} {
		cfg := smallConfig()
		cfg.Loss = c.loss
		_, err := New(cfg)
		if err == nil {
			t.Errorf("%+v is accepted", c.loss)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is missing in:\n%v", want, err)
			}
		}
	}
}

// Six rows: age 21, 22, 23 in zip 100, and 41, 43, 45 in zip 200, worked by
// hand. With zip as it is, ages go up until each zip has one label.
func TestLossByHand(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), sick)
	defer rec.Release()
	for _, c := range []struct {
		loss Loss
		want float64
	}{
		// Two classes of three.
		{Loss{Measure: MeasureDiscernibility}, 18},
		{Loss{Measure: MeasureAECS}, 3},
		{Loss{Measure: MeasureHeight, Aggregate: AggregateMaximum}, 1},
		// A label of age stands for three of six values: log2(3) a row.
		{Loss{Measure: MeasureEntropy}, 6 * math.Log2(3)},
		{Loss{Measure: MeasureNormalizedEntropy, Weights: map[string]float64{"zip": 0}},
			math.Log2(3) / math.Log2(6)},
	} {
		cfg := smallConfig()
		cfg.Models = []Model{KAnonymity{3}}
		cfg.MaxSuppression = 0
		cfg.Loss = c.loss
		a := mustNew(t, cfg)
		p, err := a.Solve(context.Background(), mustCount(t, a, rec))
		if err != nil {
			t.Fatal(err)
		}
		if s := p.Summary(); math.Abs(s.Loss-c.want) > 1e-9 || s.Measure != c.loss.String() {
			t.Errorf("%s: levels %v, loss %v by %s, want %v", c.loss, s.Levels, s.Loss, s.Measure, c.want)
		}
	}
}

// What a weight and a balance are for: the heavier column keeps more, and free
// suppression generalizes nothing.
func TestLossWeighs(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), sick)
	defer rec.Release()
	solve := func(loss Loss, limit float64) Summary {
		cfg := smallConfig()
		cfg.Models = []Model{KAnonymity{6}}
		cfg.MaxSuppression, cfg.Loss = limit, loss
		a := mustNew(t, cfg)
		p, err := a.Solve(context.Background(), mustCount(t, a, rec))
		if err != nil && !errors.Is(err, ErrInfeasible) {
			t.Fatal(err)
		}
		return p.Summary()
	}
	if s := solve(Loss{Balance: -1}, 1); s.Loss != 0 || s.Suppressed != 6 {
		t.Errorf("free suppression: %+v", s)
	}
	if s := solve(Loss{Balance: 1}, 1); s.Loss != 0 || s.Suppressed != 0 {
		t.Errorf("free generalization: %+v", s)
	}
}
