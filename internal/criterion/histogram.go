package criterion

// Whole is how often each value of a sensitive column occurs in the table,
// suppressed rows included.
type Whole struct {
	Count []int64 // by value; at least 0
	Total int64   // their sum
}

// NewWhole adds up the counts, which it keeps.
func NewWhole(count []int64) *Whole {
	w := &Whole{Count: count}
	for _, n := range count {
		w.Total += n
	}
	return w
}

// Histogram counts the values of one class. A change costs constant time,
// whatever the class has besides.
type Histogram struct {
	whole   *Whole
	count   []int64  // by value; zero but for those present
	present []uint32 // values, in no order
	place   []uint32 // by value: its place among those present
	total   int64
	work    []int64 // for the criteria
}

// NewHistogram returns the histogram of an empty class of a table.
func NewHistogram(w *Whole) *Histogram {
	return &Histogram{whole: w, count: make([]int64, len(w.Count)), place: make([]uint32, len(w.Count))}
}

// Add counts a value n times more; n is at least 1.
func (h *Histogram) Add(value uint32, n int64) {
	if h.count[value] == 0 {
		h.enter(value)
	}
	h.count[value] += n
	h.total += n
}

func (h *Histogram) enter(value uint32) {
	h.place[value] = uint32(len(h.present))
	h.present = append(h.present, value)
}

// Remove takes back what Add counted, n times of them; n is at least 1 and at
// most the count of the value.
func (h *Histogram) Remove(value uint32, n int64) {
	h.total -= n
	if h.count[value] -= n; h.count[value] > 0 {
		return
	}
	last := h.present[len(h.present)-1]
	h.present[h.place[value]] = last
	h.place[last] = h.place[value]
	h.present = h.present[:len(h.present)-1]
}

// Reset empties the histogram.
func (h *Histogram) Reset() {
	for _, v := range h.present {
		h.count[v] = 0
	}
	h.present, h.total = h.present[:0], 0
}

// Distinct is how many values occur.
func (h *Histogram) Distinct() int { return len(h.present) }

// Present are the values that occur, in no particular order. They are valid
// until the next change.
func (h *Histogram) Present() []uint32 { return h.present }

// Count is how often a value occurs.
func (h *Histogram) Count(value uint32) int64 { return h.count[value] }

// Total is the sum of all counts.
func (h *Histogram) Total() int64 { return h.total }

// most is the largest count.
func (h *Histogram) most() (most int64) {
	for _, v := range h.present {
		most = max(most, h.count[v])
	}
	return most
}
