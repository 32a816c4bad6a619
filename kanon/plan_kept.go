package kanon

import (
	"bytes"
	"errors"
	"math"
	"strconv"

	"github.com/lethe-go/lethe/internal/group"
)

// tupleColumns are tuples of numbers, column by column: a few large lists, into
// which the collector does not look. Their JSON form is a list of tuples.
type tupleColumns struct {
	n       int
	columns [][]uint32
}

// MarshalJSON writes the tuples.
func (t *tupleColumns) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 2+t.n*(2+6*len(t.columns)))
	b = append(b, '[')
	for i := range t.n {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for j, c := range t.columns {
			if j > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendUint(b, uint64(c[i]), 10)
		}
		b = append(b, ']')
	}
	return append(b, ']'), nil
}

var errTuples = errors.New("not a list of combinations")

// UnmarshalJSON reads tuples that all have as many numbers as the first one.
func (t *tupleColumns) UnmarshalJSON(data []byte) error {
	var all tupleColumns
	at, depth, column := 0, 0, 0
	for at < len(data) {
		c := data[at]
		at++
		switch {
		case bytes.IndexByte([]byte(" \t\r\n,"), c) >= 0: // the decoder has seen to commas
		case c == '[' && depth < 2:
			depth, column = depth+1, 0
		case c == ']' && depth == 2:
			if column != len(all.columns) {
				return errTuples
			}
			all.n++
			depth--
		case c == ']' && depth == 1:
			depth--
		case c >= '0' && c <= '9' && depth == 2:
			end := at
			for end < len(data) && data[end] != ',' && data[end] != ']' && data[end] > ' ' {
				end++
			}
			v, err := strconv.ParseUint(string(data[at-1:end]), 10, 32)
			if err != nil {
				return errTuples
			}
			if column == len(all.columns) {
				if all.n > 0 {
					return errTuples
				}
				all.columns = append(all.columns, nil)
			}
			all.columns[column] = append(all.columns[column], uint32(v))
			column, at = column+1, end
		default:
			return errTuples
		}
	}
	*t = all
	return nil
}

// ascends says whether tuple i comes after the one before.
func ascends(columns [][]uint32, i int) bool {
	for _, c := range columns {
		if c[i] != c[i-1] {
			return c[i] > c[i-1]
		}
	}
	return false
}

// inOrder lists n tuples in ascending order, equal ones as they come: by the
// digits of the last column first.
func inOrder(columns [][]uint32, n int) []uint32 {
	const digit = 11
	order, next := make([]uint32, n), make([]uint32, n)
	for i := range order {
		order[i] = uint32(i)
	}
	for j := len(columns) - 1; j >= 0; j-- {
		c, all := columns[j], uint32(0)
		for _, v := range c {
			all |= v
		}
		for shift := 0; shift < 32 && all>>shift > 0; shift += digit {
			var at [1 << digit]uint32
			for _, v := range c {
				at[v>>shift&(1<<digit-1)]++
			}
			sum := uint32(0)
			for i, m := range at {
				at[i] = sum
				sum += m
			}
			for _, i := range order {
				d := c[i] >> shift & (1<<digit - 1)
				next[at[d]] = i
				at[d]++
			}
			order, next = next, order
		}
	}
	return order
}

// pickAll returns what the columns have at the places, in that order.
func pickAll(columns [][]uint32, places []uint32) *tupleColumns {
	t := &tupleColumns{n: len(places), columns: make([][]uint32, len(columns))}
	for j, c := range columns {
		t.columns[j] = make([]uint32, len(places))
		for i, p := range places {
			t.columns[j][i] = c[p]
		}
	}
	return t
}

// keptTuples tell which tuples of labels are kept, or of values where recoding is
// local, and the number of each where it is needed. A tuple is looked up by a
// key, which is the sum of what its columns give it.
type keptTuples struct {
	columns []keptColumn
	words   int // of a key
	// One of these is there: a bit for each tuple that there could be, the number
	// plus one of each, or a table of those that are.
	bits    []uint64
	numbers []uint32
	table   *group.Table
}

// keptColumn is what a column gives a key.
type keptColumn struct {
	word int
	step []uint64 // by label
}

const (
	// fewBits and fewNumbers are how many bits and numbers may be held for a tuple
	// that is kept: no more memory than a table takes.
	fewBits, fewNumbers = 128, 4
	// leastCells may always be held.
	leastCells = 1 << 14
)

// newKept takes tuples, of which sizes are how many numbers each column has.
// Numbers says whether theirs are asked for.
func newKept(t *tupleColumns, sizes []int, numbers bool) *keptTuples {
	k := &keptTuples{columns: make([]keptColumn, len(sizes)), words: 1}
	cells := uint64(1)
	for j, size := range sizes {
		step := make([]uint64, size)
		for v := range step {
			step[v] = uint64(v) * cells
		}
		k.columns[j].step = step
		if size > 0 && cells > math.MaxInt32/uint64(size) {
			return newKeptTable(t, sizes)
		}
		cells *= uint64(size)
	}
	few := uint64(fewBits)
	if numbers {
		few = fewNumbers
	}
	if cells > max(leastCells, few*uint64(t.n)) {
		return newKeptTable(t, sizes)
	}
	keys := k.keys(t)
	if numbers {
		k.numbers = make([]uint32, cells)
		for i, key := range keys {
			k.numbers[key] = uint32(i) + 1
		}
		return k
	}
	k.bits = make([]uint64, (cells+63)/64)
	for _, key := range keys {
		k.bits[key/64] |= 1 << (key % 64)
	}
	return k
}

func newKeptTable(t *tupleColumns, sizes []int) *keptTuples {
	layout := group.NewLayout(sizes)
	k := &keptTuples{columns: make([]keptColumn, len(sizes)), words: layout.Words()}
	k.table = group.New(k.words, t.n)
	for j, size := range sizes {
		word, shift := layout.Place(j)
		step := make([]uint64, size)
		for v := range step {
			step[v] = uint64(v) << shift
		}
		k.columns[j] = keptColumn{word, step}
	}
	k.table.Add(k.keys(t), make([]uint32, t.n))
	return k
}

// keys are those of tuples.
func (k *keptTuples) keys(t *tupleColumns) []uint64 {
	keys := make([]uint64, t.n*k.words)
	for j, labels := range t.columns {
		k.add(keys, j, labels)
	}
	return keys
}

// add gives keys what column j does where it has these labels.
func (k *keptTuples) add(keys []uint64, j int, labels []uint32) {
	step := k.columns[j].step
	if len(step) == 1 { // at the top it gives nothing
		return
	}
	if k.words == 1 {
		for i, label := range labels {
			keys[i] += step[label]
		}
		return
	}
	for i, label := range labels {
		keys[i*k.words+k.columns[j].word] += step[label]
	}
}

// find says which keys are of kept tuples and how many are not. It writes their
// numbers where these are asked for.
func (k *keptTuples) find(keys []uint64, number []uint32, keep []bool) (missing int) {
	if k.bits != nil {
		for i, key := range keys {
			bit := int(k.bits[key/64] >> (key % 64) & 1)
			keep[i] = bit != 0
			missing += 1 - bit
		}
		return missing
	}
	if k.numbers != nil {
		for i, key := range keys {
			number[i] = k.numbers[key] - 1
		}
	} else {
		k.table.Find(keys, number)
	}
	for i, n := range number {
		keep[i] = n != group.None
		if n == group.None {
			missing++
		}
	}
	return missing
}
