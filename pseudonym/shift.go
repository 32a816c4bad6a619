package pseudonym

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/hmac256"
)

// DateShift moves the dates of a person by one number of days, the same in all
// columns and tables of one field, so that the intervals between the dates of
// a person stay what they were. The number is HMAC-SHA256 of the subject under
// the sub-key of the field and the range, mapped to the allowed shifts with a
// bias below their number in 2^64. Give all date columns of a person the same
// Field, with the entity of the subject, not of the date.
//
// A column is date32, date64 or timestamp, or a dictionary of these, which is
// decoded; its type stays. A timestamp moves by whole days of 24 hours and
// keeps its time of day in UTC. A null date stays null. A date without a
// subject, null or empty, is an error, and so is a shift out of the range of
// the type.
//
// A shift hides the date and not the rhythm: a series of intervals may be
// unique, weekday and season show through a small range, and an event known to
// all, such as a holiday, gives the shift away. Shifting is a matter for expert
// determination; HIPAA's Safe Harbor wants the year alone.
type DateShift struct {
	// Subject names the column of the person, of a type that a column to
	// pseudonymize may have. It is read as it comes in, also where it becomes a
	// token in the same call.
	Subject string `yaml:"subject"`
	// Lo and Hi bound the shift in days, both inclusive, within ±365,250.
	Lo int `yaml:"lo"`
	Hi int `yaml:"hi"`
	// Weeks allows multiples of seven only, which keep the day of the week.
	Weeks bool `yaml:"weeks,omitempty"`
	// NonZero rules out that the dates of a person stay as they are.
	NonZero bool `yaml:"non_zero,omitempty"`
}

// maxShift is a thousand years.
const maxShift = 365_250

// opShift names the derivation of shift keys.
const opShift = "date-shift"

func (DateShift) traits() traits { return traits{prepares: true, varies: true} }

func (d DateShift) check() []error {
	var errs []error
	if d.Subject == "" {
		errs = append(errs, errors.New("no subject; name the column whose values are the people"))
	}
	for _, b := range []struct {
		name  string
		value int
	}{{"lo", d.Lo}, {"hi", d.Hi}} {
		if b.value < -maxShift || b.value > maxShift {
			errs = append(errs, fmt.Errorf("%s is %d days, want within ±%d", b.name, b.value, maxShift))
		}
	}
	if len(errs) == 0 && d.choices() < 2 {
		errs = append(errs, fmt.Errorf("%d shifts from lo %d to hi %d: all people would have the "+
			"same; want a wider range", d.choices(), d.Lo, d.Hi))
	}
	return errs
}

// grid returns the allowed shifts as first, first+step, …, last, which may
// include 0.
func (d DateShift) grid() (first, last, step int) {
	if !d.Weeks {
		return d.Lo, d.Hi, 1
	}
	return 7 * int(math.Ceil(float64(d.Lo)/7)), 7 * int(math.Floor(float64(d.Hi)/7)), 7
}

// choices is the number of allowed shifts.
func (d DateShift) choices() int {
	first, last, step := d.grid()
	if last < first {
		return 0
	}
	n := (last-first)/step + 1
	if d.NonZero && first <= 0 && last >= 0 {
		n--
	}
	return n
}

// days maps 64 random bits to a shift.
func (d DateShift) days(random uint64) int64 {
	first, _, step := d.grid()
	i, _ := bits.Mul64(random, uint64(d.choices()))
	shift := first + step*int(i)
	if d.NonZero && first <= 0 && shift >= 0 {
		shift += step // 0 and what follows move up by one
	}
	return int64(shift)
}

func (d DateShift) compile(kr *Keyring, c Column) (kernel, error) {
	if c.Empty != "" || len(c.Sentinels) > 0 {
		return nil, errors.New("a date shift handles no empty values and no sentinels")
	}
	p, errs := newPreparation(c)
	if len(errs) > 0 {
		return nil, join(errs)
	}
	params := fmt.Sprintf("%d..%d weeks=%t non_zero=%t", d.Lo, d.Hi, d.Weeks, d.NonZero)
	m, err := kr.macs(opShift, c.Field, params)
	if err != nil {
		return nil, err
	}
	k := &shiftKernel{DateShift: d, preparation: p}
	k.pool = &sync.Pool{New: func() any { return &shifter{mac: m.get()} }}
	return k, nil
}

// shiftKernel is a compiled DateShift.
type shiftKernel struct {
	DateShift
	preparation
	pool *sync.Pool // of *shifter
}

// shifter is what one goroutine needs.
type shifter struct {
	mac  *hmac256.MAC
	text [textBytes]byte
	form []byte
}

func (k *shiftKernel) reads() []string { return []string{k.Subject} }

func (k *shiftKernel) bits() int { return 0 }

func (k *shiftKernel) outType(in arrow.DataType, further []arrow.DataType) (arrow.DataType, error) {
	if err := checkType(further[0]); err != nil {
		return nil, fmt.Errorf("subject: %w", err)
	}
	if d, ok := in.(*arrow.DictionaryType); ok {
		in = d.ValueType
	}
	switch in.ID() {
	case arrow.DATE32, arrow.DATE64, arrow.TIMESTAMP:
		return in, nil
	}
	return nil, fmt.Errorf("%s is no date; want date32, date64 or timestamp", in)
}

var (
	errNoSubject = errors.New("the subject of a date is null or empty; " +
		"drop such rows or give them one")
	errShifted = errors.New("the shifted date is out of the range of its type")
)

func (k *shiftKernel) transform(ctx context.Context, mem memory.Allocator, a arrow.Array,
	further []arrow.Array) (arrow.Array, error) {
	typ, err := k.outType(a.DataType(), []arrow.DataType{further[0].DataType()})
	if err != nil {
		return nil, err
	}
	dates, err := rowsOf(a, func(arrow.Array) error { return nil })
	if err != nil {
		return nil, err
	}
	defer dates.release()
	at, perDay, err := ticks(dates.entries)
	if err != nil {
		return nil, err
	}
	var subjects values
	people, err := rowsOf(further[0], func(entries arrow.Array) error {
		subjects, err = valuesOf(entries)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("subject: %w", err)
	}
	defer people.release()
	out, err := newOutputs(mem, typ, a.Len(), validity{})
	if err != nil {
		return nil, err
	}
	defer out.release()
	clear(out.content)
	valid := newBuffer(mem, (a.Len()+7)/8)
	out.buffers[0] = valid
	clear(valid.Bytes())
	s := k.pool.Get().(*shifter)
	defer k.pool.Put(s)
	known := make([]int64, subjects.n) // the shift of each subject, once known
	have := make([]bool, subjects.n)
	for row := range a.Len() {
		if row%cancelEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		date := dates.entry(row)
		if date < 0 || dates.valid.null(date) {
			out.nulls++
			continue
		}
		person := people.entry(row)
		if person < 0 || subjects.null(person) {
			return nil, fmt.Errorf("row %d: %w", row, errNoSubject)
		}
		if !have[person] {
			if known[person], err = k.shift(s, subjects, person); err != nil {
				return nil, fmt.Errorf("row %d: %w", row, err)
			}
			have[person] = true
		}
		moved, ok := addTicks(at(date), known[person], perDay)
		if !ok || out.width == 4 && int64(int32(moved)) != moved {
			return nil, fmt.Errorf("row %d: %w", row, errShifted)
		}
		valid.Bytes()[row/8] |= 1 << (row % 8)
		if to := out.room(row, out.width); out.width == 4 {
			binary.NativeEndian.PutUint32(to, uint32(int32(moved)))
		} else {
			binary.NativeEndian.PutUint64(to, uint64(moved))
		}
	}
	return out.array()
}

// shift returns the days by which the dates of a subject move.
func (k *shiftKernel) shift(s *shifter, subjects values, person int) (int64, error) {
	text, err := subjects.at(person, s.text[:])
	if err != nil {
		return 0, err
	}
	if s.form, err = k.chain.Append(s.form[:0], text); err != nil {
		return 0, err
	}
	if len(s.form) == 0 {
		return 0, errNoSubject
	}
	return k.days(binary.BigEndian.Uint64(s.mac.Digest(s.form)[:8])), nil
}

// addTicks returns ticks + days·perDay unless it overflows.
func addTicks(ticks, days, perDay int64) (int64, bool) {
	if days > math.MaxInt64/perDay || days < math.MinInt64/perDay {
		return 0, false
	}
	move := days * perDay
	sum := ticks + move
	return sum, (sum > ticks) == (move > 0)
}

// ticks returns the values of a plain array of dates, and how many of their
// unit a day has.
func ticks(a arrow.Array) (func(i int) int64, int64, error) {
	switch a := a.(type) {
	case *array.Date32:
		v := a.Date32Values()
		return func(i int) int64 { return int64(v[i]) }, 1, lengthOf(len(v), a)
	case *array.Date64:
		v := a.Date64Values()
		return func(i int) int64 { return int64(v[i]) }, 86_400_000, lengthOf(len(v), a)
	case *array.Timestamp:
		v := a.TimestampValues()
		unit := a.DataType().(*arrow.TimestampType).Unit
		perDay := map[arrow.TimeUnit]int64{arrow.Second: 86_400, arrow.Millisecond: 86_400_000,
			arrow.Microsecond: 86_400_000_000, arrow.Nanosecond: 86_400_000_000_000}[unit]
		return func(i int) int64 { return int64(v[i]) }, perDay, lengthOf(len(v), a)
	}
	if a.Len() == 0 { // the dictionary of a column without rows
		return func(int) int64 { return 0 }, 1, nil
	}
	return nil, 0, errDamaged
}

func lengthOf(n int, a arrow.Array) error {
	if n < a.Len() {
		return errDamaged
	}
	return nil
}

// indexed is a plain array, or the entries of a dictionary and the index of
// each row.
type indexed struct {
	entries arrow.Array
	valid   validity // of entries
	codes   []int32  // nil for a plain array
}

// rowsOf takes an array apart and shows its entries to see.
func rowsOf(a arrow.Array, see func(entries arrow.Array) error) (*indexed, error) {
	x := &indexed{entries: a}
	if d, ok := a.(*array.Dictionary); ok {
		if data := d.Data().Dictionary(); data != nil && data.Len() > 0 {
			x.entries = array.MakeFromData(data)
		} else {
			x.entries = array.NewNull(0)
		}
		rows, err := validityOf(d)
		if err == nil {
			x.codes = make([]int32, d.Len())
			err = indices(x.codes, d, rows, x.entries.Len())
		}
		if err != nil {
			x.release()
			return nil, err
		}
	} else {
		a.Retain()
	}
	var err error
	if x.valid, err = validityOf(x.entries); err == nil {
		err = see(x.entries)
	}
	if err != nil {
		x.release()
		return nil, err
	}
	return x, nil
}

// entry returns the entry of a row, below 0 where the row of a dictionary is
// null.
func (x *indexed) entry(row int) int {
	if x.codes == nil {
		return row
	}
	return int(x.codes[row])
}

func (x *indexed) release() { x.entries.Release() }
