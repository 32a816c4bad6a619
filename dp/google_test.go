package dp

import "github.com/lethe-go/lethe/internal/entropy"

// What follows does what Google's library of differential privacy does (Go, v4), as
// far as accuracy is concerned: shared/reference/dp/notes.md, section 5.1. Its noise
// has the same scales; here it is the exact one, so that only algorithms are
// compared.

// googleMean is a sum of distances from the middle of the bounds by a count, each
// for half the cost, moved into the bounds.
func googleMean(src *entropy.Source, values []float64, lower, upper, epsilon float64) float64 {
	middle, sum := (lower+upper)/2, 0.0
	for _, x := range values {
		sum += max(lower, min(x, upper)) - middle
	}
	const fine = 1 << 30
	half := price{epsilon: epsilon / 2}
	noisy := float64(half.must(int64(fine)).Add(src, int64(sum/(upper-middle)*fine))) / fine *
		(upper - middle)
	count := half.must(1).Add(src, int64(len(values)))
	return max(lower, min(middle+noisy/float64(max(1, count)), upper))
}

// must is noise of the sensitivity.
func (p price) must(sensitivity int64) noise {
	l, err := p.loss()
	if err != nil {
		panic(err)
	}
	n, err := l.noise(steepest(1, sensitivity))
	if err != nil {
		panic(err)
	}
	return n
}

// googleQuantile walks down a noisy tree of 16^4 leaves, leaving out children with
// less than 0.0075 of what is in all, and interpolates.
func googleQuantile(t *tree, rank float64) float64 {
	const ignored = 0.0075
	at := node{}
	for at.level < t.levels {
		c := t.children(at)
		total, kept := 0.0, 0.0
		for _, n := range c {
			total += max(0, n)
		}
		for _, n := range c {
			if n >= total*ignored {
				kept += max(0, n)
			}
		}
		if kept == 0 {
			break
		}
		part, last := 0.0, -1
		for i, n := range c {
			if n <= 0 || n < total*ignored {
				continue
			}
			last = i
			if part += n / kept; part >= rank-1e-6 {
				break
			}
		}
		share := c[last] / kept
		rank = max(0, min((rank-(part-share))/share, 1))
		at = at.child(t.shape, last)
	}
	start, end := float64(t.start(at)), float64(t.end(at))
	return (start + rank*(end-start)) / treeLeaves
}
