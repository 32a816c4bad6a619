package dp

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// tallyMagic starts the binary form of sums; its last byte is the version.
const tallyMagic = "lethe-tally\x01"

var (
	errTally   = errors.New("dp: malformed tally")
	errTallied = errors.New("dp: the scan takes tallies and no rows; use another one for those")
)

// tallied are the sums of parts of people.
type tallied struct {
	sums     *sums
	merged   []bool // by part
	missing  int
	division divisionID
}

// MarshalTally applies what bounds a person to the rows of a shard, sums them up for
// the queries and gives the sums, for MergeTally. The shard is finished. Of a table in
// many shards all rows of a person must be in this one: put the pieces together that
// MarshalParts made of the same part of people of all shards, or all of their rows.
//
// The sums have no noise: the bytes are as confidential as the table. They take some
// bytes for each group that was met and each of a query's numbers, and for bins and
// leaves with rows; and as many as the rows for queries whose bounds are found.
//
// A shard to which MergeTally gave all parts of a division gives the tally of
// everyone.
func (s *Scan) MarshalTally() ([]byte, error) {
	switch {
	case s.done:
		return nil, errDone
	case s.root:
		return nil, errors.New("dp: this scan has results; make the tally of a shard")
	}
	if err := s.complete(); err != nil {
		return nil, err
	}
	digest := s.plan.tallyDigest()
	b := append([]byte(tallyMagic), digest[:]...)
	b = s.total().append(s.part.append(b))
	s.finish()
	return b, nil
}

// complete is nil unless the scan took the tallies of some parts and not of others.
func (s *Scan) complete() error {
	if s.tallied == nil || s.tallied.missing == 0 {
		return nil
	}
	return fmt.Errorf("dp: the tallies of %d of %d parts are missing", s.tallied.missing,
		len(s.tallied.merged))
}

// total are the sums of the rows of the scan or of all tallies that it took.
func (s *Scan) total() *sums {
	if s.tallied != nil {
		return s.tallied.sums
	}
	return s.sum()
}

// MergeTally takes in what MarshalTally gave for the same unit, schema and queries,
// of one part of the people: each part once, and all of them before Results. A scan
// takes tallies or rows. Results are then distributed as if the scan had all rows.
//
// Bytes that no scan gives are refused, and the scan is left as it was. But that
// nobody is in two parts, and that what bounds a person was applied, has to be true
// of the sums; it is not seen in them. Take tallies from one's own workers alone.
func (s *Scan) MergeTally(data []byte) error {
	switch {
	case s.done:
		return errDone
	case s.people.Len() > 0:
		return errors.New("dp: the scan has rows and takes no tallies; use another one for those")
	}
	digest := s.plan.tallyDigest()
	rest, ok := bytes.CutPrefix(data, []byte(tallyMagic))
	if !ok || len(rest) < len(digest) {
		return errTally
	}
	if [sha256.Size]byte(rest[:len(digest)]) != digest {
		return errors.New("dp: a tally of other queries cannot be merged; make it for the same unit, " +
			"schema and queries")
	}
	r := scanReader{b: rest[len(digest):]}
	p := r.part()
	d := s.Shard().loadSums(&r)
	if r.bad || len(r.b) > 0 {
		return errTally
	}
	return s.take(p, d)
}

// take adds the sums of a part of the people.
func (s *Scan) take(p part, d *sums) error {
	of := max(1, p.of)
	if s.tallied == nil {
		s.tallied = &tallied{d, make([]bool, of), of - 1, p.division}
		s.tallied.merged[p.index] = true
		return nil
	}
	t := s.tallied
	switch {
	case len(t.merged) != of || t.division != p.division:
		return errors.New("dp: tallies of parts of different divisions cannot be merged; one person may " +
			"be in both")
	case t.merged[p.index]:
		return fmt.Errorf("dp: the tally of part %d was merged already", p.index)
	}
	if err := t.sums.merge(d); err != nil {
		return fmt.Errorf("dp: %w", err)
	}
	t.merged[p.index] = true
	t.missing--
	return nil
}

// tallyDigest tells plans apart whose sums cannot be merged: by what digest does and
// by the questions.
func (p *plan) tallyDigest() [sha256.Size]byte {
	h := sha256.New()
	digest := p.digest()
	h.Write(digest[:])
	fmt.Fprintf(h, "%d\n", p.unit.MaxGroups)
	for _, m := range p.measures {
		fmt.Fprintf(h, "%v ", m.grid.whole)
	}
	for _, q := range p.questions {
		fmt.Fprintf(h, "%T %+v %d %d\n", q.kind, q.kind, q.grouping, q.measures)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func (d *sums) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(d.rows))
	b = binary.AppendUvarint(b, uint64(d.people))
	var columns numbering
	for _, roll := range d.rolls {
		if roll != nil {
			groups := make([]uint32, roll.len())
			for g := range groups {
				groups[g] = uint32(g)
			}
			b = roll.append(b, groups, &columns)
		}
	}
	for _, in := range d.in {
		for _, n := range in {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	for i := range d.tallies {
		for _, numbers := range d.tallies[i].cells {
			for _, x := range numbers {
				b = binary.AppendVarint(b, x)
			}
		}
		if s := d.tallies[i].spots; s != nil {
			b = s.append(b)
		}
	}
	if d.rest != nil {
		b = binary.AppendUvarint(b, uint64(d.rest.n))
		for e := range uint32(d.rest.n) {
			b = d.rest.append(b, e, nil)
		}
	}
	return b
}

// append writes each place as the distance from the one before, at least one.
func (s *spots) append(b []byte) []byte {
	for g := range s.start[1:] {
		of, last := s.group(g), -1
		b = binary.AppendUvarint(b, uint64(len(of.place)))
		for i, place := range of.place {
			b = binary.AppendUvarint(b, uint64(int(place)-last))
			b = binary.AppendUvarint(b, uint64(of.rows[i]))
			last = int(place)
		}
	}
	return b
}

// loadSums fills the sums of an empty shard, and checks every number of them against
// what so many rows and people can come to.
func (s *Scan) loadSums(r *scanReader) *sums {
	rows := r.atMost(maxEntries)
	people := r.atMost(rows)
	s.loadRolls(r)
	d := s.sum()
	d.rows, d.people = rows, people
	for _, in := range d.in {
		for g := range in {
			in[g] = r.atMost(people)
		}
	}
	v := d.view(nil)
	for i := range d.tallies {
		t, q := &d.tallies[i], &d.plan.questions[i]
		for _, numbers := range t.cells {
			for g := range numbers {
				numbers[g] = r.varint()
				if most := rows << (gridBits + 1); numbers[g] > most || numbers[g] < -most {
					r.fail()
				}
			}
		}
		if t.spots != nil {
			t.spots = r.spots(v.met(q), q.kind.(placing).places(v, q), rows)
		}
	}
	if d.rest != nil {
		for range r.atMost(rows) {
			if s.loadRow(r, d.rest, new(person)); r.bad {
				break
			}
		}
	}
	return d
}

func (r *scanReader) atMost(most int64) int64 {
	n := r.uvarint()
	if n > uint64(most) {
		r.fail()
		return 0
	}
	return int64(n)
}

// spots reads those of so many groups with places below a number, of a number of rows.
func (r *scanReader) spots(groups, places int, rows int64) *spots {
	s := &spots{start: make([]int, 1, groups+1)}
	for range groups {
		place := int64(-1)
		for range r.atMost(int64(places)) {
			step := r.atMost(int64(places))
			place += step
			n := r.atMost(rows)
			if rows -= n; step < 1 || place >= int64(places) || n < 1 {
				r.fail()
			}
			if r.bad {
				return s
			}
			s.place, s.rows = append(s.place, uint32(place)), append(s.rows, n)
		}
		s.start = append(s.start, len(s.place))
	}
	return s
}
