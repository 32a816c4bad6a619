package kanontest

import (
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/kanon"
)

func strs(values ...string) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for _, v := range values {
		if v == "NULL" {
			b.AppendNull()
		} else {
			b.Append(v)
		}
	}
	return b.NewArray()
}

// fake is a hierarchy of two levels over the letters a to d, with what a test
// makes of it.
type fake struct {
	levels     int
	generalize func(domain arrow.Array, level int) (arrow.Array, error)
	share      func(level, i int) float64
}

func (f fake) Levels() int { return f.levels }

func (f fake) Generalize(domain arrow.Array, level int) (arrow.Array, error) {
	if f.generalize != nil {
		return f.generalize(domain, level)
	}
	return proper(domain, level)
}

func (f fake) Shares(domain arrow.Array, level int) ([]float64, error) {
	s := make([]float64, domain.Len())
	for i := range s {
		s[i] = []float64{.25, .5, 1}[level]
		if f.share != nil {
			s[i] = f.share(level, i)
		}
	}
	return s, nil
}

// proper puts a and b together, and c and d.
func proper(domain arrow.Array, level int) (arrow.Array, error) {
	labels := make([]string, domain.Len())
	for i := range labels {
		labels[i] = "a or b"
		if v := domain.(*array.String).Value(i); v == "c" || v == "d" {
			labels[i] = "c or d"
		}
		if level == 2 {
			labels[i] = kanon.Top
		}
	}
	return strs(labels...), nil
}

func TestHierarchyAccepts(t *testing.T) {
	TestHierarchy(t, fake{levels: 2}, strs("a", "b", "c", "d"))
	TestHierarchy(t, kanon.HierarchyFunc(2, proper), strs("a", "b", "c", "d"))
	TestHierarchy(t, kanon.HierarchyFunc(2, proper), strs())
}

func TestHierarchyRefuses(t *testing.T) {
	calls := 0
	for name, c := range map[string]struct {
		h    fake
		want string
	}{
		"no levels": {fake{}, "0 levels"},
		"an error": {fake{levels: 2, generalize: func(arrow.Array, int) (arrow.Array, error) {
			return nil, errors.New("sorry")
		}}, "level 1: sorry"},
		"another type": {fake{levels: 2, generalize: func(d arrow.Array, _ int) (arrow.Array, error) {
			b := array.NewInt64Builder(memory.DefaultAllocator)
			b.AppendValues(make([]int64, d.Len()), nil)
			return b.NewArray(), nil
		}}, "type int64, want utf8"},
		"too few": {fake{levels: 2, generalize: func(arrow.Array, int) (arrow.Array, error) {
			return strs("*"), nil
		}}, "1 labels for 4"},
		"a null": {fake{levels: 2, generalize: func(arrow.Array, int) (arrow.Array, error) {
			return strs("*", "*", "NULL", "*"), nil
		}}, "1 labels are null"},
		"another top": {fake{levels: 1}, "top level: value 0"},
		"no coarsening": {fake{levels: 2, generalize: func(d arrow.Array, l int) (arrow.Array, error) {
			if l == 2 && d.Len() == 4 {
				return strs("x", "y", "x", "y"), nil
			}
			return proper(d, l)
		}}, "level 2: two values of one label"},
		"labels by position": {fake{levels: 2, generalize: func(
			d arrow.Array, l int,
		) (arrow.Array, error) {
			return strs([]string{"a", "b", "c", "d"}[:d.Len()]...), nil
		}}, "another label among other values"},
		"labels by rank": {fake{levels: 2, generalize: func(d arrow.Array, l int) (arrow.Array, error) {
			if d.Len() == 1 {
				return nil, errors.New("too few to rank")
			}
			return proper(d, l)
		}}, "alone: too few to rank"},
		"labels by time": {fake{levels: 1, generalize: func(d arrow.Array, l int) (arrow.Array, error) {
			if d.Len() == 4 {
				calls++
			}
			if calls > 1 && d.Len() == 4 {
				return strs("x", "x", "x", "x"), nil
			}
			return strs([]string{"*", "*", "*", "*"}[:d.Len()]...), nil
		}}, "when asked again"},
		"a write": {fake{levels: 2, generalize: func(d arrow.Array, l int) (arrow.Array, error) {
			labels, err := proper(d, l)
			d.Data().Buffers()[2].Bytes()[0] = 'b'
			return labels, err
		}}, "the domain was modified"},
		"share of none": {fake{levels: 2, share: func(int, int) float64 { return 0 }},
			"value 0 has 0, want"},
		"share above 1": {fake{levels: 2, share: func(int, int) float64 { return 1.5 }},
			"value 0 has 1.5, want"},
		"falling share": {fake{levels: 2, share: func(l, _ int) float64 { return 1 / float64(l+1) }},
			"has less"},
		"top is not all": {fake{levels: 2, share: func(int, int) float64 { return .5 }},
			"has 0.5, want 1"},
		"shares differ": {fake{levels: 2, share: func(l, i int) float64 {
			return []float64{.1, .2 + float64(i)/10, 1}[l]
		}}, "one label has"},
	} {
		t.Run(name, func(t *testing.T) {
			// The calls of "labels by time" are not safe for concurrent use.
			err := check(serial{c.h, make(chan struct{}, 1)}, strs("a", "b", "c", "d"))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}

// serial lets one call at a time through.
type serial struct {
	fake
	lock chan struct{}
}

func (s serial) Generalize(domain arrow.Array, level int) (arrow.Array, error) {
	s.lock <- struct{}{}
	defer func() { <-s.lock }()
	return s.fake.Generalize(domain, level)
}
