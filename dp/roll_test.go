package dp

import (
	"fmt"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Groups that are found are values and not codes: a dictionary with entries that
// nobody uses, twice the same and null, and a slice of a longer array, have the
// groups that plain text has.
func TestFoundGroupsOfDictionaries(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	text := arrow.BinaryTypes.String
	entries := fromStrings(t, mem, text, "unused", "b", "a", "b", "")
	defer entries.Release()
	var persons, indices []string
	var want []string
	for i := range 600 {
		persons = append(persons, fmt.Sprint("p", i))
		indices = append(indices, fmt.Sprint(1+i%4))
		want = append(want, []string{"b", "a", "b", ""}[i%4])
	}
	index := fromStrings(t, mem, arrow.PrimitiveTypes.Int16, indices...)
	defer index.Release()
	coded := array.NewDictionaryArray(dict(index.DataType(), text), index, entries)
	defer coded.Release()
	plain, people := fromStrings(t, mem, text, want...), fromStrings(t, mem, text, persons...)
	defer plain.Release()
	defer people.Release()
	for name, column := range map[string]arrow.Array{"coded": coded, "plain": plain} {
		// A slice drops the first four rows, one of them of no group.
		rec := oneColumn(array.NewSlice(people, 4, 600),
			array.NewSlice(column, 4, 600))
		p, err := newPlan(Unit{Column: "patient", MaxRows: 1}, rec.Schema(), []Query{
			Count{By: []string{"x"}, Epsilon: exactly},
			Groups{By: []string{"x"}, Rule: TruncatedGeometric, Epsilon: 5, Delta: 1e-3}})
		if err != nil {
			t.Fatal(err)
		}
		scan := p.newScan(true)
		if err := scan.Add(rec); err != nil {
			t.Fatal(err)
		}
		rec.Release()
		got := results(t, scan)
		if !slices.Equal(texts(t, got[0], "x"), []string{"a", "b"}) ||
			!slices.Equal(ints(t, got[0], "count"), []int64{149, 298}) {
			t.Errorf("%s: %v", name, got[0])
		}
	}
}

// What goes wrong with a column of groups is told without a value of it, and leaves
// the scan to go on.
func TestFoundGroupsRefuseWithoutTellingValues(t *testing.T) {
	unit := Unit{Column: "who", MaxRows: 1}
	scan := root(t, unit)
	mem := memory.NewGoAllocator()
	right := points(mem, []point{{who: 1, ward: canary, year: canary, x: 77551}})
	columns := slices.Clone(right.Columns())
	fields := slices.Clone(pointSchema.Fields())
	columns[2], fields[2].Type = columns[3], arrow.PrimitiveTypes.Float64
	wrong := array.NewRecord(arrow.NewSchema(fields, nil), columns, 1)
	err := scan.Add(wrong)
	if err == nil || !contains(err, `column "year": values are of type float`) ||
		contains(err, canary) || contains(err, "77551") {
		t.Errorf("%v", err)
	}
	if err := scan.Add(right); err != nil {
		t.Fatal(err)
	}
	if got := valuesOf(results(t, scan)[0], "count"); len(got) != 2 {
		t.Errorf("%v", got)
	}
}
