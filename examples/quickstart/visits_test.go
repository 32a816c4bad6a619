package main

import (
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// row is a visit as a test reads it.
type row struct {
	id                  int64
	name, national, zip string // zip is empty for null
	birth, admitted     time.Time
	female              bool
	ward, diagnosis     string
	days                int
	cost                float64 // negative for null
}

func (r row) age() int {
	years := r.admitted.Year() - r.birth.Year()
	if r.birth.AddDate(years, 0, 0).After(r.admitted) {
		years--
	}
	return years
}

func (r row) discharged() time.Time { return r.admitted.AddDate(0, 0, r.days) }

func table(t *testing.T, n int, seed uint64) []row {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	r := newVisitStream(mem, n, seed)
	defer r.Release()
	var rows []row
	for r.Next() {
		rec := r.Record()
		if rec.NumRows() > batchRows {
			t.Errorf("a record of %d rows", rec.NumRows())
		}
		name, national := rec.Column(1).(*array.String), rec.Column(2).(*array.String)
		birth, sex := rec.Column(3).(*array.Date32), rec.Column(4).(*array.String)
		zip, admitted := rec.Column(5).(*array.String), rec.Column(6).(*array.Timestamp)
		ward, code := rec.Column(7).(*array.Dictionary), rec.Column(8).(*array.String)
		stay, cost := rec.Column(9).(*array.Int32), rec.Column(10).(*array.Float64)
		for i := range int(rec.NumRows()) {
			row := row{
				id: rec.Column(0).(*array.Int64).Value(i), name: name.Value(i),
				national: national.Value(i), birth: birth.Value(i).ToTime(),
				female: sex.Value(i) == "F", admitted: admitted.Value(i).ToTime(arrow.Microsecond),
				ward:      ward.Dictionary().ValueStr(ward.GetValueIndex(i)),
				diagnosis: code.Value(i), days: int(stay.Value(i)), cost: -1,
			}
			if sex.Value(i) != "F" && sex.Value(i) != "M" {
				t.Errorf("sex %q", sex.Value(i))
			}
			if zip.IsValid(i) {
				row.zip = zip.Value(i)
			}
			if cost.IsValid(i) {
				row.cost = cost.Value(i)
			}
			rows = append(rows, row)
		}
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return rows
}

func TestVisitsRows(t *testing.T) {
	byAdmission := func(a, b row) int { return a.admitted.Compare(b.admitted) }
	for _, n := range []int{-1, 0, 1, 7, batchRows, batchRows + 100} {
		rows := table(t, n, 3)
		if len(rows) != max(n, 0) {
			t.Errorf("%d rows for %d", len(rows), n)
		}
		for i := 1; i < len(rows); i++ {
			if rows[i].id != rows[i-1].id+1 {
				t.Fatalf("row %d is not numbered behind the one before", i)
			}
		}
		if n < batchRows {
			continue
		}
		// Records follow in the order of admission, and their rows do not.
		first, second := rows[:batchRows], rows[batchRows:]
		if slices.IsSortedFunc(first, byAdmission) {
			t.Error("the rows of a record are sorted")
		}
		if len(second) > 0 && byAdmission(slices.MaxFunc(first, byAdmission),
			slices.MinFunc(second, byAdmission)) > 0 {
			t.Error("a record reaches behind the one before")
		}
	}
}

func TestVisitsSchema(t *testing.T) {
	const want = `visit_id int64, name utf8, national_id utf8, birth_date date32, sex utf8, ` +
		`zip utf8, admitted timestamp[us, tz=UTC], ` +
		`ward dictionary<values=utf8, indices=int8, ordered=false>, diagnosis utf8, ` +
		`stay_days int32, cost float64, `
	r := visits(10, 1)
	defer r.Release()
	got := ""
	for _, f := range r.Schema().Fields() {
		got += f.Name + " " + f.Type.String() + ", "
	}
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !r.Next() || !r.Record().Schema().Equal(r.Schema()) {
		t.Error("a record has another schema")
	}
}

func TestVisitsSameSeed(t *testing.T) {
	one, same, other := visits(70_000, 5), visits(70_000, 5), visits(70_000, 6)
	defer one.Release()
	defer same.Release()
	defer other.Release()
	for one.Next() {
		if !same.Next() || !other.Next() {
			t.Fatal("a table is shorter")
		}
		if !array.RecordEqual(one.Record(), same.Record()) {
			t.Error("one seed gives two tables")
		}
		if array.RecordEqual(one.Record(), other.Record()) {
			t.Error("two seeds give one table")
		}
	}
}

// TestVisitsRecordsAreKept wants a record to outlive the next one.
func TestVisitsRecordsAreKept(t *testing.T) {
	r := visits(batchRows+1, 1)
	r.Next()
	first := r.Record()
	first.Retain()
	defer first.Release()
	before := first.Column(1).(*array.String).Value(0)
	r.Next()
	r.Release()
	if after := first.Column(1).(*array.String).Value(0); after != before {
		t.Error("a record that is kept has changed")
	}
}

func BenchmarkVisits(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		r := visits(n, 1)
		for r.Next() {
		}
		r.Release()
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
}
