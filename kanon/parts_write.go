package kanon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/lethe-go/lethe/internal/tempfile"
)

// writeParts writes the combinations of each leaf to a file.
func (s *partsSearch) writeParts(ctx context.Context, root *part) error {
	s.leaves = root.leaves()
	var writers []*tupleWriter
	size := int(max(1<<12, min(spillBuffer, s.counts.room()/4/int64(len(s.leaves)))))
	for range s.leaves {
		f, err := tempfile.Unnamed(s.counts.dir, "lethe-counts")
		if err != nil {
			return fmt.Errorf("kanon: parts of counts: %w", err)
		}
		s.files = append(s.files, f)
		writers = append(writers, newTupleWriter(bufio.NewWriterSize(f, size), s.counts.shape()))
	}
	for _, p := range s.leaves {
		p.tuples = 0 // what was seen of them is to be counted again
	}
	src, err := s.pass()
	if err != nil {
		return err
	}
	src = cancelled(ctx, src)
	for {
		t, err := src.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		p := root
		for len(p.below) > 0 {
			d := s.domains[p.column]
			p = p.below[p.side(d.column.Codes[p.level][d.leaf[t.codes[p.column]]])]
		}
		p.tuples++
		p.rows += t.rows
		if err := writers[p.first].write(t); err != nil {
			return fmt.Errorf("kanon: parts of counts: %w", err)
		}
	}
	written := int64(0)
	for _, w := range writers {
		written += w.keys
		if err := errors.Join(w.end(), w.w.Flush()); err != nil {
			return fmt.Errorf("kanon: parts of counts: %w", err)
		}
	}
	giveBudgets(s.leaves, s.room(written))
	return nil
}

// room is how many combinations a plan may list: each takes about what it took to
// write its codes, and its part of the index.
func (s *partsSearch) room(written int64) int64 {
	perTuple := float64(written)/float64(s.before.tuples) + float64(4*len(s.domains)+4)/listBlock
	return int64(float64(s.counts.room()/planShare) / perTuple)
}
