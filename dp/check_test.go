package dp

import (
	"errors"
	"testing"
)

func TestCheck(t *testing.T) {
	s, err := New(Config{Total: Budget{Epsilon: 0.3}, Unit: Unit{Column: "id", MaxRows: 1}})
	if err != nil {
		t.Fatal(err)
	}
	one, two := Count{Epsilon: 0.1}, &Count{Epsilon: 0.2}
	for range 2 { // nothing is spent
		if err := s.Check(one, two); err != nil {
			t.Error(err)
		}
	}
	if got := s.Remaining().Epsilon; got != 0.3 {
		t.Errorf("%v left after checks, want 0.3", got)
	}
	if err := s.Check(one, two, one); !errors.Is(err, ErrBudget) {
		t.Errorf("%v, want ErrBudget", err)
	}
	if err := s.Check(Count{Epsilon: 1e-300}); err == nil {
		t.Error("noise that cannot be exact is fine")
	}
	err = s.Check(Count{}, Mean{Column: "x", Epsilon: 0.1}, nil)
	want := "dp: 3 mistakes\n" +
		"\tquery \"count\": epsilon is 0, want a positive finite number\n" +
		"\tquery \"mean x\": lower is 0 and upper 0, want finite numbers, lower below upper\n" +
		"\tquery 3: want a query of package dp"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
