package ledger

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/dp/budget"
)

// tableSchema is that of Statement.Record.
var tableSchema = arrow.NewSchema([]arrow.Field{
	{Name: "entry", Type: arrow.PrimitiveTypes.Int64},
	{Name: "time", Type: arrow.FixedWidthTypes.Timestamp_s},
	{Name: "by", Type: arrow.BinaryTypes.String},
	{Name: "release", Type: arrow.BinaryTypes.String},
	{Name: "epsilon", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "rho", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "delta", Type: arrow.PrimitiveTypes.Float64},
	{Name: "spent_epsilon", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "spent_rho", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "spent_delta", Type: arrow.PrimitiveTypes.Float64},
	{Name: "hash", Type: arrow.BinaryTypes.String},
}, nil)

// Record is the ledger as a table with a row for every charge, in order:
//
//   - "entry" (int64), "time" (timestamp in seconds, UTC), "by" (utf8) and "hash"
//     (utf8) are those of its Entry;
//   - "release" (utf8) is the name of the charge;
//   - "epsilon" or "rho", by the currency of the total, and "delta" (float64) are
//     what it took, and those with "spent_" before what all until then did, both
//     rounded up where they have no short decimal. The numbers of the other
//     currency are null.
//
// The caller releases it.
func (s *Statement) Record(mem memory.Allocator) arrow.Record {
	b := array.NewRecordBuilder(mem, tableSchema)
	defer b.Release()
	sum, err := budget.NewFilter(s.Terms.Total)
	if err != nil {
		return b.NewRecord() // of a Statement that no ledger made
	}
	text := func(i int, v string) { b.Field(i).(*array.StringBuilder).Append(v) }
	amount := func(from int, v budget.Budget) {
		for i, x := range []float64{v.Epsilon, v.Rho, v.Delta} {
			to := b.Field(from + i).(*array.Float64Builder)
			if other := (i == 1) != (s.Terms.Total.Rho != 0); i < 2 && other {
				to.AppendNull()
			} else {
				to.Append(x)
			}
		}
	}
	for _, e := range s.Entries {
		for _, c := range e.Charges {
			cost, err := c.Cost.In(s.Terms.Total)
			if err != nil || sum.Spend(c) != nil {
				continue // no ledger holds such a charge
			}
			b.Field(0).(*array.Int64Builder).Append(int64(e.N))
			b.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(e.Time.Unix()))
			text(2, e.By)
			text(3, c.Name)
			amount(4, cost)
			amount(7, sum.Spent())
			text(10, e.Hash)
		}
	}
	return b.NewRecord()
}
