package anonymize

import (
	"slices"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"clamp", "clmap", 1}, {"kitten", "sitting", 3},
		{"zip", "zipp", 1}, {"straße", "strasse", 2}, {"ab", "ba", 1},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := distance(c.b, c.a); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.b, c.a, got, c.want)
		}
	}
}

// A name that is near none is not taken for any, and order decides nothing.
func TestSuggestion(t *testing.T) {
	known := []string{"stay_days", "stay_date", "a", "zip", "axb", "ayb"}
	for name, want := range map[string]string{
		"stay_day": `; did you mean "stay_days"?`, "azb": `; did you mean "axb"?`, "ZIP": `; did you mean "zip"?`, "b": "",
		"zap": `; did you mean "zip"?`, "hospital": "",
	} {
		for range 2 {
			if got := suggestion(name, slices.Values(known)); got != want {
				t.Errorf("%q: %q, want %q", name, got, want)
			}
			slices.Reverse(known)
		}
	}
}
