package kanon

import (
	"context"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// All that is allocated on the way is released, on errors too. Not to be run
// beside other tests: it exchanges the default allocator.
func TestNothingIsLeaked(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	before := memory.DefaultAllocator
	memory.DefaultAllocator = mem
	defer func() { memory.DefaultAllocator = before }()
	people := append(six, person{id: "g", age: -1, weight: 3}, person{id: "h", age: 99, zip: "999"})
	for _, suppressed := range []Suppressed{Drop, Star} {
		for _, e := range []encoding{{}, {dict: true, from: 2}, {wide: true}} {
			cfg := peopleConfig()
			cfg.Suppressed, cfg.MaxSuppression = suppressed, 0.3
			tree, err := NewTree([][]string{{"", "*"}, {"n1", "*"}, {"n2", "*"}, {"n3", "*"}, {"n4", "*"},
				{"n5", "*"}, {"n6", "*"}})
			if err != nil {
				t.Fatal(err)
			}
			cfg.Models = append(cfg.Models, TCloseness{
				Column: "note", T: 0.9, Distance: Hierarchical, Tree: tree})
			rec := e.record(t, mem, people)
			table := array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
			out, _, err := Apply(context.Background(), cfg, table)
			if err != nil {
				t.Fatal(err)
			}
			out.Release()
			cfg.Models = []Model{KAnonymity{100}}
			if _, _, err := Apply(context.Background(), cfg, table); err == nil {
				t.Fatal("eight rows are 100-anonymous")
			}
			table.Release()
			a := mustNew(t, peopleConfig())
			plan := mustSolve(t, a, mustCount(t, a, rec))
			other := e.record(t, mem, []person{{id: "x", age: 77, zip: "100"}})
			if _, err := plan.Transform(context.Background(), other); err == nil {
				t.Fatal("a value that was not counted is accepted")
			}
			other.Release()
			rec.Release()
		}
	}
	mem.AssertSize(t, 0)
}
