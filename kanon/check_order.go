package kanon

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
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
	less := func(a, b uint64) int { return cmp.Compare(int64(a), int64(b)) }
	if c.kind == "float" {
		less = func(a, b uint64) int {
			return cmp.Compare(math.Float64frombits(a), math.Float64frombits(b))
		}
	}
	words := make([]uint64, 0, len(c.words))
	for w := range c.words {
		words = append(words, w)
	}
	slices.SortFunc(words, less)
	texts := make([]string, 0, len(c.bytes))
	for s := range c.bytes {
		texts = append(texts, s)
	}
	slices.SortFunc(texts, func(a, b string) int {
		if decimal { // the sign is the first bit
			if x, y := a[0] < 0x80, b[0] < 0x80; x != y {
				return cmp.Compare(b[0], a[0])
			}
		}
		return bytes.Compare([]byte(a), []byte(b))
	})
	var all []uint32
	for _, w := range words {
		all = append(all, c.words[w])
	}
	for _, s := range texts { // of integers, those beyond int64
		all = append(all, c.bytes[s])
	}
	return append(all, nullCode)
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
	for w, number := range c.words {
		text, err := c.wordText(w)
		if err := add(number, text, err); err != nil {
			return nil, err
		}
	}
	for s, number := range c.bytes {
		text, err := c.bytesText(s)
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

func (c *checkColumn) bytesText(s string) (string, error) {
	switch c.kind {
	case "text":
		return s, nil
	case "integer":
		n := uint64(0)
		for _, b := range []byte(s) {
			n = n<<8 | uint64(b)
		}
		return fmt.Sprint(n), nil
	}
	if d, ok := c.typ.(*arrow.Decimal128Type); ok {
		var high, low uint64
		for i := range 8 {
			high, low = high<<8|uint64(s[i]), low<<8|uint64(s[8+i])
		}
		return decimal128.New(int64(high), low).ToString(d.Scale), nil
	}
	return "", errNoText
}
