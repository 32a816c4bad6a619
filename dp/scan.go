package dp

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/entropy"
)

// Scan is one pass over a table, made by Session.NewScan, which has paid for
// its queries. It holds a bounded sample of the rows of each person in memory:
// it is as confidential as the table until Results. It is not safe for
// concurrent use; shards of it may be used at the same time as each other.
type Scan struct {
	plan   *plan
	root   bool // has the right to Results
	done   bool // gave its results or its tally, or was merged
	part   part // of the people whose rows a shard takes; everyone before it has any
	paid   receipt
	source *entropy.Source
	people *column.Coder
	rolls  []*roll // by grouping; nil for public keys
	sample *sample
	// tallied are sums that were given in place of rows; or nil.
	tallied *tallied

	// memory for one batch
	codes   []uint32
	batch   batch
	group   groupScratch
	entries []float64
}

var errDone = errors.New("dp: the scan is finished; start a new one")

// Shard returns an empty scan for a part of the same table, to be filled by
// another goroutine and then given to Merge. It costs nothing and has no
// results of its own.
func (s *Scan) Shard() *Scan { return s.plan.newScan(false) }

// Add takes in the rows of a record, whose columns are found by name; others
// are ignored. The record is not kept. On an error nothing of it is taken in,
// and the scan may go on with other records. It fails when a column is missing
// or of another type than in the schema of the scan, when the unit column holds
// a null, and beyond 2^31 rows kept.
func (s *Scan) Add(rec arrow.Record) error {
	if err := s.holdsRows(); err != nil {
		return err
	}
	if s.part != (part{}) {
		return errMixed
	}
	if err := s.read(rec); err != nil {
		return fmt.Errorf("dp: %w", err)
	}
	s.sample.grow(s.people.Len())
	for i, p := range s.codes {
		s.sample.add(p, i, &s.batch, s.source)
	}
	return nil
}

// read fills the memory of a batch and changes nothing else but the codes that
// persons and groups have.
func (s *Scan) read(rec arrow.Record) error {
	n := int(rec.NumRows())
	if s.sample.n+n > maxEntries {
		return fmt.Errorf("more than %d rows; lower max_rows or scan a part", maxEntries)
	}
	s.codes = slices.Grow(s.codes[:0], n)[:n]
	unit := s.plan.unit.Column
	a, err := columnOf(rec, unit)
	if err != nil {
		return err
	}
	if err := s.people.Encode(a, s.codes); err != nil {
		return fmt.Errorf("column %q: %w", unit, err)
	}
	if null, seen := s.people.Null(); seen && slices.Contains(s.codes, null) {
		return fmt.Errorf("column %q holds a null: every row must be somebody's; "+
			"drop such rows first", unit)
	}
	for j, g := range s.plan.groupings {
		groups := slices.Grow(s.batch.groups[j][:0], n)[:n]
		s.batch.groups[j] = groups
		if g.private() {
			err = s.rolls[j].find(rec, groups, &s.group)
		} else {
			err = g.find(rec, groups, &s.group)
		}
		if err != nil {
			return err
		}
	}
	for j, name := range s.plan.numbers {
		s.batch.numbers[j] = slices.Grow(s.batch.numbers[j][:0], n)[:n]
		if err := readNumbers(rec, name, s.batch.numbers[j], &s.entries); err != nil {
			return err
		}
	}
	for j, m := range s.plan.measures {
		if m.find == nil {
			s.batch.values[j] = slices.Grow(s.batch.values[j][:0], n)[:n]
			m.code(s.batch.numbers[m.column], s.batch.values[j])
		}
	}
	return nil
}

// Merge takes in the rows of another shard of the same scan, which is finished
// by that. Rows of one person may be in several shards: what is kept is
// distributed as if all had been added to one scan. Scans that do not come from
// one NewScan are refused, and both are left as they were.
func (s *Scan) Merge(other *Scan) error {
	switch {
	case s.done || other.done:
		return errDone
	case s == other:
		return errors.New("dp: a scan cannot be merged with itself")
	case s.tallied != nil || other.tallied != nil:
		return errTallied
	case s.plan != other.plan:
		return errors.New("dp: scans of different queries cannot be merged; make one by Shard")
	case other.root:
		return errors.New("dp: merge a shard into its scan, not the scan into the shard")
	case !s.root && s.part != other.part && (s.part != part{} || s.people.Len() > 0):
		return errMixed
	case s.sample.n+other.sample.n > maxEntries:
		return fmt.Errorf("dp: more than %d rows; lower max_rows or scan a part", maxEntries)
	}
	if !s.root {
		s.part = other.part
	}
	codes, err := s.people.Merge(other.people)
	if err != nil {
		return fmt.Errorf("dp: column %q: %w", s.plan.unit.Column, err)
	}
	maps := make([][]uint32, len(s.rolls))
	for j, roll := range s.rolls {
		if roll == nil {
			continue
		}
		if maps[j], err = roll.merge(other.rolls[j]); err != nil {
			return fmt.Errorf("dp: %w", err)
		}
	}
	s.sample.grow(s.people.Len())
	for i, p := range other.sample.persons {
		if p.seen > 0 {
			s.sample.merge(codes[i], other.sample, p, maps, s.source)
		}
	}
	other.finish()
	return nil
}

// finish forgets the rows.
func (s *Scan) finish() {
	s.done = true
	s.people, s.rolls, s.sample, s.source, s.tallied = nil, nil, nil, nil, nil
	s.codes, s.entries = nil, nil
	s.batch, s.group = batch{}, groupScratch{}
}

// Results draws the noise and returns one record a query, in their order, and
// forgets the rows. It can be called once: with noise drawn twice from the same
// rows the average would tell more than was paid for. Only if ctx is done
// beforehand, or the ledger of the session does not hold the queries, nothing is
// drawn and it may be called again. Shards have no results. After any other error
// the scan is finished as well.
//
// A record has a row for every group, in the order of the keys, the last column
// of By varying fastest, or, where a Groups found them, sorted by their values; a
// query without By has one row. No column has nulls. They are:
//
//   - the columns of By, as text (utf8), in the form in which keys are written;
//   - the result: of a Count "count" and of People "people" (int64), unbiased and
//     so below zero at times; of a Sum "sum", a Mean "mean", a Variance "variance",
//     a Deviation "deviation", a Covariance "covariance" and a Correlation
//     "correlation" (float64), all but the sum moved into the range that the bounds
//     allow and followed by "count" (int64), the noisy number of rows they are of;
//   - of Quantiles "rank" and "quantile" (float64), with a row for each rank; of a
//     Histogram "bin_lower", "bin_upper" (float64) and "count" (int64), with a row
//     for each bin; of a Top the column that is ranked, "place", from 1 on, and
//     "people" (int64); of Groups with a threshold "people" (int64);
//   - "noise_scale" (float64): of one noisy number the scale t of the discrete
//     Laplace noise, which is its mean absolute error, or the standard deviation of
//     the Gaussian noise; of a result made of several, the same of what their noise
//     adds up to in it to first order, in the unit of the result. Of Quantiles it is
//     that of the number of rows in a part of the tree. Groups by TruncatedGeometric
//     have none, and no interval;
//   - "lower" and "upper" (as the result): an interval that holds, with a
//     probability of at least 0.95 for each row, what the result would have been
//     without noise. It is proved and not approximated, and so wider than it needs
//     to be for results made of several noisy numbers. That of a result other than
//     a number of rows or people or a sum says nothing if there are no rows; those
//     of a Top hold for all its rows together. Those of Groups with a threshold hold
//     with that probability among the groups that are shown, which have a large noise
//     more often than others. What bounding and clamping changed is not part of it;
//   - "bound_lower" and "bound_upper" (float64), where bounds were found; those of Y
//     of a Covariance or Correlation are "y_bound_lower" and "y_bound_upper".
//
// The caller releases the records.
func (s *Scan) Results(ctx context.Context) ([]arrow.Record, error) {
	switch {
	case s.done:
		return nil, errDone
	case !s.root:
		return nil, errors.New("dp: a shard has no results; merge it into its scan")
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("dp: %w", err)
	}
	if err := s.complete(); err != nil {
		return nil, err
	}
	if err := s.paid.valid(ctx); err != nil {
		return nil, fmt.Errorf("dp: %w", err)
	}
	v, answers, err := s.total().answer(s.source)
	s.finish() // also after an error, of what may have been drawn
	if err != nil {
		return nil, fmt.Errorf("dp: %w", err)
	}
	records := make([]arrow.Record, len(answers))
	for i := range answers {
		records[i] = v.record(i, &answers[i])
	}
	return records, nil
}
