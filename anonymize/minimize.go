package anonymize

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// coarsening replaces the values of one column by coarser ones. It is a pure
// function of the value: equal values become equal, whatever stands around
// them, and null stays null. Implementations hold parameters only and are safe
// for concurrent use.
//
// Errors carry neither the prefix of the package nor the name of the column;
// the caller adds both. They never carry a value.
type coarsening interface {
	// validate returns every mistake in the parameters.
	validate() []error
	// describe says in plain words, with the parameters, what was done.
	describe() string
	// outType is the type of the column afterwards, or an error that says
	// which types are taken. It wants parameters that validate accepts.
	outType(in arrow.DataType) (arrow.DataType, error)
	// apply returns a new array of type outType(a.DataType()) and the length
	// of a, of which the caller owns one reference. Memory under a null of the
	// result is zero, so nothing of the input survives there.
	apply(mem memory.Allocator, a arrow.Array) (arrow.Array, error)
}

var (
	_ coarsening = Round{}
	_ coarsening = Clamp{}
	_ coarsening = Truncate{}
	_ coarsening = Mask{}
	_ coarsening = ZIP3{}
)

// minimization is all that is done to the values of one column, in order.
type minimization []coarsening

// newMinimization puts the steps of one column in the order in which they are
// always applied: round, clamp, truncate, mask, zip3. A nil step is left out.
func newMinimization(r *Round, c *Clamp, t *Truncate, m *Mask, z *ZIP3) minimization {
	var steps minimization
	if r != nil {
		steps = append(steps, *r)
	}
	if c != nil {
		steps = append(steps, c.clone())
	}
	if t != nil {
		steps = append(steps, *t)
	}
	if m != nil {
		steps = append(steps, *m)
	}
	if z != nil {
		steps = append(steps, ZIP3{Sparse: slices.Clone(z.Sparse), NoneSparse: z.NoneSparse})
	}
	return steps
}

// validate returns every mistake in the steps and between them.
func (m minimization) validate() []error {
	var errs []error
	var round *Round
	for _, step := range m {
		errs = append(errs, step.validate()...)
		switch s := step.(type) {
		case Round:
			round = &s
		case Clamp:
			if round != nil && len(errs) == 0 {
				errs = append(errs, s.onGrid(round.To)...)
			}
		}
	}
	return errs
}

// actions describes the steps in order, for a report.
func (m minimization) actions() []string {
	var said []string
	for _, step := range m {
		said = append(said, step.describe())
	}
	return said
}

func (m minimization) outType(in arrow.DataType) (arrow.DataType, error) {
	for _, step := range m {
		var err error
		if in, err = step.outType(in); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// apply returns a itself, retained, where there is no step.
func (m minimization) apply(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
	a.Retain()
	for _, step := range m {
		next, err := step.apply(mem, a)
		a.Release()
		if err != nil {
			return nil, err
		}
		a = next
	}
	return a, nil
}

// mapFixed applies f to every value of an array of fixed width. f must not
// fail; it may note in a closure that it met something it cannot do.
func mapFixed[T arrow.FixedWidthType](
	mem memory.Allocator, a arrow.Array, out arrow.DataType, f func(T) T,
) arrow.Array {
	n := a.Len()
	from := arrow.GetValues[T](a.Data(), 1)
	values := newZeroed(mem, n*out.(arrow.FixedWidthDataType).Bytes())
	defer values.Release()
	to := arrow.GetData[T](values.Bytes())
	if nulls := a.NullBitmapBytes(); hasNulls(a) {
		off := a.Data().Offset()
		for i := range from {
			if bitutil.BitIsSet(nulls, off+i) {
				to[i] = f(from[i])
			}
		}
	} else {
		for i, v := range from {
			to[i] = f(v)
		}
	}
	return finish(mem, a, out, values)
}

// finish makes an array of the buffers, with the nulls of a.
func finish(
	mem memory.Allocator, a arrow.Array, out arrow.DataType, buffers ...*memory.Buffer,
) arrow.Array {
	nulls := 0
	valid := validity(mem, a)
	if valid != nil {
		nulls = a.NullN()
		defer valid.Release()
	}
	data := array.NewData(out, a.Len(), append([]*memory.Buffer{valid}, buffers...), nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// validity is the bitmap of a from its first bit on, nil where nothing is null.
func validity(mem memory.Allocator, a arrow.Array) *memory.Buffer {
	if !hasNulls(a) {
		return nil
	}
	buf := newZeroed(mem, int(bitutil.BytesForBits(int64(a.Len()))))
	bitutil.CopyBitmap(a.NullBitmapBytes(), a.Data().Offset(), a.Len(), buf.Bytes(), 0)
	return buf
}

func hasNulls(a arrow.Array) bool { return len(a.NullBitmapBytes()) > 0 && a.NullN() > 0 }

// newZeroed is a buffer of n bytes, all of them zero up to its capacity.
func newZeroed(mem memory.Allocator, n int) *memory.Buffer {
	buf := memory.NewResizableBuffer(mem)
	buf.Resize(n)
	clear(buf.Buf())
	return buf
}

// wrongType is the error of a step that cannot take a column.
func wrongType(step string, in arrow.DataType, takes string) error {
	return fmt.Errorf("%s: the column is %s; want %s", step, in, takes)
}
