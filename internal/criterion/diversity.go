package criterion

import (
	"math"
	"slices"
)

// Distinct asks for L distinct values.
type Distinct struct{ L int }

func (Distinct) criterion()                       {}
func (c Distinct) Distinct() int                  { return max(1, c.L) }
func (Distinct) Judge(*Histogram) (bool, float64) { return true, 0 }
func (Distinct) Monotone() Monotone               { return Parts }

// Entropy asks for an entropy of at least that of L values of equal
// frequency. Entropy is concave: with H the entropy,
// H(C) >= |K|/n H(K) + (n-|K|)/n H(C-K) >= |K|/n ln L, so that |K| is at most
// n H(C) / ln L. A union is the case of equal sets.
type Entropy struct{ L float64 }

func (Entropy) criterion()         {}
func (c Entropy) Distinct() int    { return int(math.Ceil(c.L)) }
func (Entropy) Monotone() Monotone { return Unions }

// entropySlack lets rounding not decide on an entropy that is just right.
const entropySlack = 1e-12

// Judge compares the entropies.
func (c Entropy) Judge(h *Histogram) (bool, float64) {
	sum, n := 0.0, float64(h.total)
	for _, v := range h.present {
		x := float64(h.count[v])
		sum += x * math.Log(x)
	}
	entropy, want := math.Log(n)-sum/n, math.Log(c.L)
	return entropy >= want-entropySlack, n * (1 - entropy/want)
}

// Grassberger asks that the entropy behind the class, estimated from it, is at
// least that of L values of equal frequency, and for L distinct values. The
// estimate is ln n - 1/n sum of n_a G(n_a) with ln n replaced by G(n), where
// G(1) = -γ - ln 2, G(2) = 2 - γ - ln 2, G(2i+1) = G(2i) and
// G(2i+2) = G(2i) + 2/(2i+1) [1]. It corrects the bias by which the frequencies
// of small samples look less diverse than what they are drawn from. It is not
// concave, so nothing is known of parts and unions.
//
// [1] Grassberger (2003). Entropy estimates from insufficient samplings.
// arXiv physics/0307138.
type Grassberger struct{ L float64 }

func (Grassberger) criterion()         {}
func (c Grassberger) Distinct() int    { return int(math.Ceil(c.L)) }
func (Grassberger) Monotone() Monotone { return Neither }

// Judge compares the entropies.
func (c Grassberger) Judge(h *Histogram) (bool, float64) {
	sum, n := 0.0, float64(h.total)
	for _, v := range h.present {
		sum += float64(h.count[v]) * grassberger(h.count[v])
	}
	return grassberger(h.total)-sum/n >= math.Log(c.L)-entropySlack, 0
}

// euler is the Euler–Mascheroni constant.
const euler = 0.57721566490153286060651209008240243

// grassberger is G(n). From 50 on it is the asymptotic series of
// G(2i) = ψ(i + 1/2) + ln 2, whose next term is below 1e-16 there.
func grassberger(n int64) float64 {
	if n == 1 {
		return -euler - math.Ln2
	}
	half := n / 2
	if half < 25 {
		g := -euler - math.Ln2
		for i := range half {
			g += 2 / float64(2*i+1)
		}
		return g
	}
	x := float64(half)
	y := 1 / (x * x)
	return math.Log(2*x) + y*(1./24-y*(7./960-y*(31./8064-y*(127./30720-y*511./67584))))
}

// Recursive asks that the most frequent value has fewer than C times the rows
// of the others without the L-1 most frequent, r_1 < C (r_L + … + r_m). The
// right side of a union is at least the sum of its parts' (the L-1 most
// frequent of the union are, in each part, at most its own L-1 most frequent),
// the left one at most. So K has less than C (r_L + … + r_m) rows of C's most
// frequent value.
type Recursive struct {
	C float64
	L int
}

func (Recursive) criterion()         {}
func (c Recursive) Distinct() int    { return c.L }
func (Recursive) Monotone() Monotone { return Unions }

// recursiveSlack keeps rounding from telling apart what is equal.
const recursiveSlack = 1e-14

// Judge compares both sides.
func (c Recursive) Judge(h *Histogram) (bool, float64) {
	r := h.work[:0]
	for _, v := range h.present {
		r = append(r, h.count[v])
	}
	h.work = r
	slices.Sort(r)
	most, tail := r[len(r)-1], int64(0)
	for _, n := range r[:len(r)-c.L+1] {
		tail += n
	}
	right := c.C * float64(tail)
	return float64(most) < right*(1-recursiveSlack), float64(most) - right
}
