package kanon

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"

	"github.com/lethe-go/lethe/internal/group"
	"github.com/lethe-go/lethe/internal/tempfile"
)

// SpillBeyond makes the counts, and Solve of them, take at most about so many
// bytes of memory where the collector keeps to that: a program that promises a
// limit sets it by debug.SetMemoryLimit, too. Combinations beyond that are in
// sorted files in dir, or where the system keeps temporary files if dir is empty.
// The files hold what the counts hold; only their owner can read them, and on Unix
// they have no name from the moment they are made, so nothing is left of them when
// the process ends, however it ends. Close frees them sooner.
//
// Each distinct value of each column and each person stay in memory, and leave the
// combinations less of it, a third at least: a bound that people alone exceed is not
// kept. Counts whose memory is bounded may get another plan than others, see Solve.
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

// collectorSlack is how many times what is counted here a process takes: the heap
// is up to twice as large before it is collected, at the pace that programs have
// by default, while tables seldom fill the room that they have.
const collectorSlack = 1.8

// perValue is what a distinct value takes, with its labels.
const perValue = 96

// room is how many bytes may be in use: a part of the bound that leaves some to
// the collector and the values of the columns theirs.
func (c *Counts) room() int64 {
	values := int64(0)
	for _, size := range c.allSizes() {
		values += perValue * int64(size)
	}
	in := int64(float64(c.bound) / collectorSlack)
	return max(in-values, in/3)
}

// What a pair of a combination and a person takes, and a cell of a sensitive
// column, in tables that are three quarters full.
const perPair, perCell = 12, 32

// bytes is about how much memory the combinations take, with what sorting them
// takes for a moment.
func (c *Counts) bytes() int64 { return c.bytesOf(c.tuples.Len()) + c.bytesBeside() }

// bytesOf is what n combinations take by themselves: in their table, their rows,
// and the order in which they are written.
func (c *Counts) bytesOf(n int) int64 { return group.Bytes(c.layout.Words(), n) + (8+4)*int64(n) }

func (c *Counts) bytesBeside() int64 {
	n := perPair * int64(len(c.pairs.sorted)+len(c.pairs.tail))
	for _, v := range c.values {
		n += perCell * int64(v.cells.Len())
		if v.items != nil {
			n += perCell * int64(v.items.Len())
		}
	}
	return n
}

// capacity is how many combinations there is room for if those to come have as
// many people and cells.
func (c *Counts) capacity() int {
	room, have := c.room(), max(1, c.tuples.Len())
	beside := float64(c.bytesBeside()) / float64(have)
	return sort.Search(int(min(room, maxTuples)), func(n int) bool {
		return c.bytesOf(n)+int64(beside*float64(n)) > room
	})
}

// block is how many rows or tuples are counted at a time, so that few are beyond
// the bound.
func (c *Counts) block() int {
	if c.bound == 0 {
		return countBlock
	}
	return max(minBlock, min(countBlock, c.capacity()/8))
}

// minBlock is the least that is worth counting at a time.
const minBlock = 1 << 10

// spillWhereFull spills where there may be no room for another block. Before, when
// a quarter of the room is taken, it takes all of it, once and for all: tables
// that grow are there twice for a moment.
func (c *Counts) spillWhereFull() error {
	if c.bound == 0 || c.tuples == nil {
		return nil
	}
	n, most := c.tuples.Len(), c.capacity()
	switch {
	case n+c.block() > most:
		return c.spill()
	case n > most/4 && c.reserved == 0:
		c.reserved = most
		c.reserve()
	}
	return nil
}

func (c *Counts) reserve() {
	c.tuples.Room(c.reserved)
	c.rows = slices.Grow(c.rows, max(0, c.reserved-len(c.rows)))
}

// spill writes what is in memory to a file and forgets it, but not the memory.
func (c *Counts) spill() error {
	if c.tuples.Len() == 0 {
		return nil
	}
	if len(c.runs) == maxRuns {
		if err := c.mergeRuns(nil); err != nil {
			return err
		}
	}
	if err := c.writeRun(c.held(true)); err != nil {
		return err
	}
	c.addHeld(&c.spilledRows)
	c.tuples.Reset(c.reserved)
	c.rows, c.pairs.sorted = c.rows[:0], c.pairs.sorted[:0]
	for i, v := range c.values {
		c.values[i] = newValueCounts(v.name, v.coder, v.items != nil)
	}
	return nil
}

// release gives the memory of combinations back, of which there are none.
func (c *Counts) release() {
	c.tuples, c.rows, c.order = group.New(c.layout.Words(), 0), nil, nil
	c.pairs, c.reserved = pairLog{}, 0
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

// mergeRuns makes one file of all, and shows each tuple that it has to see, if
// that is not nil.
func (c *Counts) mergeRuns(see func(*counted)) error {
	old := c.runs
	if len(old) == 0 || len(old) == 1 && see == nil {
		return nil
	}
	merged, err := mergeTuples(c.readRuns())
	if err != nil {
		return err
	}
	if len(old) == 1 {
		return seeAll(merged, see)
	}
	c.runs = nil
	if err := c.writeRun(&seenTuples{merged, see}); err != nil {
		c.runs = old
		return err
	}
	var errs []error
	for _, f := range old {
		errs = append(errs, tempfile.Discard(f))
	}
	return errors.Join(errs...)
}

// toOneFile spills what is in memory, which it gives back, and makes one file of
// all. See sees each tuple.
func (c *Counts) toOneFile(see func(*counted)) error {
	if err := c.spill(); err != nil {
		return err
	}
	c.release()
	return c.mergeRuns(see)
}

// seenTuples are shown to see as they pass.
type seenTuples struct {
	tupleSource
	see func(*counted)
}

func (s *seenTuples) next() (*counted, error) {
	t, err := s.tupleSource.next()
	if err == nil && s.see != nil {
		s.see(t)
	}
	return t, err
}

// seeAll shows all tuples of a source.
func seeAll(src tupleSource, see func(*counted)) error {
	for {
		t, err := src.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		see(t)
	}
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
