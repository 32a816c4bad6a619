package kanon

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/lethe-go/lethe/internal/group"
	"github.com/lethe-go/lethe/internal/tempfile"
)

// SpillBeyond makes the counts keep their combinations in at most so many bytes
// of memory, and the others in sorted files in dir, or where the system keeps
// temporary files if dir is empty. The files hold what the counts hold; only
// their owner can read them, and on Unix they have no name from the moment they
// are made, so nothing is left of them when the process ends, however it ends.
// Close frees them sooner.
//
// What stays in memory beside that is each distinct value of each column and
// each person once. Solve keeps to the same bound, see there: counts whose memory
// is bounded may get another plan of Local recoding than others.
func (c *Counts) SpillBeyond(bytes int64, dir string) error {
	if bytes < minSpill {
		return fmt.Errorf("kanon: a bound of %d bytes for counts, want at least %d", bytes, minSpill)
	}
	c.bound, c.dir = bytes, dir
	return c.spillWhereFull()
}

const (
	// minSpill is the least bound that makes runs worth writing.
	minSpill = 1 << 20
	// spillBuffer is the buffer of each file.
	spillBuffer = 1 << 18
	// maxRuns are merged at a time.
	maxRuns = 64
)

// Close frees the files of counts that were spilled. The counts are of no use
// afterwards. Counts that were not need no Close.
func (c *Counts) Close() error {
	var errs []error
	for _, r := range c.runs {
		errs = append(errs, tempfile.Discard(r))
	}
	if c.runs != nil {
		c.runs, c.failed = nil, errors.New("kanon: the counts are closed")
	}
	return errors.Join(errs...)
}

// bytes is about how much memory the combinations take, with what growing their
// tables and sorting them takes for a moment.
func (c *Counts) bytes() int64 {
	n := int64(c.tuples.Len()) * c.tupleBytes()
	n += perPair * int64(len(c.pairs.sorted)+len(c.pairs.tail))
	for _, v := range c.values {
		n += perCell * int64(v.cells.Len())
		if v.items != nil {
			n += perCell * int64(v.items.Len())
		}
	}
	return n
}

// What a pair of a combination and a person takes, and a cell of a sensitive
// column.
const perPair, perCell = 24, 64

// tupleBytes is what a combination takes.
func (c *Counts) tupleBytes() int64 {
	const perTuple, perWord = 68, 18
	return perTuple + perWord*int64(c.layout.Words())
}

func (c *Counts) spillWhereFull() error {
	if c.bound == 0 || c.tuples == nil || c.bytes() <= c.bound {
		return nil
	}
	return c.spill()
}

// spill writes what is in memory to a file and forgets it.
func (c *Counts) spill() error {
	if c.tuples.Len() == 0 {
		return nil
	}
	if len(c.runs) == maxRuns {
		if err := c.mergeRuns(); err != nil {
			return err
		}
	}
	if err := c.writeRun(c.held(true)); err != nil {
		return err
	}
	c.addHeld(&c.spilledRows)
	c.tuples = group.New(c.layout.Words(), 0)
	c.rows, c.pairs = nil, pairLog{}
	for i, v := range c.values {
		c.values[i] = newValueCounts(v.name, v.coder, v.items != nil)
	}
	return nil
}

// writeRun writes a source of ascending tuples to a file of its own.
func (c *Counts) writeRun(src tupleSource) error {
	f, err := tempfile.Unnamed(c.dir, "lethe-counts")
	if err != nil {
		return fmt.Errorf("kanon: counts outgrew their memory: %w", err)
	}
	if err := writeTuples(bufio.NewWriterSize(f, spillBuffer), c.shape(), src); err != nil {
		return errors.Join(err, tempfile.Discard(f))
	}
	c.runs = append(c.runs, f)
	return nil
}

// mergeRuns makes one file of all.
func (c *Counts) mergeRuns() error {
	old := c.runs
	if len(old) < 2 {
		return nil
	}
	merged, err := mergeTuples(c.readRuns())
	if err != nil {
		return err
	}
	c.runs = nil
	if err := c.writeRun(merged); err != nil {
		c.runs = old
		return err
	}
	var errs []error
	for _, f := range old {
		errs = append(errs, tempfile.Discard(f))
	}
	return errors.Join(errs...)
}

// toOneFile spills what is in memory and makes one file of all.
func (c *Counts) toOneFile() error {
	if err := c.spill(); err != nil {
		return err
	}
	return c.mergeRuns()
}

func (c *Counts) readRuns() []tupleSource {
	var sources []tupleSource
	for _, f := range c.runs {
		r := bufio.NewReaderSize(io.NewSectionReader(f, 0, 1<<62), spillBuffer)
		sources = append(sources, newTupleReader(r, c.shape(), c.allSizes()))
	}
	return sources
}

// all gives every tuple, whether it is in memory or not, in ascending order if
// that is asked for or comes by itself. The counts must not change meanwhile.
func (c *Counts) all(sorted bool) (tupleSource, error) {
	if len(c.runs) == 0 {
		return c.held(sorted), nil
	}
	sources := c.readRuns()
	if c.tuples.Len() > 0 {
		sources = append(sources, c.held(true))
	}
	if len(sources) == 1 {
		return sources[0], nil
	}
	return mergeTuples(sources)
}

// spilled says whether a part of the counts is in files.
func (c *Counts) spilled() bool { return len(c.runs) > 0 }
