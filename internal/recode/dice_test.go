package recode

import "testing"

// The first numbers of SplitMix64 from the seed 1234567, as the task "Pseudo-
// random numbers/Splitmix64" of Rosetta Code lists them.
func TestDice(t *testing.T) {
	d := dice(1234567)
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423,
		4593380528125082431, 16408922859458223821} {
		if got := d.next(); got != want {
			t.Errorf("number %d is %d, want %d", i, got, want)
		}
	}
	seen := [7]int{}
	for range 7000 {
		seen[d.below(7)]++
	}
	for i, n := range seen {
		if n < 800 || n > 1200 { // seven standard deviations
			t.Errorf("%d came %d times of 7000", i, n)
		}
	}
}
