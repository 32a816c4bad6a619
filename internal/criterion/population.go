package criterion

// Population asks that a class has K people in the population, by a histogram
// of one value that counts these.
type Population struct{ K int64 }

func (Population) criterion()         {}
func (Population) Distinct() int      { return 1 }
func (Population) Monotone() Monotone { return Parts }

// Judge counts.
func (c Population) Judge(h *Histogram) (bool, float64) { return h.total >= c.K, none() }

// The values of a histogram of presence.
const (
	Inside  = iota // people of the population who are in the table
	Outside        // the others
)

// Presence asks that of the people whom a class could be, from the share Min
// to the share Max are in the table. It bounds sums, so unions satisfy it. K
// has at most Max times the people of C; of the lower bound, people who are in
// no row of the table may be what is left out.
type Presence struct{ Min, Max float64 }

func (Presence) criterion()         {}
func (Presence) Distinct() int      { return 1 }
func (Presence) Monotone() Monotone { return Unions }

// Judge compares the shares.
func (c Presence) Judge(h *Histogram) (bool, float64) {
	in, all := float64(h.count[Inside]), float64(h.total)
	return in >= c.Min*all && in <= c.Max*all, in - c.Max*all
}
