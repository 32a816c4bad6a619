package mechanism

import (
	"fmt"
	"math"
	"sync"

	"github.com/lethe-go/lethe/dp/accounting"
	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/internal/decimal"
	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/exact"
)

// RandomizedResponse answers a question of Categories possible answers, two for
// yes and no, with the true one or another: it is Epsilon-differentially private
// for the person who answers, whatever they would answer truly (Warner 1965,
// Randomized response, JASA 60(309); for more answers than two Kairouz, Bonawitz
// and Ramage 2016, Discrete distribution estimation under local privacy, ICML).
// The true answer has the probability e^ε/(e^ε + k - 1), each other one
// 1/(e^ε + k - 1). The zero value is refused. Package local does this to the
// columns of a table.
type RandomizedResponse struct {
	Epsilon    float64 `yaml:"epsilon"`
	Categories int     `yaml:"categories"`
}

// String names the mechanism and its parameters.
func (m RandomizedResponse) String() string {
	return fmt.Sprintf("randomized response(epsilon %v, categories %d)", m.Epsilon, m.Categories)
}

// Responder gives randomized responses, each anew at the cost of Cost. It is made
// by NewResponder; the zero value is refused. It is safe for concurrent use.
type Responder struct {
	categories int
	response   exact.Response
	epsilon    float64

	mu     sync.Mutex
	source *entropy.Source
}

// NewResponder checks the parameters, all of them at once.
func NewResponder(m RandomizedResponse) (*Responder, error) {
	var wrong list
	wrong.epsilon(m.Epsilon)
	wrong.categories(m.Categories)
	if len(wrong) > 0 {
		return nil, wrong.under("randomized response")
	}
	return &Responder{categories: m.Categories, epsilon: m.Epsilon, source: entropy.New(),
		response: exact.NewResponse(uint64(m.Categories), decimal.Of(m.Epsilon))}, nil
}

func (l *list) categories(n int) {
	if n < 2 || n > maxNumbers {
		l.addf("categories is %d, want 2 to %d", n, maxNumbers)
	}
}

// Cost is what one answer costs the one who gives it.
func (r *Responder) Cost() budget.Cost { return budget.Cost{Epsilon: r.epsilon} }

// Mechanism is one answer as package accounting sees it: the share of answers
// that are drawn uniformly is k/(e^ε + k - 1).
func (r *Responder) Mechanism() accounting.Mechanism {
	k := float64(r.categories)
	return accounting.RandomizedResponse{Noise: k / (math.Exp(r.epsilon) + k - 1),
		Categories: r.categories, Neighbors: accounting.Replace}
}

// Answer returns a randomized response to the true answer, both in 0 …
// Categories-1. Another one is an error, which says that it is none.
func (r *Responder) Answer(truth int) (int, error) {
	if r == nil || r.source == nil {
		return 0, fmt.Errorf("mechanism: no responder; make it by NewResponder")
	}
	if truth < 0 || truth >= r.categories {
		return 0, fmt.Errorf("mechanism: randomized response: an answer is not in 0 to %d",
			r.categories-1)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	answer := [1]int64{int64(truth)}
	exact.Respond(r.response, r.source, answer[:])
	return int(answer[0]), nil
}

// UnaryEncoding answers a question of Categories possible answers with a row of
// bits, one for each: optimized unary encoding (Wang, Blocki, Li and Jha 2017,
// Locally differentially private protocols for frequency estimation, USENIX
// Security, section 4.2). It is Epsilon-differentially private for the person
// who answers. The bit of the true answer is one with probability ½, every other
// with probability 1/(e^ε + 1). For many categories, above about 3·e^ε + 2, its
// counts are more accurate than those of a RandomizedResponse. The zero value is
// refused.
type UnaryEncoding struct {
	Epsilon    float64 `yaml:"epsilon"`
	Categories int     `yaml:"categories"`
}

// String names the mechanism and its parameters.
func (m UnaryEncoding) String() string {
	return fmt.Sprintf("unary encoding(epsilon %v, categories %d)", m.Epsilon, m.Categories)
}

// UnaryResponder gives the answers of a UnaryEncoding, each anew at the cost of
// Cost. It is made by NewUnaryResponder; the zero value is refused. It is safe
// for concurrent use.
type UnaryResponder struct {
	unary   exact.Unary
	epsilon float64

	mu     sync.Mutex
	source *entropy.Source
}

// NewUnaryResponder checks the parameters, all of them at once.
func NewUnaryResponder(m UnaryEncoding) (*UnaryResponder, error) {
	var wrong list
	wrong.epsilon(m.Epsilon)
	wrong.categories(m.Categories)
	if len(wrong) > 0 {
		return nil, wrong.under("unary encoding")
	}
	return &UnaryResponder{epsilon: m.Epsilon, source: entropy.New(),
		unary: exact.NewUnary(m.Categories, decimal.Of(m.Epsilon))}, nil
}

// Cost is what one answer costs the one who gives it. Package accounting sees it
// as an EpsilonDelta.
func (r *UnaryResponder) Cost() budget.Cost { return budget.Cost{Epsilon: r.epsilon} }

// Answer returns one bit a category for the true answer in 0 … Categories-1.
// Another one is an error, which says that it is none.
func (r *UnaryResponder) Answer(truth int) ([]bool, error) {
	if r == nil || r.source == nil {
		return nil, fmt.Errorf("mechanism: no responder; make it by NewUnaryResponder")
	}
	k := r.unary.Categories()
	if truth < 0 || truth >= k {
		return nil, fmt.Errorf("mechanism: unary encoding: an answer is not in 0 to %d", k-1)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	packed := make([]byte, (k+7)/8)
	r.unary.Answer(r.source, []int32{int32(truth)}, packed)
	bits := make([]bool, k)
	for i := range bits {
		bits[i] = packed[i/8]>>(i%8)&1 == 1
	}
	return bits, nil
}
