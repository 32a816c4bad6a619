package kanon

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// order lists the numbers of the values in ascending order, null last.
func (c *checkColumn) order() []uint32 {
	_, decimal := c.typ.(*arrow.Decimal128Type)
	all := ascending(c.words, func(a, b uint64) int { return cmp.Compare(int64(a), int64(b)) })
	if c.kind == "float" {
		all = ascending(c.words, func(a, b uint64) int {
			return cmp.Compare(math.Float64frombits(a), math.Float64frombits(b))
		})
	}
	all = append(all, ascending(c.beyond, cmp.Compare[uint64])...)
	texts := make([]uint32, c.texts.len())
	for i := range texts {
		texts[i] = uint32(i + 1)
	}
	slices.SortFunc(texts, func(m, n uint32) int {
		a, b := c.texts.text(m), c.texts.text(n)
		if decimal { // the sign is the first bit
			if x, y := a[0] < 0x80, b[0] < 0x80; x != y {
				return cmp.Compare(b[0], a[0])
			}
		}
		return bytes.Compare(a, b)
	})
	return append(append(all, texts...), nullCode)
}

// ascending are the numbers of words, in their order.
func ascending(t *wordNumbers, compare func(a, b uint64) int) []uint32 {
	number, words := maps.Collect(t.all), make([]uint64, 0, t.len())
	for w := range number {
		words = append(words, w)
	}
	slices.SortFunc(words, compare)
	var numbers []uint32
	for _, w := range words {
		numbers = append(numbers, number[w])
	}
	return numbers
}

// paths are the labels of a tree above each value that occurs, by level from 1
// to the top, which is one. A value that does not occur stands under null.
func (c *checkColumn) paths(t *Tree, occurs []int64) ([][]string, error) {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	var numbers []uint32
	add := func(number uint32, text string, err error) error {
		if err == nil && int(number) < len(occurs) && occurs[number] > 0 {
			numbers = append(numbers, number)
			b.Append(text)
		}
		return err
	}
	for w, number := range c.words.all {
		text, err := c.wordText(w)
		if err := add(number, text, err); err != nil {
			return nil, err
		}
	}
	for w, number := range c.beyond.all {
		if err := add(number, strconv.FormatUint(w, 10), nil); err != nil {
			return nil, err
		}
	}
	for i := range c.texts.len() {
		number := uint32(i + 1)
		text, err := c.bytesText(c.texts.text(number))
		if err := add(number, text, err); err != nil {
			return nil, err
		}
	}
	values := b.NewArray()
	defer values.Release()
	paths := make([][]string, t.Levels())
	for level := range paths {
		paths[level] = make([]string, len(occurs)) // no label is empty: "" is that of null
		labels, err := t.Generalize(values, level+1)
		if err != nil {
			return nil, err
		}
		text, ok := labels.(*array.String)
		if !ok {
			labels.Release()
			return nil, errors.New("the tree gives labels that are no text")
		}
		for i, number := range numbers {
			paths[level][number] = text.Value(i)
		}
		labels.Release()
	}
	return paths, nil
}

var errNoText = errors.New("values of this type cannot be matched with a tree")

// wordText spells a value as a tree does.
func (c *checkColumn) wordText(w uint64) (string, error) {
	switch c.kind {
	case "bool":
		return strconv.FormatBool(w == 1), nil
	case "integer":
		return strconv.FormatInt(int64(w), 10), nil
	case "float":
		return strconv.FormatFloat(math.Float64frombits(w), 'f', -1, 64), nil
	}
	switch c.typ.(type) {
	case *arrow.Date32Type:
		return arrow.Date32(w).ToTime().Format(time.DateOnly), nil
	case *arrow.Date64Type:
		return arrow.Date64(w).ToTime().Format(time.DateOnly), nil
	}
	return "", errNoText
}

func (c *checkColumn) bytesText(b []byte) (string, error) {
	if c.kind == "text" {
		return string(b), nil
	}
	if d, ok := c.typ.(*arrow.Decimal128Type); ok {
		high, low := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
		return decimal128.New(int64(high), low).ToString(d.Scale), nil
	}
	return "", errNoText
}
