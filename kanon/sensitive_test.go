package kanon

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

func TestNewRefusesModels(t *testing.T) {
	cfg := peopleConfig()
	cfg.Unit = "id"
	cfg.Models = []Model{
		LDiversity{}, LDiversity{Column: "zip", L: 2, Kind: Distinct},
		LDiversity{Column: "id", L: 2, Kind: Distinct},
		LDiversity{Column: "note", L: 2.5, Kind: Recursive},
		LDiversity{Column: "note", L: math.NaN(), Kind: Entropy, C: 1},
		LDiversity{Column: "note", L: 3, Kind: Entropy},
		TCloseness{Column: "note", T: 1, Distance: Hierarchical},
		TCloseness{Column: "note", Distance: Equal, Tree: &Tree{}},
		TCloseness{Column: "note", T: 0.1},
		TCloseness{Column: "other", T: 0.1, Distance: Hierarchical, Tree: &Tree{}},
		&TCloseness{Column: "note", T: 0.1, Distance: Equal},
	}
	_, err := New(cfg)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"kanon: a model of a sensitive column names none", `kind of diversity is ""`,
		`column "zip": is a quasi-identifier`, `column "id": is the unit`,
		`column "note": l is 2.5, want a whole number`, `column "note": c is 0, want above 0`,
		`l is NaN, want above 1`, `c is 1, want it for recursive`,
		`column "note": entropy diversity is asked for twice`,
		`t is 1, want above 0 and below 1`, `has no tree`, `t is 0, want`,
		`a tree is for distance "hierarchical", not "equal"`, `distance is "", want`,
		`column "other": tree: empty`, `privacy model *kanon.TCloseness is not supported`,
		"no k-anonymity beside the other models",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

// sick are six visits of five people; note is what they have.
var sick = []person{
	{id: "a", age: 21, zip: "100", note: "flu"}, {id: "b", age: 22, zip: "100", note: "flu"},
	{id: "c", age: 23, zip: "100", note: "flu"}, {id: "d", age: 41, zip: "200", note: "flu"},
	{id: "e", age: 43, zip: "200", note: "cold"}, {id: "e", age: 45, zip: "200", note: "cold"},
}

// Three share one diagnosis: 3-anonymous, and yet everything is known of them.
// With diversity the classes merge, or these three are suppressed.
func TestDiversityByHand(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), sick)
	defer rec.Release()
	solve := func(limit float64, unit string, models ...Model) (Summary, error) {
		t.Helper()
		cfg := smallConfig()
		cfg.MaxSuppression, cfg.Unit = limit, unit
		cfg.Models = append([]Model{KAnonymity{2}}, models...)
		a := mustNew(t, cfg)
		p, err := a.Solve(context.Background(), mustCount(t, a, rec))
		if err != nil {
			return Summary{}, err
		}
		return p.Summary(), nil
	}
	for _, c := range []struct {
		name                string
		limit               float64
		unit                string
		model               Model
		classes, suppressed int64
	}{
		{"two", 0, "", LDiversity{Column: "note", L: 2, Kind: Distinct}, 1, 0},
		{"two of a half", 0.5, "", LDiversity{Column: "note", L: 2, Kind: Distinct}, 1, 3},
		// flu 1, cold 2: an entropy of 0.637 nats, as of 1.89 values.
		{"entropy", 0.5, "", LDiversity{Column: "note", L: 1.88, Kind: Entropy}, 1, 3},
		// flu of one person, cold of one: ln 2. The three of flu are one value.
		{"entropy of people", 0.5, "id", LDiversity{Column: "note", L: 2, Kind: Entropy}, 1, 3},
		{"recursive", 0.5, "", LDiversity{Column: "note", L: 2, Kind: Recursive, C: 2.1}, 1, 3},
		{"recursive of people", 0.5, "id",
			LDiversity{Column: "note", L: 2, Kind: Recursive, C: 1.1}, 1, 3},
		// The table has flu 4/6. The classes have 1 and 1/3, each 1/3 away.
		{"close", 0, "", TCloseness{Column: "note", T: 0.34, Distance: Equal}, 2, 0},
		{"closer", 0, "", TCloseness{Column: "note", T: 0.33, Distance: Equal}, 1, 0},
		// In people it has 4/5; the classes have 1 and 1/2.
		{"close of people", 0, "id", TCloseness{Column: "note", T: 0.3, Distance: Ordered}, 2, 0},
		// The second class has 2/3 of cold, which the table has 1/3 of, and 1/3
		// of flu, of 2/3: twice and half. The first has flu 3/2 times.
		{"alpha", 0.5, "", AlphaK{Column: "note", Alpha: 0.67, K: 2}, 1, 3},
		{"alpha of people", 0.5, "id", AlphaK{Column: "note", Alpha: 0.5, K: 2}, 1, 3},
		{"likeness", 0, "", BetaLikeness{Column: "note", Beta: 1, Kind: Basic}, 2, 0},
		{"less likeness", 0, "", BetaLikeness{Column: "note", Beta: 0.99, Kind: Basic}, 1, 0},
		// -ln(2/3) is 0.41, below the gain of 0.5.
		{"enhanced", 0.5, "", BetaLikeness{Column: "note", Beta: 1, Kind: Enhanced}, 1, 3},
		{"disclosure", 0, "", DeltaDisclosure{Column: "note", Delta: 1.01}, 2, 0},
		{"strict disclosure", 0, "", DeltaDisclosure{Column: "note", Delta: 1}, 1, 0},
		{"closer of people", 0, "id", TCloseness{Column: "note", T: 0.29, Distance: Ordered}, 1, 0},
	} {
		s, err := solve(c.limit, c.unit, c.model)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if s.Classes != c.classes || s.Suppressed != c.suppressed {
			t.Errorf("%s: %d classes and %d suppressed, want %d and %d",
				c.name, s.Classes, s.Suppressed, c.classes, c.suppressed)
		}
	}
	_, err := solve(0, "", LDiversity{Column: "note", L: 3, Kind: Distinct})
	if !errors.Is(err, ErrInfeasible) ||
		!strings.Contains(err.Error(), "models: distinct 3-diversity of note fails for 1 class even where the whole table is one class; "+
			`column "note" has 2 different values, so ask for an l of at most 2`) {
		t.Errorf("error %v", err)
	}
}

// The check of the classes by hand, in rows and in people.
func TestCheckDiversityByHand(t *testing.T) {
	tree, err := NewTree([][]string{{"cold", "ill", "*"}, {"flu", "ill", "*"}})
	if err != nil {
		t.Fatal(err)
	}
	rec := encoding{dict: true}.record(t, memory.NewGoAllocator(), sick)
	defer rec.Release()
	models := []Model{
		LDiversity{Column: "note", L: 2, Kind: Distinct},
		LDiversity{Column: "note", L: 1.5, Kind: Entropy},
		LDiversity{Column: "note", L: 2, Kind: Recursive, C: 3},
		TCloseness{Column: "note", T: 0.34, Distance: Equal},
		TCloseness{Column: "note", T: 0.34, Distance: Ordered},
		TCloseness{Column: "note", T: 0.16, Distance: Hierarchical, Tree: tree},
		AlphaK{Column: "note", Alpha: 0.67, K: 2},
		BetaLikeness{Column: "note", Beta: 1, Kind: Basic},
		BetaLikeness{Column: "note", Beta: 1, Kind: Enhanced},
		DeltaDisclosure{Column: "note", Delta: 1},
	}
	// In people flu has 4/5 and cold 1/5 of the table, and each a half of the
	// second class.
	people := math.Log2(2.5)
	for _, c := range []struct {
		unit    string
		from    int64
		reached []float64
		holds   []bool
	}{
		{"", 0, []float64{1, 1, 0, 1. / 3, 1. / 3, 1. / 6, 1, 1, 1, 1},
			[]bool{false, false, false, true, true, false, false, true, false, false}},
		{"id", 0, []float64{1, 1, 0, 0.3, 0.3, 0.15, 1, 1.5, 1.5, people},
			[]bool{false, false, false, true, true, true, false, false, false, false}},
		// The second class alone: entropy ln 3 - 2/3 ln 2 in rows.
		{"", 3, []float64{2, 3 / math.Pow(2, 2./3), 2, 1. / 3, 1. / 3, 1. / 6, 2. / 3, 1, 1, 1},
			[]bool{true, true, true, true, true, false, true, true, true, false}},
		{"id", 3, []float64{2, 2, 1, 0.3, 0.3, 0.15, 0.5, 1.5, 1.5, people},
			[]bool{true, true, true, true, true, true, true, false, false, false}},
	} {
		checker, err := NewChecker(CheckConfig{Quasi: []string{"zip"}, Unit: c.unit, Models: models,
			Frequencies: true})
		if err != nil {
			t.Fatal(err)
		}
		kept := rec.NewSlice(c.from, rec.NumRows())
		defer kept.Release()
		if err := errors.Join(checker.Add(kept), checker.Reference(rec)); err != nil {
			t.Fatal(err)
		}
		a, err := checker.Audit()
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range a.Models {
			if math.Abs(m.Reached-c.reached[i]) > 1e-12 || m.Holds != c.holds[i] {
				t.Errorf("unit %q from %d: %+v, want %v, %v", c.unit, c.from, m, c.reached[i], c.holds[i])
			}
		}
		s := a.Sensitive[0]
		for i, x := range map[int]float64{1: s.EntropyL, 3: s.T, 6: s.Alpha, 7: s.Beta, 9: s.Delta} {
			if s.Column != "note" || math.Abs(x-c.reached[i]) > 1e-12 {
				t.Errorf("sensitive %+v, want what the models reach", s)
			}
		}
	}
}

// A reference that lacks rows of the table is none.
func TestCheckRefusesReference(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), sick)
	defer rec.Release()
	part := rec.NewSlice(0, 2)
	defer part.Release()
	c, err := NewChecker(CheckConfig{Quasi: []string{"zip"}, Models: []Model{
		TCloseness{Column: "note", T: 0.5, Distance: Equal}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Add(rec), c.Reference(part)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Audit(); err == nil || strings.Contains(err.Error(), "flu") ||
		!strings.Contains(err.Error(), "does not hold all rows") {
		t.Fatalf("error %v", err)
	}
}

// A value that the tree does not list is an error, which does not show it.
func TestTreeMustListValues(t *testing.T) {
	tree, err := NewTree([][]string{{"flu", "*"}})
	if err != nil {
		t.Fatal(err)
	}
	cfg := smallConfig()
	m := TCloseness{Column: "note", T: 0.5, Distance: Hierarchical, Tree: tree}
	cfg.Models = append(cfg.Models, m)
	rec := encoding{}.record(t, memory.NewGoAllocator(), sick)
	defer rec.Release()
	a := mustNew(t, cfg)
	_, err = a.Solve(context.Background(), mustCount(t, a, rec))
	c, checkErr := NewChecker(CheckConfig{Quasi: []string{"zip"}, Models: []Model{m}})
	if checkErr != nil {
		t.Fatal(checkErr)
	}
	if err := c.Add(rec); err != nil {
		t.Fatal(err)
	}
	_, checkErr = c.Audit()
	for _, err := range []error{err, checkErr} {
		if err == nil || strings.Contains(err.Error(), "cold") ||
			!strings.Contains(err.Error(), `column "note": tree: 1 of 2 distinct values are not listed`) {
			t.Errorf("error %v", err)
		}
	}
}

// Counts for other models are not taken for these.
func TestCountsOfOtherModels(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), sick)
	defer rec.Release()
	plain := mustNew(t, smallConfig())
	cfg := smallConfig()
	cfg.Models = append(cfg.Models, LDiversity{Column: "note", L: 2, Kind: Distinct})
	diverse := mustNew(t, cfg)
	if _, err := diverse.Solve(context.Background(), mustCount(t, plain, rec)); err == nil {
		t.Error("counts without values are accepted")
	}
	if err := mustCount(t, diverse, rec).Merge(mustCount(t, plain, rec)); err == nil {
		t.Error("counts without values are merged")
	}
}
