package dp

// view is what questions see of the rows of a scan: first the rows kept and the
// groups that were met, and then also the groups of the results and what the
// integers of numbers stand for whose bounds were found.
type view struct {
	plan   *plan
	sums   *sums
	sample *sample    // nil once no question needs rows
	grids  []grid     // by measure
	groups []groupSet // by grouping, of the results
}

// met is how many groups of a question's grouping were met, or could be.
func (v *view) met(q *question) int { return v.sums.size(q.grouping) }

// groupSet are the groups of a grouping that are in the results.
type groupSet struct {
	by   []string
	size int
	// keys are the texts of the groups: group·len(by) + place in by.
	keys []string
	// people are the noisy numbers of people that a threshold was compared with.
	people []int64
}

func (g *groupSet) key(group, column int) string { return g.keys[group*len(g.by)+column] }

// same says whether two groups agree in the first n columns.
func (g *groupSet) same(a, b, n int) bool {
	for c := range n {
		if g.key(a, c) != g.key(b, c) {
			return false
		}
	}
	return true
}

// rows calls f with the groups of the rows kept, and up to two measures of them
// (nil where a question has fewer), page by page.
func (v *view) rows(q *question, f func(groups []uint32, x, y []int32)) {
	v.sample.eachPage(func(p *page, n int) {
		var xy [2][]int32
		for i, m := range q.measures {
			xy[i] = p.values[m][:n]
		}
		f(p.groups[q.grouping][:n], xy[0], xy[1])
	})
}
