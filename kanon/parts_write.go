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
	size := int(max(1<<12, min(spillBuffer, s.counts.bound/partShare/int64(len(s.leaves)))))
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
	for _, w := range writers {
		if err := errors.Join(w.end(), w.w.Flush()); err != nil {
			return fmt.Errorf("kanon: parts of counts: %w", err)
		}
	}
	giveBudgets(s.leaves, s.room())
	return nil
}

// room is how many combinations a plan may list, each in so many bytes about:
// one or two a column, one or two for its labels, and its part of the index.
func (s *partsSearch) room() int64 {
	return s.counts.bound / planShare / int64(len(s.domains)+5)
}
