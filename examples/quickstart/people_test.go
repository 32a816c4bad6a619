package main

import (
	"math/rand/v2"
	"testing"
)

// TestCheckDigit has numbers in print: 0794 and its check digit 5 is the
// example of ISO 7064, the others are the examples of the German tax office's
// number, which uses the same system.
func TestCheckDigit(t *testing.T) {
	for _, number := range []string{"07945", "86095742719", "36574261809"} {
		n := len(number) - 1
		if got := checkDigit([]byte(number[:n])); got != number[n] {
			t.Errorf("got %c for %s", got, number)
		}
	}
}

func TestNationalIDs(t *testing.T) {
	seen := map[string]bool{}
	for i := range uint32(200_000) {
		id := nationalID(nil, i)
		if len(id) != 11 || id[0] == '0' || !valid(id) {
			t.Fatalf("number of person %d is %s", i, id)
		}
		seen[string(id)] = true
		wrong := append([]byte{}, id...)
		wrong[i%11] = '0' + (wrong[i%11]-'0'+byte(1+i%9))%10
		if valid(wrong) {
			t.Fatalf("a wrong digit in %s is not noticed", id)
		}
	}
	if len(seen) != 200_000 {
		t.Errorf("%d numbers for 200,000 people", len(seen))
	}
}

// valid checks a whole number the way the standard states it: the last sum
// leaves 1 modulo 10.
func valid(id []byte) bool {
	p := 10
	for _, d := range id[:len(id)-1] {
		s := (p + int(d-'0')) % 10
		if s == 0 {
			s = 10
		}
		p = 2 * s % 11
	}
	return (p+int(id[len(id)-1]-'0'))%10 == 1
}

// TestAlias compares how often a number comes with its weight. With 400,000
// draws the bound is nine standard deviations.
func TestAlias(t *testing.T) {
	weights := []float64{0, 1, 2, 0, 5, 0.5, 1.5}
	a := newAlias(weights)
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 400_000
	count := make([]int, len(weights))
	for range n {
		count[a.draw(rng)]++
	}
	for i, w := range weights {
		got := float64(count[i]) / n
		if diff := got - w/10; diff < -0.007 || diff > 0.007 || w == 0 && count[i] > 0 {
			t.Errorf("%d came with %.4f, want %.4f", i, got, w/10)
		}
	}
}

func TestVisitBits(t *testing.T) {
	if len(illnesses) > 1<<illnessBits {
		t.Fatalf("%d illnesses in %d bits", len(illnesses), illnessBits)
	}
	if d := illnesses[fallback]; d.least > 0 || d.women == 0 || d.men == 0 {
		t.Error("not everybody can have the fallback")
	}
	v := newVisit(periodSeconds-1, 1<<32-1, len(illnesses)-1)
	if v.second() != periodSeconds-1 || v.person() != 1<<32-1 || v.illness() != len(illnesses)-1 {
		t.Error("a visit does not hold what it is made of")
	}
}

func TestZips(t *testing.T) {
	z := newZips()
	if len(z.codes) != 300 {
		t.Errorf("%d zips", len(z.codes))
	}
	seen := map[string]bool{}
	for _, code := range z.codes {
		seen[code] = true
	}
	if len(seen) != len(z.codes) {
		t.Error("a zip comes twice")
	}
}

func TestNamesFit(t *testing.T) {
	n := newNames()
	if want := 4 * givenNames * len(familyNames); len(n.full) != want || len(familyNames) > 256 {
		t.Errorf("%d names, want %d", len(n.full), want)
	}
}
