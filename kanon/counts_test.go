package kanon

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func TestNewCountsRefusesTheSchema(t *testing.T) {
	cfg := peopleConfig()
	cfg.Unit = "id"
	a := mustNew(t, cfg)
	f := func(name string, dt arrow.DataType) arrow.Field { return arrow.Field{Name: name, Type: dt} }
	_, err := a.NewCounts(arrow.NewSchema([]arrow.Field{
		f("zip", arrow.BinaryTypes.String), f("zip", arrow.BinaryTypes.String),
		f("age", arrow.ListOf(arrow.PrimitiveTypes.Int8)), f("weight", arrow.PrimitiveTypes.Float32),
	}, nil))
	for _, want := range []string{
		`kanon: column "zip" is in the table 2 times`, `kanon: column "age": type list`,
		`kanon: column "member" is not in the table`, `kanon: column "id" is not in the table`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

// After a failed batch nothing can be made of counts that lack rows.
func TestCountsFailForGood(t *testing.T) {
	cfg := peopleConfig()
	cfg.Unit = "zip" // has nulls
	cfg.Quasi = cfg.Quasi[1:2]
	a := mustNew(t, cfg)
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	for _, e := range []encoding{{}, {dict: true}} {
		rec := e.record(t, mem, []person{six[0], {id: "canary", age: 30}, {id: "x", age: 30}})
		defer rec.Release()
		c, err := a.NewCounts(rec.Schema())
		if err != nil {
			t.Fatal(err)
		}
		err = c.Add(rec)
		if err == nil || !strings.Contains(err.Error(), `unit column "zip": 2 rows are null`) {
			t.Fatalf("error %v", err)
		}
		good := e.record(t, mem, six)
		defer good.Release()
		other := mustCount(t, a, good)
		if c.Add(good) == nil || c.Merge(other) == nil || other.Merge(c) == nil {
			t.Fatal("failed counts go on")
		}
		if _, err := c.MarshalBinary(); err == nil {
			t.Fatal("failed counts are written")
		}
		if _, err := a.Solve(context.Background(), c); err == nil {
			t.Fatal("failed counts are solved")
		}
	}
	if _, err := a.Solve(context.Background(), new(Counts)); err == nil {
		t.Fatal("zero counts are solved")
	}
}

func TestMergeRefusesOthers(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), six)
	defer rec.Release()
	a := mustNew(t, peopleConfig())
	c := mustCount(t, a, rec)
	if c.Merge(c) == nil || c.Merge(nil) == nil {
		t.Fatal("merged with itself or nothing")
	}
	cfg := peopleConfig()
	cfg.Unit = "id"
	b := mustNew(t, cfg)
	if c.Merge(mustCount(t, b, rec)) == nil {
		t.Fatal("merged with counts of a unit")
	}
	if _, err := b.Solve(context.Background(), c); err == nil {
		t.Fatal("solved with counts of another unit")
	}
	text := array.NewTableFromRecords(arrow.NewSchema([]arrow.Field{
		{Name: "zip", Type: arrow.BinaryTypes.String}, {Name: "age", Type: arrow.BinaryTypes.String},
		{Name: "member", Type: arrow.FixedWidthTypes.Boolean},
		{Name: "weight", Type: arrow.PrimitiveTypes.Float32},
	}, nil), nil)
	other, err := a.NewCounts(text.Schema())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Merge(other); err == nil || !strings.Contains(err.Error(), `column "age"`) {
		t.Fatalf("error %v", err)
	}
}

// wideTable has columns whose codes need more than 64 bits, and grow from
// batch to batch.
func wideTable(
	t *testing.T, mem memory.Allocator, columns, rows, batch int,
) (Config, []arrow.Record) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	cfg := Config{
		Models: []Model{KAnonymity{2}}, MaxSuppression: 1, Recoding: Global, Suppressed: Drop,
	}
	var fields []arrow.Field
	for j := range columns {
		name := fmt.Sprint("c", j)
		cfg.Quasi = append(cfg.Quasi, Quasi{Column: name, Hierarchy: oneLevel()})
		fields = append(fields, arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int32})
	}
	var recs []arrow.Record
	for lo := 0; lo < rows; lo += batch {
		b := array.NewRecordBuilder(mem, arrow.NewSchema(fields, nil))
		for range min(batch, rows-lo) {
			same := r.IntN(3) > 0
			for j := range columns {
				v := r.Int32()
				if same {
					v = int32(j)
				}
				b.Field(j).(*array.Int32Builder).Append(v)
			}
		}
		recs = append(recs, b.NewRecord())
		b.Release()
	}
	return cfg, recs
}

func TestTuplesBeyond64Bits(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	cfg, recs := wideTable(t, mem, 9, 3000, 100)
	a := mustNew(t, cfg)
	c := mustCount(t, a, recs...)
	if c.layout.Words() < 2 || c.tuples.Len() < 500 {
		t.Fatalf("%d words, %d tuples; the test needs more", c.layout.Words(), c.tuples.Len())
	}
	slices.Reverse(recs)
	plan := mustSolve(t, a, c)
	again := mustSolve(t, a, mustCount(t, a, recs...))
	if planBytes(t, again) != planBytes(t, plan) {
		t.Fatal("the plan differs")
	}
	rows := int64(0)
	for _, rec := range recs {
		out := transform(t, plan, rec)
		rows += out.NumRows()
		out.Release()
		rec.Release()
	}
	if s := plan.Summary(); rows != s.Rows-s.Suppressed || s.Suppressed == 0 || s.Rows != c.Rows() {
		t.Fatalf("%d rows, summary %+v", rows, s)
	}
}

// The tail is sorted in while pairs come, with repetitions across.
func TestPairLog(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var l pairLog
	want := map[uint64]bool{}
	for range 5 {
		n := 700_000
		tuples, people := make([]uint32, n), make([]uint32, n)
		for i := range n {
			tuples[i], people[i] = uint32(r.IntN(3000)), uint32(r.IntN(900))
			want[pairOf(tuples[i], people[i])] = true
		}
		l.add(tuples, people)
	}
	got := l.settle()
	if len(got) != len(want) || !slices.IsSorted(got) {
		t.Fatalf("%d pairs, want %d", len(got), len(want))
	}
	for _, p := range got {
		if !want[p] {
			t.Fatal("a pair that was not added")
		}
	}
}

func countsBytes(t testing.TB, unit string) []byte {
	cfg := peopleConfig()
	cfg.Unit = unit
	cfg.Quasi = cfg.Quasi[:3]
	cfg.Models = append(cfg.Models, LDiversity{Column: "note", L: 2, Kind: Distinct},
		LDiversity{Column: "weight", L: 2, Kind: Entropy})
	rec := encoding{}.record(t, memory.NewGoAllocator(), append(six, person{id: "g", age: -1}))
	defer rec.Release()
	b, err := mustCount(t, mustNew(t, cfg), rec).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Cut short or with any byte changed, counts are refused or are others.
func TestCountsBinaryHostile(t *testing.T) {
	for _, unit := range []string{"", "id"} {
		good := countsBytes(t, unit)
		for i := range good {
			if err := new(Counts).UnmarshalBinary(good[:i]); err == nil {
				t.Fatalf("accepted when cut at %d", i)
			}
			bad := bytes.Clone(good)
			bad[i] ^= 0x41
			c := new(Counts)
			if err := c.UnmarshalBinary(bad); err == nil {
				if again, err := c.MarshalBinary(); err != nil || !bytes.Equal(again, bad) {
					t.Fatalf("byte %d: read as something else (%v)", i, err)
				}
			} else if strings.Contains(err.Error(), "101") {
				t.Fatalf("a value in %v", err)
			}
		}
		if err := new(Counts).UnmarshalBinary(append(good, 0)); err == nil {
			t.Fatal("accepted with bytes behind")
		}
	}
}

func FuzzCounts(f *testing.F) {
	f.Add(countsBytes(f, ""))
	f.Add(countsBytes(f, "id"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := new(Counts)
		if c.UnmarshalBinary(b) != nil {
			return
		}
		once, err := c.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		d := new(Counts)
		if err := d.UnmarshalBinary(once); err != nil {
			t.Fatal(err)
		}
		if twice, err := d.MarshalBinary(); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("not stable: %v", err)
		}
		if err := c.Merge(d); err != nil || c.Rows() != 2*d.Rows() {
			t.Fatalf("merged: %v", err)
		}
	})
}

// A table of fewer than k rows loses everything where that is allowed.
func TestEverythingSuppressed(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	for columns := range 12 {
		cfg, recs := wideTable(t, mem, columns+1, 30, 30)
		cfg.Models = []Model{KAnonymity{31}}
		a := mustNew(t, cfg)
		plan := mustSolve(t, a, mustCount(t, a, recs...))
		if s := plan.Summary(); s.Suppressed != 30 || s.Loss < 1-1e-9 || s.Loss > 1 || s.Classes != 0 {
			t.Fatalf("summary %+v", s)
		}
		out := transform(t, plan, recs[0])
		if out.NumRows() != 0 {
			t.Fatalf("%d rows", out.NumRows())
		}
		out.Release()
		recs[0].Release()
	}
}
