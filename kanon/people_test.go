package kanon

import (
	"context"
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// person is a row of the small tables that tests make. A negative age and an
// empty zip are null.
type person struct {
	id     string
	age    int
	zip    string
	member bool
	weight float64
	note   string // no quasi-identifier
}

// encoding is how a record holds people.
type encoding struct {
	wide bool // int64, large strings and float64 rather than int16, strings and float32
	dict bool // dictionaries with an unused, a repeated and a null entry
	from int  // rows cut off the front by slicing
}

func (e encoding) schema() *arrow.Schema {
	number, text, float := arrow.DataType(arrow.PrimitiveTypes.Int16),
		arrow.DataType(arrow.BinaryTypes.String), arrow.DataType(arrow.PrimitiveTypes.Float32)
	if e.wide {
		number, text, float = arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.LargeString,
			arrow.PrimitiveTypes.Float64
	}
	if e.dict {
		of := func(dt arrow.DataType) arrow.DataType {
			return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: dt}
		}
		number, text, float = of(number), of(text), of(float)
	}
	md := arrow.NewMetadata([]string{"about"}, []string{"the table"})
	return arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: text},
		{Name: "age", Type: number, Nullable: true},
		{Name: "note", Type: text, Metadata: md},
		{Name: "zip", Type: text, Nullable: true},
		{Name: "member", Type: arrow.FixedWidthTypes.Boolean},
		{Name: "weight", Type: float},
	}, &md)
}

// record holds the people, behind e.from rows that are sliced away.
func (e encoding) record(tb testing.TB, mem memory.Allocator, people []person) arrow.Record {
	tb.Helper()
	for range e.from {
		people = append([]person{{id: "cut", age: 99, zip: "99999", note: "cut"}}, people...)
	}
	schema := e.schema()
	cols := make([]arrow.Array, 0, len(schema.Fields()))
	for _, f := range schema.Fields() {
		dt := f.Type
		if d, ok := dt.(*arrow.DictionaryType); ok {
			dt = d.ValueType
		}
		b := array.NewBuilder(mem, dt)
		if e.dict {
			b.AppendEmptyValue() // unused, or one that occurs again
			b.AppendNull()
		}
		for _, p := range people {
			appendPerson(tb, b, f.Name, p)
		}
		plain := b.NewArray()
		b.Release()
		if !e.dict || f.Name == "member" {
			if e.dict {
				s := array.NewSlice(plain, 2, int64(plain.Len()))
				plain.Release()
				plain = s
			}
			cols = append(cols, plain)
			continue
		}
		cols = append(cols, indexed(mem, plain, f.Type.(*arrow.DictionaryType)))
		plain.Release()
	}
	rec := array.NewRecord(schema, cols, int64(len(people)))
	for _, c := range cols {
		c.Release()
	}
	cut := rec.NewSlice(int64(e.from), rec.NumRows())
	rec.Release()
	return cut
}

// indexed makes a dictionary array of all values but the first two, in which
// every value is an entry of its own, and nulls are in the index or in an
// entry by turns.
func indexed(mem memory.Allocator, values arrow.Array, dt *arrow.DictionaryType) arrow.Array {
	b := array.NewInt32Builder(mem)
	defer b.Release()
	for i := 2; i < values.Len(); i++ {
		switch {
		case values.IsNull(i) && i%2 == 0:
			b.AppendNull()
		case values.IsNull(i) && i%3 == 0:
			b.Append(1)
		default:
			b.Append(int32(i))
		}
	}
	index := b.NewArray()
	defer index.Release()
	return array.NewDictionaryArray(dt, index, values)
}

func appendPerson(tb testing.TB, b array.Builder, field string, p person) {
	s, null := "", false
	switch field {
	case "id":
		s = p.id
	case "age":
		s, null = fmt.Sprint(p.age), p.age < 0
	case "note":
		s = p.note
	case "zip":
		s, null = p.zip, p.zip == ""
	case "member":
		s = fmt.Sprint(p.member)
	case "weight":
		s = fmt.Sprint(p.weight)
	}
	if null {
		b.AppendNull()
	} else if err := b.AppendValueFromString(s); err != nil {
		tb.Fatal(err)
	}
}

// tens labels a number by its ten, then its hundred.
func tens() Hierarchy {
	return HierarchyFunc(3, func(domain arrow.Array, level int) (arrow.Array, error) {
		width := int64(10)
		if level == 2 {
			width = 100
		}
		return labelArray(domain.Len(), func(i int) string {
			return fmt.Sprint("from ", domain.(*array.Int64).Value(i)/width*width)
		}), nil
	})
}

// oneLevel keeps a column or hides it.
func oneLevel() Hierarchy {
	return HierarchyFunc(1, func(arrow.Array, int) (arrow.Array, error) {
		return nil, fmt.Errorf("the top is not asked for")
	})
}

func peopleConfig() Config {
	return Config{
		Quasi: []Quasi{
			{Column: "zip", Hierarchy: Prefix{Length: 3}},
			{Column: "age", Hierarchy: tens()},
			{Column: "member", Hierarchy: oneLevel()},
			{Column: "weight", Hierarchy: oneLevel()},
		},
		Models: []Model{KAnonymity{2}}, MaxSuppression: 0.1,
		Recoding: Global, Suppressed: Drop,
	}
}

func mustNew(tb testing.TB, cfg Config) *Anonymizer {
	tb.Helper()
	a, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func mustCount(tb testing.TB, a *Anonymizer, recs ...arrow.Record) *Counts {
	tb.Helper()
	c, err := a.NewCounts(recs[0].Schema())
	if err != nil {
		tb.Fatal(err)
	}
	for _, rec := range recs {
		if err := c.Add(rec); err != nil {
			tb.Fatal(err)
		}
	}
	return c
}

func mustSolve(tb testing.TB, a *Anonymizer, c *Counts) *Plan {
	tb.Helper()
	p, err := a.Solve(context.Background(), c)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func planBytes(tb testing.TB, p *Plan) string {
	tb.Helper()
	b, err := p.MarshalJSON()
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}
