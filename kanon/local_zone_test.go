package kanon

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// A time of a zone that is not generalized is written as the clocks there show
// it: the start of October in Berlin, which is September in UTC.
func TestTimesOfAZoneKeepTheirMonth(t *testing.T) {
	for zone, want := range map[string]string{
		"Europe/Berlin": "2024-10-01T00:00:00+02:00",
		"+02:00":        "2024-10-01T00:00:00+02:00",
		"UTC":           "2024-09-30T22:00:00Z",
		"":              "2024-09-30T22:00:00Z",
	} {
		dt := &arrow.TimestampType{Unit: arrow.Second, TimeZone: zone}
		b := array.NewTimestampBuilder(memory.DefaultAllocator, dt)
		defer b.Release()
		for range 5 {
			b.Append(1727733600) // 2024-09-30 22:00 UTC
		}
		for day := range 5 {
			b.Append(arrow.Timestamp(1727733600 + 86400*(40+day)))
		}
		schema := arrow.NewSchema([]arrow.Field{{Name: "at", Type: dt}}, nil)
		rec := array.NewRecord(schema, []arrow.Array{b.NewArray()}, 10)
		defer rec.Release()
		table := array.NewTableFromRecords(schema, []arrow.Record{rec})
		defer table.Release()
		out, _, err := Apply(t.Context(), Config{
			Quasi:    []Quasi{{Column: "at", Hierarchy: Dates{Periods: []string{"month", "year"}}}},
			Models:   []Model{KAnonymity{K: 5}},
			Recoding: Local, Suppressed: Drop,
		}, table)
		if err != nil {
			t.Fatal(err)
		}
		labels := out.Column(0).Data().Chunk(0).(*array.Dictionary)
		got := labels.Dictionary().(*array.String).Value(labels.GetValueIndex(0))
		if got != want || strings.Contains(labels.Dictionary().String(), "2024-09") != (want[5:7] == "09") {
			t.Errorf("%q: %s, want %s", zone, labels.Dictionary(), want)
		}
		out.Release()
	}
}
