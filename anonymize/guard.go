package anonymize

import (
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/pseudonym"
)

// guard counts what one pseudonymizer was given and what it made of it in a
// pass. It is safe for concurrent use: each worker borrows counts of its own.
type guard struct {
	of   *pseudonym.Pseudonymizer
	mu   sync.Mutex
	free []*pseudonym.Counts // all of them, once the workers are done
}

func (g *guard) add(before, after arrow.Record) error {
	c := g.borrow()
	defer func() {
		g.mu.Lock()
		g.free = append(g.free, c)
		g.mu.Unlock()
	}()
	return c.Add(before, after)
}

func (g *guard) borrow() *pseudonym.Counts {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := len(g.free); n > 0 {
		c := g.free[n-1]
		g.free = g.free[:n-1]
		return c
	}
	return g.of.NewCounts()
}

// total merges what was counted.
func (g *guard) total() (*pseudonym.Counts, error) {
	sum := g.of.NewCounts()
	for _, c := range g.free {
		if err := sum.Merge(c); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// pseudonymized is what the guards found of the columns of a run.
type pseudonymized struct {
	manifest map[string]pseudonym.ManifestColumn
	accepted map[string]pseudonym.Verdict // of columns whose low entropy the policy accepts
}

// judge refuses tokens that frequencies or collisions give away.
func judge(guards []*guard) (*pseudonymized, error) {
	out := &pseudonymized{manifest: map[string]pseudonym.ManifestColumn{},
		accepted: map[string]pseudonym.Verdict{}}
	for _, g := range guards {
		counts, err := g.total()
		if err != nil {
			return nil, err
		}
		if err := counts.Err(); err != nil {
			return nil, unsatisfied(fmt.Errorf("anonymize: %w", err))
		}
		for _, v := range counts.Verdicts() {
			if v.Accepted != nil {
				out.accepted[v.Column] = v
			}
		}
		m, err := g.of.Manifest(counts)
		if err != nil {
			return nil, err
		}
		for _, c := range m.Columns {
			out.manifest[c.Column] = c
		}
	}
	return out, nil
}
