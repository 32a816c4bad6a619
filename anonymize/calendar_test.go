package anonymize

import (
	"testing"
	"time"
)

// The first days of months, quarters and years are those of the standard
// library, on each side of every boundary and on days between.
func TestStartOfMonths(t *testing.T) {
	check := func(days int64) {
		y, m, _ := time.Unix(days*secondsPerDay, 0).UTC().Date()
		for _, to := range []int{month, quarter, year} {
			want := time.Date(y, startMonth(to, m), 1, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay
			if got := startOfMonths(days, to); got != want {
				t.Fatalf("day %d, period %d: %d, want %d", days, to, got, want)
			}
		}
	}
	for days := int64(firstDay); days <= lastDay; days += 97 {
		check(days)
	}
	for _, y := range []int{1, 2, 3, 4, 5, 99, 100, 101, 399, 400, 401, 800, 1900, 1969, 1970, 1999,
		2000, 2001, 2004, 2100, 2400, 9996, 9998} {
		first := time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay
		for days := max(first-2, firstDay); days < first+368; days++ {
			check(days)
		}
	}
	check(lastDay)
}
