package dp

import (
	"context"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

const canary = "CANARY"

func arrays(t *testing.T, as ...arrow.Array) arrow.Record {
	t.Helper()
	var fields []arrow.Field
	for i, a := range as {
		fields = append(fields, arrow.Field{Name: []string{"patient", "ward", "days"}[i],
			Type: a.DataType()})
	}
	rec := array.NewRecord(arrow.NewSchema(fields, nil), as, int64(as[0].Len()))
	t.Cleanup(rec.Release)
	for _, a := range as {
		a.Release()
	}
	return rec
}

// Each mistake in a record is an error without a value of it, takes in nothing
// of the record and leaves the scan to go on.
func TestAddRefusesWithoutTellingValues(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	str := func(s ...string) arrow.Array {
		return fromStrings(t, mem, arrow.BinaryTypes.String,
			s...)
	}
	num := func(s ...string) arrow.Array {
		return fromStrings(t, mem, arrow.PrimitiveTypes.Float64,
			s...)
	}
	// outOfRange is a dictionary column whose second row has no entry.
	outOfRange := func(values arrow.Array) arrow.Array {
		defer values.Release()
		index := fromStrings(t, mem, arrow.PrimitiveTypes.Int8, "0", "9")
		defer index.Release()
		dt := dict(index.DataType(), values.DataType())
		data := array.NewDataWithDictionary(dt, 2, index.Data().Buffers(), 0, 0,
			values.Data().(*array.Data))
		defer data.Release()
		return array.NewDictionaryData(data)
	}
	nullEntry := func() arrow.Array {
		values := str(canary, "")
		defer values.Release()
		index := fromStrings(t, mem, arrow.PrimitiveTypes.Int8, "0", "1")
		defer index.Release()
		return array.NewDictionaryArray(dict(index.DataType(), values.DataType()), index, values)
	}
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	for name, test := range map[string]struct {
		rec  arrow.Record
		want string
	}{
		"null unit": {arrays(t, str(canary, ""), str(canary, "b"), num("1", "2")),
			`column "patient" holds a null`},
		"null entry": {arrays(t, nullEntry(), str(canary, "b"), num("1", "2")),
			`column "patient" holds a null`},
		"unit type": {arrays(t, num("77551", "2"), str(canary, "b"), num("1", "2")),
			`column "patient": values are of type float`},
		"unit index": {arrays(t, outOfRange(str(canary)), str(canary, "b"), num("1", "2")),
			`column "patient"`},
		"ward type": {arrays(t, str(canary, "b"), num("77551", "2"), num("1", "2")),
			`column "ward": values are of type float`},
		"ward index": {arrays(t, str(canary, "b"), outOfRange(str(canary)), num("1", "2")),
			`column "ward"`},
		"no days": {arrays(t, str(canary, "b"), str(canary, "b")),
			`column "days" is not in the table`},
		"days type": {arrays(t, str("a", "b"), str(canary, "b"), str(canary, "b")),
			`column "days": values are of type utf8, want a number`},
		"days index": {arrays(t, str("a", "b"), str(canary, "b"), outOfRange(num("77551"))),
			`column "days": a dictionary index`},
		"days dictionary": {arrays(t, str("a", "b"), str(canary, "b"), outOfRange(str(canary))),
			`column "days": values are of type utf8`},
	} {
		scan := newScan(t, Unit{Column: "patient", MaxRows: 4}, countBy(exactly), meanBy(1))
		err := scan.Add(test.rec)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, test.want)
			continue
		}
		if s := err.Error(); strings.Contains(s, canary) || strings.Contains(s, "77551") {
			t.Errorf("%s: a value is in %q", name, s)
		}
		if !strings.HasPrefix(err.Error(), "dp: ") {
			t.Errorf("%s: %v", name, err)
		}
		add(t, scan, byHand...)
		if n := ints(t, results(t, scan)[0], "count")[0]; n != 2 {
			t.Errorf("%s: %d rows after going on, want 2", name, n)
		}
	}
}

func TestRunStops(t *testing.T) {
	rec := visits(memory.NewGoAllocator(), byHand)
	defer rec.Release()
	r, err := array.NewRecordReader(visitSchema, []arrow.Record{rec})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := session(t, Unit{Column: "patient", MaxRows: 1})
	if _, err := s.Run(ctx, r, Count{Epsilon: 1}); err == nil || !strings.HasPrefix(err.Error(),
		"dp: ") {
		t.Errorf("a cancelled run: %v", err)
	}
}

// Memory is refused before it is taken and sums are kept from overflowing.
func TestTooManyRows(t *testing.T) {
	scan := newScan(t, Unit{Column: "patient", MaxRows: 1}, Count{Epsilon: 1})
	scan.sample.n = maxEntries
	rec := visits(memory.NewGoAllocator(), byHand)
	defer rec.Release()
	if err := scan.Add(rec); err == nil || !strings.Contains(err.Error(),
		"more than 2147483648 rows") {
		t.Errorf("got %v", err)
	}
	shard := scan.Shard()
	shard.sample.n = 1
	if err := scan.Merge(shard); err == nil || !strings.Contains(err.Error(),
		"more than 2147483648 rows") {
		t.Errorf("got %v", err)
	}
}

func contains(err error, text string) bool { return strings.Contains(err.Error(), text) }
