package pseudonym

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/zeebo/xxh3"
)

const (
	// MinRows is the number of values below which the guards of entropy do not
	// judge a column: a small table has few distinct values of everything.
	MinRows = 1000
	// MinDistinct is the least number of distinct values of a column of
	// deterministic tokens: fewer are guessed by their frequencies. For fewer
	// than ten times as many rows it is a tenth of the rows, so that a small
	// table of people with several rows each passes.
	MinDistinct = 1000
	// MaxShare is the largest share of the rows that one value may have: who
	// knows which value is that common reads its token.
	MaxShare = 0.1
	// MaxCollision is the largest chance that any two of the distinct values of
	// a column have the same token, by the birthday bound n²/2^(bits+1).
	MaxCollision = 1e-9
)

// exactBits is the length of tokens up to which collisions are looked for:
// above it the bound holds for more values than memory does.
const exactBits = 64

// Counts is what the guards know of the rows that were pseudonymized. Its
// memory is bounded: 256 KiB a column, and the distinct tokens of a column
// where they have at most 64 bits, of which [MaxCollision] allows 190,000. It
// holds hashes of tokens and of values and is as confidential as the key. It is
// not safe for concurrent use; count shards apart and Merge them.
// [Pseudonymizer.NewCounts] makes one.
type Counts struct {
	columns []columnCounts
}

// columnCounts are the counts of one column.
type columnCounts struct {
	column  *column
	guarded bool
	nulls   int64
	tally   tally
	// The hash of the value of each token, if the tokens are short; nil if
	// there are more than allowed.
	values   map[uint64]uint64
	crowded  bool // there are more
	collided bool
}

// NewCounts returns counts of no rows for the columns of p.
func (p *Pseudonymizer) NewCounts() *Counts {
	c := &Counts{}
	for i := range p.columns {
		cc := columnCounts{column: &p.columns[i],
			guarded: !traitsOf(p.columns[i].source.Method).varies}
		if cc.short() {
			cc.values = map[uint64]uint64{}
		}
		c.columns = append(c.columns, cc)
	}
	return c
}

// short tells whether collisions are looked for.
func (c *columnCounts) short() bool {
	b := c.column.bits()
	return c.guarded && b > 0 && b <= exactBits
}

// mostValues is how many distinct values the birthday bound allows for tokens
// of so many bits: the largest n with n² <= MaxCollision·2^(bits+1).
func mostValues(bits int) int64 {
	return int64(math.Sqrt(math.Ldexp(MaxCollision, bits+1)))
}

// Add counts the rows of a record, before is what was given to Transform and
// after what it returned. The elements of lists are counted as rows are.
func (c *Counts) Add(before, after arrow.Record) error {
	if before.NumRows() != after.NumRows() {
		return fmt.Errorf("pseudonym: %d rows before and %d after", before.NumRows(), after.NumRows())
	}
	for i := range c.columns {
		cc := &c.columns[i]
		name := cc.column.name
		from, to := before.Schema().FieldIndices(name), after.Schema().FieldIndices(name)
		if len(from) != 1 || len(to) != 1 {
			return fmt.Errorf("pseudonym: column %q is not in both records once", name)
		}
		if err := cc.add(before.Column(from[0]), after.Column(to[0])); err != nil {
			return fmt.Errorf("pseudonym: column %q: %w", name, err)
		}
	}
	return nil
}

func (c *columnCounts) add(before, after arrow.Array) error {
	if in, ok := before.(array.ListLike); ok && after.DataType().ID() == before.DataType().ID() &&
		before.DataType().ID() != arrow.MAP {
		// The output holds the elements of its lists and no others.
		out := after.(array.ListLike)
		elems := array.NewSlice(in.ListValues(), firstElement(before),
			firstElement(before)+int64(out.ListValues().Len()))
		defer elems.Release()
		return c.add(elems, out.ListValues())
	}
	if !c.guarded {
		v, err := rowsOf(after, func(arrow.Array) error { return nil })
		if err != nil {
			return err
		}
		defer v.release()
		for row := range after.Len() {
			if at := v.entry(row); at < 0 || v.valid.null(at) {
				c.nulls++
			} else {
				c.tally.total++
			}
		}
		return nil
	}
	return c.addTokens(before, after)
}

// firstElement is the place of the first element of the first list of a.
func firstElement(a arrow.Array) int64 {
	if a.Len() == 0 {
		return 0
	}
	switch a := a.(type) {
	case *array.List:
		return int64(a.Offsets()[a.Data().Offset()])
	case *array.LargeList:
		return a.Offsets()[a.Data().Offset()]
	case *array.FixedSizeList:
		return int64(a.Data().Offset()) * int64(a.DataType().(*arrow.FixedSizeListType).Len())
	}
	return 0
}

// addTokens counts tokens, each entry of a dictionary once.
func (c *columnCounts) addTokens(before, after arrow.Array) error {
	var tokens, texts values
	out, err := rowsOf(after, func(entries arrow.Array) (err error) {
		tokens, err = valuesOf(entries)
		return err
	})
	if err != nil {
		return err
	}
	defer out.release()
	p, _ := newPreparation(c.column.source)
	if out.codes != nil && c.values == nil {
		return c.addEntries(out.codes, tokens, p)
	}
	in := &indexed{}
	if c.values != nil {
		in, err = rowsOf(before, func(entries arrow.Array) (err error) {
			texts, err = valuesOf(entries)
			return err
		})
		if err != nil {
			return err
		}
		defer in.release()
	}
	var text [textBytes]byte
	var form []byte
	for row := range after.Len() {
		at := out.entry(row)
		if at < 0 || tokens.null(at) {
			c.nulls++
			continue
		}
		token, err := tokens.at(at, text[:])
		if err != nil {
			return err
		}
		if p.keeps() && p.isKept(token) {
			continue
		}
		hash := xxh3.Hash(token)
		c.tally.add(hash, 1)
		if c.values == nil {
			continue
		}
		value, err := texts.at(in.entry(row), text[:])
		if err != nil {
			return err
		}
		if form, _, err = p.apply(form[:0], value); err != nil {
			return err
		}
		c.pair(hash, xxh3.Hash(form))
	}
	return nil
}

// addEntries counts the entries of a dictionary by how many rows have each,
// which is -1 for a null.
func (c *columnCounts) addEntries(rows []int32, tokens values, p preparation) error {
	times := make([]int64, tokens.n+1)
	for _, at := range rows {
		times[at+1]++
	}
	c.nulls += times[0]
	var text [textBytes]byte
	for at, n := range times[1:] {
		switch {
		case n == 0:
			continue
		case tokens.null(at):
			c.nulls += n
			continue
		}
		token, err := tokens.at(at, text[:])
		if err != nil {
			return err
		}
		if p.keeps() && p.isKept(token) {
			continue
		}
		c.tally.add(xxh3.Hash(token), n)
	}
	return nil
}

// isKept tells whether an output is a value that was left as it is.
func (p *preparation) isKept(output []byte) bool {
	if len(output) == 0 {
		return p.empty == Keep
	}
	return p.sentinel == Keep && slices.ContainsFunc(p.sentinels, func(s []byte) bool {
		return string(s) == string(output)
	})
}

// pair notes the value of a short token.
func (c *columnCounts) pair(token, value uint64) {
	if c.values == nil {
		return
	}
	if have, ok := c.values[token]; ok {
		c.collided = c.collided || have != value
		return
	}
	if int64(len(c.values)) == mostValues(c.column.bits()) {
		c.values, c.crowded = nil, true
		return
	}
	c.values[token] = value
}

// Merge adds the rows of other, which stays as it is and must come from a
// pseudonymizer of the same columns.
func (c *Counts) Merge(other *Counts) error {
	if len(c.columns) != len(other.columns) {
		return errors.New("pseudonym: counts of other columns cannot be merged")
	}
	for i := range c.columns {
		if a, b := c.columns[i].column.source, other.columns[i].column.source; a.Name != b.Name ||
			a.Spec() != b.Spec() {
			return fmt.Errorf("pseudonym: counts of columns %q and %q cannot be merged", a.Name, b.Name)
		}
	}
	for i := range c.columns {
		a, b := &c.columns[i], &other.columns[i]
		a.nulls += b.nulls
		a.tally.merge(&b.tally)
		a.collided = a.collided || b.collided
		if a.crowded = a.crowded || b.crowded; a.crowded {
			a.values = nil
			continue
		}
		for token, value := range b.values {
			a.pair(token, value)
		}
	}
	return nil
}
