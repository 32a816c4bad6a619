package kanon

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// broken is a hierarchy of two levels over ages that does what it is told.
type broken struct {
	labels func(i, level int) string // empty is null
	short  bool
	number bool
	fail   bool
	shares func(i, level int) float64
}

func (b broken) Levels() int { return 2 }

func (b broken) Generalize(domain arrow.Array, level int) (arrow.Array, error) {
	if b.fail && domain.Len() > 0 {
		return nil, errors.New("3 values are not in the tree")
	}
	if b.number {
		nb := array.NewInt8Builder(memory.DefaultAllocator)
		defer nb.Release()
		nb.AppendValues(make([]int8, domain.Len()), nil)
		return nb.NewArray(), nil
	}
	sb := array.NewStringBuilder(memory.DefaultAllocator)
	defer sb.Release()
	for i := range domain.Len() {
		switch s := b.labels(i, level); {
		case b.short && i == 0:
		case s == "":
			sb.AppendNull()
		default:
			sb.Append(s)
		}
	}
	return sb.NewArray(), nil
}

type brokenSharer struct{ broken }

func (b brokenSharer) Shares(domain arrow.Array, level int) ([]float64, error) {
	shares := make([]float64, domain.Len())
	for i := range shares {
		shares[i] = b.shares(i, level)
	}
	return shares, nil
}

func TestHierarchiesThatAreNone(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), six) // ages 21 22 41 43 45
	defer rec.Release()
	good := func(i, level int) string {
		if level == 2 {
			return Top
		}
		return fmt.Sprint("canary ", i/3)
	}
	flat := func(v float64) func(int, int) float64 { return func(int, int) float64 { return v } }
	for want, h := range map[string]Hierarchy{
		`column "age": level 1: 3 values are not in the tree`: broken{fail: true},
		`column "age": level 1: the hierarchy has no label for 2 values`: broken{
			labels: func(i, l int) string {
				if i < 2 {
					return ""
				}
				return good(i, l)
			}},
		`level 1: the hierarchy gives 4 labels for 5 values`: broken{labels: good, short: true},
		`level 1: the hierarchy gives labels of type int8`:   broken{number: true},
		`level 2: the top has 2 labels, want the one label "*"`: broken{
			labels: func(i, l int) string { return good(i, 1) }},
		`level 2: the top has 1 labels, want the one label "*"`: broken{
			labels: func(i, l int) string { return "canary" }},
		`level 1: 1 labels are not UTF-8`: broken{labels: func(i, l int) string {
			return "\xff"
		}},
		`level 0: a share is 0, want above 0`:   brokenSharer{broken{labels: good, shares: flat(0)}},
		`level 0: a share is 1.5, want above 0`: brokenSharer{broken{labels: good, shares: flat(1.5)}},
		`level 1: values of one label have shares of 0.1 and 0.2`: brokenSharer{broken{labels: good,
			shares: func(i, l int) float64 { return .1 * float64(1+i*l) }}},
		`level 1: a share falls from 0.5 to 0.4`: brokenSharer{broken{labels: good,
			shares: func(i, l int) float64 { return .5 - .1*float64(l) }}},
	} {
		cfg := smallConfig()
		cfg.Quasi[1].Hierarchy = h
		a := mustNew(t, cfg)
		_, err := a.Solve(context.Background(), mustCount(t, a, rec))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// Level 2 of three splits what level 1 has together.
func TestImproperHierarchy(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), six)
	defer rec.Release()
	cfg := smallConfig()
	split := func(domain arrow.Array, level int) (arrow.Array, error) {
		return labelArray(domain.Len(), func(i int) string { return fmt.Sprint(i / (3 - level)) }), nil
	}
	cfg.Quasi[1].Hierarchy = HierarchyFunc(3, split)
	a := mustNew(t, cfg)
	_, err := a.Solve(context.Background(), mustCount(t, a, rec))
	const want = `column "age": level 2: 2 labels of the level below`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("error %v", err)
	}
}

func TestTextThatIsNotUTF8(t *testing.T) {
	people := append(six, person{id: "g", zip: "\xff\xff\xff"})
	rec := encoding{}.record(t, memory.NewGoAllocator(), people)
	defer rec.Release()
	a := mustNew(t, smallConfig())
	_, err := a.Solve(context.Background(), mustCount(t, a, rec))
	if err == nil || !strings.Contains(err.Error(), `column "zip": 1 values are not UTF-8`) {
		t.Fatalf("error %v", err)
	}
}

// Null is one more value: a label of its own below the top, a share as small
// as any, and the top covers it.
func TestNullIsOneMoreValue(t *testing.T) {
	people := append(six, person{id: "g", age: -1, zip: "100"}, person{id: "h", age: -1, zip: "100"})
	rec := encoding{}.record(t, memory.NewGoAllocator(), people)
	defer rec.Release()
	cfg := smallConfig()
	a := mustNew(t, cfg)
	plan := mustSolve(t, a, mustCount(t, a, rec))
	s := plan.Summary()
	if s.Classes != 3 || s.Levels[1] != 1 || s.Suppressed != 0 {
		t.Fatalf("summary %+v", s)
	}
	out := transform(t, plan, rec)
	defer out.Release()
	if got := rowsOf(out); got[6] != "g (null)  10* false 0" {
		t.Fatalf("rows %q", got)
	}
	const want = `"null":true,"labels":["from 20","from 40"],"label":[0,0,1,1,1]`
	if !strings.Contains(planBytes(t, plan), want) {
		t.Fatalf("plan %s", planBytes(t, plan))
	}
}

// TestColumnsOfTheWrongType are refused before a row is read.
func TestColumnsOfTheWrongType(t *testing.T) {
	a := mustNew(t, Config{
		Quasi: []Quasi{
			{Column: "age", Hierarchy: Intervals{Widths: []float64{5}, Min: 0, Max: 99}},
			{Column: "zip", Hierarchy: Prefix{Length: 5}},
		},
		Models: []Model{KAnonymity{K: 2}}, Recoding: Global, Suppressed: Drop,
	})
	_, err := a.NewCounts(arrow.NewSchema([]arrow.Field{
		{Name: "age", Type: arrow.BinaryTypes.String},
		{Name: "zip", Type: arrow.PrimitiveTypes.Int64},
	}, nil))
	for _, want := range []string{
		`kanon: column "age": intervals: `, `kanon: column "zip": prefix: `,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
