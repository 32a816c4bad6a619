package main

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// The bounds of these tests are wide: with 50,000 visits a share is off by
// more than 0.01 with a probability below 1e-5, and the seed is fixed.

func share(rows []row, of func(row) bool) float64 {
	n := 0
	for _, r := range rows {
		if of(r) {
			n++
		}
	}
	return float64(n) / float64(max(len(rows), 1))
}

func within(t *testing.T, what string, got, low, high float64) {
	t.Helper()
	if !(got >= low && got <= high) {
		t.Errorf("%s is %.4g, want %g to %g", what, got, low, high)
	}
}

func where(rows []row, of func(row) bool) []row {
	var out []row
	for _, r := range rows {
		if of(r) {
			out = append(out, r)
		}
	}
	return out
}

func median(rows []row, of func(row) float64) float64 {
	values := make([]float64, len(rows))
	for i, r := range rows {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func days(r row) float64 { return float64(r.days) }

func TestMarginals(t *testing.T) {
	rows := table(t, 50_000, 1)
	zips, codes, wards, people, named := map[string]int{}, map[string]int{}, map[string]int{},
		map[string]int{}, map[string]bool{}
	for _, r := range rows {
		zips[r.zip]++
		codes[r.diagnosis]++
		wards[r.ward]++
		people[r.national]++
		named[r.name] = true
		if r.admitted.Before(time.Unix(periodStart, 0)) ||
			!r.admitted.Before(time.Unix(periodStart+periodSeconds, 0)) {
			t.Fatal("admitted outside of the two years")
		}
		if r.days < 0 || r.days > mostDays || r.cost == 0 || r.cost > 1e6 ||
			math.Abs(r.cost*100-math.Round(r.cost*100)) > 1e-6 {
			t.Fatalf("a stay of %d days for %v", r.days, r.cost)
		}
		if r.zip != "" && (len(r.zip) != 5 || strings.Trim(r.zip, "0123456789") != "") {
			t.Fatalf("zip %q", r.zip)
		}
		if a := r.age(); a < 0 || a > 108 {
			t.Fatalf("an age of %d", a)
		}
	}
	within(t, "patients a visit", float64(len(people))/50_000, 0.27, 0.33)
	within(t, "people a name", float64(len(people))/float64(len(named)), 1.05, 3)
	within(t, "zips", float64(len(zips)-1), 285, 300)
	within(t, "codes", float64(len(codes)), 60, 64)
	within(t, "wards", float64(len(wards)), 14, 14)
	within(t, "without zip", float64(zips[""])/50_000, 0.001, 0.01)
	within(t, "women", share(rows, func(r row) bool { return r.female }), 0.48, 0.6)
	within(t, "the median age", median(rows, func(r row) float64 { return float64(r.age()) }), 55, 75)
	within(t, "children", share(rows, func(r row) bool { return r.age() < 16 }), 0.03, 0.15)
	within(t, "85 and older", share(rows, func(r row) bool { return r.age() >= 85 }), 0.05, 0.2)
	within(t, "the median stay", median(rows, days), 3, 6)
	within(t, "stays over 30 days", share(rows, func(r row) bool { return r.days > 30 }), 0.005, 0.06)
	within(t, "not billed", share(rows, func(r row) bool { return r.cost < 0 }), 0.001, 0.02)
	within(t, "home region", share(rows, func(r row) bool { return strings.HasPrefix(r.zip, "04") }),
		0.8, 0.88)
	most := 0
	for _, n := range people {
		most = max(most, n)
	}
	within(t, "the visits of one person at most", float64(most), 15, mostVisits)
	common, rare := 0, 50_000
	for zip, n := range zips {
		if zip != "" {
			common, rare = max(common, n), min(rare, n)
		}
	}
	within(t, "the largest zip over the smallest", float64(common)/float64(rare), 50, 5000)
}

func TestPeopleStayTheSame(t *testing.T) {
	type fixed struct {
		name   string
		birth  time.Time
		female bool
	}
	seen, zips := map[string]fixed{}, map[string][]string{}
	until := map[string]time.Time{}
	rows := table(t, 50_000, 2)
	slices.SortFunc(rows, func(a, b row) int { return a.admitted.Compare(b.admitted) })
	for _, r := range rows {
		f := fixed{r.name, r.birth, r.female}
		if old, ok := seen[r.national]; ok && old != f {
			t.Fatal("a person changes")
		}
		seen[r.national] = f
		if !slices.Contains(zips[r.national], r.zip) {
			zips[r.national] = append(zips[r.national], r.zip)
		}
		if r.admitted.Before(until[r.national]) {
			t.Fatal("a person is in the hospital twice")
		}
		until[r.national] = r.discharged()
	}
	moved := 0
	for _, z := range zips {
		if len(z) > 2 {
			t.Fatal("a person moves twice")
		}
		if len(z) == 2 {
			moved++
		}
	}
	within(t, "people who move", float64(moved)/float64(len(zips)), 0.003, 0.04)
}

func TestDependencies(t *testing.T) {
	rows := table(t, 100_000, 3)
	end := time.Unix(periodStart+periodSeconds, 0)
	for _, r := range rows {
		code := r.diagnosis
		birth := code[0] == 'O'
		if birth && (!r.female || r.age() < 16 || r.age() > 48) {
			t.Fatalf("%s at %d, woman: %v", code, r.age(), r.female)
		}
		if r.female && (code == "N40" || code == "C61") {
			t.Fatalf("%s of a woman", code)
		}
		if !r.female && slices.Contains([]string{"N80.1", "N81.2", "N83.2", "D25.9", "C56"}, code) {
			t.Fatalf("%s of a man", code)
		}
		if (r.ward == "obstetrics") != birth && r.ward != "intensive care" {
			t.Fatalf("%s in %s", code, r.ward)
		}
		if r.ward == "pediatrics" && r.age() > 16 || r.ward == "geriatrics" && r.age() < 59 {
			t.Fatalf("%d years old in %s", r.age(), r.ward)
		}
		if (r.cost < 0) != r.discharged().After(end) {
			t.Fatal("billed before the discharge, or not after it")
		}
	}
	isCode := func(prefix string) func(row) bool {
		return func(r row) bool { return strings.HasPrefix(r.diagnosis, prefix) }
	}
	old, young := where(rows, func(r row) bool { return r.age() >= 80 }),
		where(rows, func(r row) bool { return r.age() < 50 && r.age() >= 16 })
	within(t, "stays of the old over those of the young",
		median(old, days)/median(young, days), 1.3, 4)
	within(t, "heart failure of the old over the young",
		share(old, isCode("I50"))/max(share(young, isCode("I50")), 1e-3), 10, 1000)
	within(t, "stays for depression over those for concussion",
		median(where(rows, isCode("F32")), days)/max(median(where(rows, isCode("S06")), days), 1), 10, 60)
	cost := func(r row) float64 { return r.cost }
	within(t, "cost of intensive care over pediatrics",
		median(where(rows, func(r row) bool { return r.ward == "intensive care" }), cost)/
			median(where(rows, func(r row) bool { return r.ward == "pediatrics" }), cost), 4, 40)
	cold := func(r row) bool { return r.admitted.Month() <= 3 }
	within(t, "pneumonia in the first quarter", share(where(rows, isCode("J18")), cold), 0.3, 0.4)
	within(t, "hip fractures in the first quarter", share(where(rows, isCode("S72")), cold), 0.22, 0.29)
	for _, r := range where(rows, isCode("M16")) {
		if d := r.admitted.Weekday(); d == time.Saturday || d == time.Sunday || r.admitted.Hour() > 12 {
			t.Fatal("a new hip out of hours")
		}
	}
	night := func(r row) bool { return r.admitted.Hour() < 6 }
	within(t, "admitted at night", share(rows, night), 0.02, 0.1)
}

// TestChronic: who was here for a chronic illness comes back for the same.
func TestChronic(t *testing.T) {
	last := map[string]string{}
	again, heart, other, others := 0, 0, 0, 0
	for _, r := range table(t, 50_000, 4) {
		switch last[r.national] {
		case "I50.1":
			heart++
			if r.diagnosis == "I50.1" {
				again++
			}
		case "S52.5":
			others++
			if r.diagnosis == "S52.5" {
				other++
			}
		}
		last[r.national] = r.diagnosis
	}
	within(t, "back with heart failure", float64(again)/float64(heart), 0.3, 0.8)
	within(t, "back with a broken wrist", float64(other)/float64(others), 0, 0.15)
}
