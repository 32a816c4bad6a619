package kanon

import (
	"math"
	"strings"
	"testing"
)

func TestNewReturnsEveryMistake(t *testing.T) {
	_, err := New(Config{
		Quasi: []Quasi{
			{Column: "a"},
			{Column: "", Hierarchy: oneLevel()},
			{Column: "b", Hierarchy: Prefix{}},
			{Column: "c", Hierarchy: oneLevel(), MinLevel: 2},
			{Column: "c", Hierarchy: oneLevel(), MaxLevel: -1},
			{Column: "d", Hierarchy: tens(), MinLevel: 2, MaxLevel: 1},
			{Column: "\xff", Hierarchy: oneLevel()},
		},
		Models:         []Model{KAnonymity{1}, nil, KAnonymity{2}},
		MaxSuppression: math.NaN(),
		Unit:           "d",
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`column "a": no hierarchy`, `quasi-identifier 2 has no column`, `column "b": `,
		`column "c": minimal level is 2, want 0 to 1`, `column "c" is a quasi-identifier twice`,
		`column "c": maximal level is -1`, `minimal level 2 is above maximal level 1`,
		`the name is not UTF-8`, `column "d" is the unit`, `k is 1, want at least 2`,
		`a privacy model is nil`, `k-anonymity is asked for twice`, `maximal suppression is NaN`,
		`recoding is "", want "global"`, `suppressed is "", want "drop" or "star"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
	for _, line := range strings.Split(err.Error(), "\n") {
		if strings.Count(line, "kanon: ") != 1 {
			t.Errorf("line %q", line)
		}
	}
}

func TestNewCopies(t *testing.T) {
	cfg := peopleConfig()
	a := mustNew(t, cfg)
	cfg.Quasi[0].Column = "other"
	cfg.Models[0] = KAnonymity{99}
	if a.cfg.Quasi[0].Column != "zip" || a.models()[0] != "2-anonymity" {
		t.Fatal("the configuration is shared")
	}
}
