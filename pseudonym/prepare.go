package pseudonym

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/canon"
)

// Handling is what becomes of a value that is no identifier, such as an empty
// string.
type Handling string

const (
	// Token treats it like any other value.
	Token Handling = "token"
	// Null makes it null.
	Null Handling = "null"
	// Keep leaves it as it is, in its canonical form, among the tokens. It
	// needs a method whose outputs are utf8.
	Keep Handling = "keep"
)

// preparation is what is done to a value before a method sees it, compiled.
type preparation struct {
	chain     canon.Chain
	empty     Handling
	sentinels [][]byte // in canonical form
	sentinel  Handling
}

// newPreparation compiles what a column says of canonical forms, empty values
// and sentinels, or returns everything that is wrong with it.
func newPreparation(c Column) (preparation, []error) {
	var errs []error
	p := preparation{empty: c.Empty, sentinel: c.SentinelAs}
	if p.empty == "" {
		p.empty = Token
	}
	if p.sentinel == "" {
		p.sentinel = Null
	}
	for what, h := range map[string]Handling{"empty": p.empty, "sentinel_as": p.sentinel} {
		if h != Token && h != Null && h != Keep {
			errs = append(errs, fmt.Errorf("%s is %q, want token, null or keep", what, string(h)))
		}
	}
	slices.SortFunc(errs, func(a, b error) int {
		return bytes.Compare([]byte(a.Error()), []byte(b.Error()))
	})
	var err error
	if p.chain, err = canon.New(c.Canonical); err != nil {
		return p, append(errs, err)
	}
	if c.SentinelAs != "" && len(c.Sentinels) == 0 {
		errs = append(errs, errors.New("sentinel_as without sentinels"))
	}
	for _, s := range c.Sentinels {
		text, err := p.chain.Append(nil, []byte(s))
		if err != nil {
			text = []byte(s) // a word among phone numbers, say; compared as it is
		}
		if len(text) == 0 {
			errs = append(errs, errors.New("an empty sentinel; empty says what becomes of that"))
		}
		p.sentinels = append(p.sentinels, text)
	}
	return p, errs
}

// trivial tells whether values go to the method as they are.
func (p *preparation) trivial() bool {
	return p.chain.Empty() && p.empty == Token && len(p.sentinels) == 0
}

// nulls tells whether a value that is not null may become null.
func (p *preparation) nulls() bool {
	return p.empty == Null || len(p.sentinels) > 0 && p.sentinel == Null
}

// keeps tells whether a value may stay as it is.
func (p *preparation) keeps() bool {
	return p.empty == Keep || len(p.sentinels) > 0 && p.sentinel == Keep
}

// apply appends the canonical form of a value to dst and says how it is
// handled.
func (p *preparation) apply(dst, text []byte) ([]byte, Handling, error) {
	for _, s := range p.sentinels { // before a chain refuses it
		if bytes.Equal(text, s) {
			return append(dst, text...), p.sentinel, nil
		}
	}
	start := len(dst)
	dst, err := p.chain.Append(dst, text)
	if err != nil {
		return dst, "", err
	}
	text = dst[start:]
	if len(text) == 0 {
		return dst, p.empty, nil
	}
	for _, s := range p.sentinels {
		if bytes.Equal(text, s) {
			return dst, p.sentinel, nil
		}
	}
	return dst, Token, nil
}

// prepared returns the kernel that prepares values before k, which must be a
// textKernel, sees them.
func prepared(k kernel, p preparation) (kernel, error) {
	if p.trivial() {
		return k, nil
	}
	t, ok := k.(*textKernel)
	if !ok {
		return nil, errors.New("the method takes no canonical form, no handling of empty values " +
			"and no sentinels")
	}
	if p.keeps() && t.typ.ID() != arrow.STRING {
		return nil, fmt.Errorf("values cannot be kept among outputs of type %s; "+
			"choose null, token, or a format of utf8", t.typ)
	}
	inner := t.pool
	with := *t
	with.pool = &sync.Pool{New: func() any {
		s := inner.New().(*scratch)
		s.maker = &preparedMaker{maker: s.maker, preparation: &p}
		return s
	}}
	return &preparedKernel{textKernel: &with, preparation: p}, nil
}

// preparedMaker hands the canonical forms of texts to a maker and writes those
// itself that are kept.
type preparedMaker struct {
	maker
	*preparation
	text  []byte
	spans [chunkRows][2]int
}

func (m *preparedMaker) make(out *outputs, c chunk) (int, error) {
	m.text = m.text[:0]
	var kept [chunkRows]bool
	n := len(c.rows)
	for i := range n {
		var h Handling
		var err error
		from := len(m.text)
		if m.text, h, err = m.apply(m.text, c.text(i)); err != nil {
			return i, err
		}
		m.spans[i] = [2]int{from, len(m.text)}
		kept[i] = h == Keep
	}
	forms := chunk{m.text, m.spans[:n], c.rows}
	// Outputs are written in the order of rows, so those between two kept ones
	// are made together.
	for i := 0; i < n; {
		if kept[i] {
			text := forms.text(i)
			copy(out.room(c.rows[i], len(text)), text)
			i++
			continue
		}
		end := i + 1
		for end < n && !kept[end] {
			end++
		}
		if at, err := m.maker.make(out, forms.part(i, end)); err != nil {
			return i + at, err
		}
		i = end
	}
	return 0, nil
}

// preparedKernel marks as null what becomes null and leaves the rest to the
// preparedMaker.
type preparedKernel struct {
	*textKernel
	preparation
}

func (k *preparedKernel) transform(ctx context.Context, mem memory.Allocator, a arrow.Array,
	further []arrow.Array) (arrow.Array, error) {
	if !k.nulls() {
		return k.textKernel.transform(ctx, mem, a, further)
	}
	b, err := k.withNulls(ctx, mem, a)
	if err != nil {
		return nil, err
	}
	defer b.Release()
	return k.textKernel.transform(ctx, mem, b, further)
}

// withNulls returns a with those values null that the preparation says are; of
// a dictionary these are entries. Only the bitmap is new.
func (k *preparedKernel) withNulls(
	ctx context.Context, mem memory.Allocator, a arrow.Array,
) (arrow.Array, error) {
	if _, ok := a.(*array.Dictionary); !ok {
		data, err := k.mark(ctx, mem, a)
		if err != nil {
			return nil, err
		}
		defer data.Release()
		return array.MakeFromData(data), nil
	}
	old := a.Data()
	if old.Dictionary() == nil || old.Dictionary().Len() == 0 {
		a.Retain()
		return a, nil
	}
	values := array.MakeFromData(old.Dictionary())
	defer values.Release()
	marked, err := k.mark(ctx, mem, values)
	if err != nil {
		return nil, err
	}
	defer marked.Release()
	data := array.NewDataWithDictionary(old.DataType(), old.Len(), old.Buffers(), old.NullN(),
		old.Offset(), marked.(*array.Data))
	defer data.Release()
	return array.MakeFromData(data), nil
}

// mark returns the data of a plain array with more nulls.
func (k *preparedKernel) mark(
	ctx context.Context, mem memory.Allocator, a arrow.Array,
) (arrow.ArrayData, error) {
	v, err := valuesOf(a)
	if err != nil {
		return nil, err
	}
	old := a.Data()
	if v.all || v.n == 0 {
		old.Retain()
		return old, nil
	}
	bitmap := newBuffer(mem, int(bitutil.BytesForBits(int64(old.Offset()+v.n))))
	defer bitmap.Release()
	bits := bitmap.Bytes()
	clear(bits)
	nulls := 0
	var text [textBytes]byte
	var form []byte
	for row := range v.n {
		if row%cancelEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if v.null(row) {
			nulls++
			continue
		}
		value, err := v.at(row, text[:])
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", row, err)
		}
		var h Handling
		// What cannot be canonicalized is not null; if it occurs in a row,
		// which an entry of a dictionary need not, the maker says so.
		if form, h, err = k.apply(form[:0], value); err == nil && h == Null {
			nulls++
			continue
		}
		bitutil.SetBit(bits, old.Offset()+row)
	}
	buffers := slices.Clone(old.Buffers())
	buffers[0] = bitmap
	return array.NewData(old.DataType(), v.n, buffers, nil, nulls, old.Offset()), nil
}
