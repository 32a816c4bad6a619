package kanon

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Counts that were spilled are solved by any loss, limits of all classes together
// and means as counts are that were not: the plan is the same, byte for byte,
// where it says that it is the optimum, and loses no less otherwise.
func TestSpilledCountsOfAnyLoss(t *testing.T) {
	losses := []Loss{
		{Aggregate: AggregateMaximum}, {Balance: 0.5, Weights: map[string]float64{"age": 0.3}},
		{Measure: MeasureNCP}, {Measure: MeasurePrecision, Balance: -0.4}, {Measure: MeasureHeight},
		{Measure: MeasureEntropy}, {Measure: MeasureNormalizedEntropy, Aggregate: AggregateRank},
		{Measure: MeasureDiscernibility}, {Measure: MeasureAECS}, {Measure: MeasureAmbiguity},
		{Measure: MeasureInformation},
	}
	rounds := 4
	if testing.Short() {
		rounds = 1
	}
	optimal, partial := 0, 0
	for i, loss := range losses {
		for round := range rounds {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			r := rand.New(rand.NewPCG(uint64(i), uint64(40+round)))
			cfg := drawnConfig(r)
			cfg.Loss = loss
			if round%2 == 1 {
				cfg.Numeric = NumericMean
			}
			if r.IntN(3) == 0 {
				cfg.Models = append(cfg.Models, AverageRisk{Risk: 0.2 + 0.2*r.Float64()})
			}
			a := mustNew(t, cfg)
			people := drawnPeople(r, 150+r.IntN(150))
			whole := spilledCounts(t, mem, a, people, len(people), 0)
			want, wantErr := a.Solve(t.Context(), whole)
			need := whole.solved()
			bound := boundOf(whole, need*int64(r.IntN(6)+3)/6)
			c := spilledCounts(t, mem, a, people, 7, bound/9)
			if !c.spilled() {
				t.Fatal("nothing was spilled; the test needs it")
			}
			c.bound = bound
			got, err := a.Solve(t.Context(), c)
			if closed := c.Close(); closed != nil {
				t.Fatal(closed)
			}
			switch {
			case err != nil && strings.Contains(err.Error(), "outgr"):
				continue
			case (err == nil) != (wantErr == nil):
				t.Fatalf("%s, round %d: %v, want %v", loss, round, err, wantErr)
			case err != nil:
				continue
			}
			if d := got.Summary().Loss - want.Summary().Loss; d < -1e-9*want.Summary().Loss {
				t.Fatalf("%s, round %d: less loss than the optimum, by %v", loss, round, -d)
			} else if got.Summary().Search == searchOptimal {
				optimal++
				if d > 1e-9*want.Summary().Loss {
					t.Fatalf("%s, round %d: more loss than the optimum, by %v", loss, round, d)
				}
				if m := loss.Measure; m == MeasureAmbiguity || m == MeasureInformation {
					got.doc.Summary.Loss = want.doc.Summary.Loss // a sum in the order of tuples
				}
				if planBytes(t, got) != planBytes(t, want) {
					t.Fatalf("%s, round %d: another plan:\n%s\n%s", loss, round, planBytes(t, got),
						planBytes(t, want))
				}
			} else {
				partial++
			}
			if b := got.Summary().Bound; b != nil && *b > want.Summary().Loss+1e-9 {
				t.Fatalf("%s, round %d: the bound %v is above the optimum %v", loss, round, *b,
					want.Summary().Loss)
			}
			acceptable(t, mem, cfg, got, people)
			mem.AssertSize(t, 0)
		}
	}
	t.Logf("%d optimal, %d partial", optimal, partial)
	if optimal < len(losses)*rounds/3 || !testing.Short() && partial == 0 {
		t.Fatal("the test needs both")
	}
}

// What cannot be had by parts of the combinations is refused by name.
func TestSpilledCountsOfDivergence(t *testing.T) {
	cfg := peopleConfig()
	cfg.Loss.Measure = MeasureDivergence
	a := mustNew(t, cfg)
	people := drawnPeople(rand.New(rand.NewPCG(1, 16)), 300)
	c := spilledCounts(t, memory.NewGoAllocator(), a, people, 9, 2000)
	defer c.Close()
	_, err := a.Solve(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), `"kl_divergence"`) {
		t.Fatal(err)
	}
}
