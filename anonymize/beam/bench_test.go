package beam

import (
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/dp"
)

// counted are three queries of different kinds.
const counted = alone + `
statistics:
  unit: {column: person, max_rows: 4}
  budget: {epsilon: 3}
  queries:
    - count: {by: [ward], keys: {ward: [a, b, c]}, epsilon: 1}
    - mean: {column: age, lower: 0, upper: 90, by: [ward], keys: {ward: [a, b, c]}, epsilon: 1}
    - quantiles: {column: age, lower: 0, upper: 90, ranks: [0.5], epsilon: 1}
`

// BenchmarkStatistics takes the stages of the statistics one by one, over people of
// whom each of four shards has one row: what the table of README.md says of them.
func BenchmarkStatistics(b *testing.B) {
	const people, shardsOf, parts = 200_000, 4, 4
	job, _ := shards(b, counted)
	job.Statistics = filepath.Join(b.TempDir(), "statistics.parquet")
	p, err := job.pipeline(b.Context(), true)
	if err != nil {
		b.Fatal(err)
	}
	table := everybody(b, people)
	var pieces, tallies [][]byte // of one part, and of all
	b.Run("query", func(b *testing.B) {
		sent := 0
		for range b.N {
			kept, err := p.Query(b.Context(), table, &anonymize.RunOptions{Workers: 1})
			if err != nil {
				b.Fatal(err)
			}
			all, err := kept.MarshalParts(dp.Division{Parts: parts, Key: make([]byte, 16)})
			if err != nil {
				b.Fatal(err)
			}
			pieces, sent = all, 0
			for _, data := range all {
				sent += len(data)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*people), "ns/row")
		b.ReportMetric(float64(sent)/people, "bytes/row")
	})
	b.Run("tally", func(b *testing.B) {
		var held, sent int
		for range b.N {
			before := heap()
			shards := func(yield func([]byte, error) bool) {
				for range shardsOf { // of the same people
					if !yield(pieces[0], nil) {
						return
					}
				}
				b.StopTimer()
				held = heap() - before
				b.StartTimer()
			}
			data, err := p.Tally(b.Context(), table, shards)
			if err != nil {
				b.Fatal(err)
			}
			sent, tallies = len(data), nil
			for _, piece := range pieces {
				one := func(yield func([]byte, error) bool) { yield(piece, nil) }
				if data, err = p.Tally(b.Context(), table, one); err != nil {
					b.Fatal(err)
				}
				tallies = append(tallies, data)
			}
		}
		// The part with four shards, and each part with one.
		rows := people/parts*shardsOf + people
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
		b.ReportMetric(float64(held)/(people/parts), "bytes/person")
		b.ReportMetric(float64(sent), "bytes/part")
	})
	b.Run("answer", func(b *testing.B) {
		each := iter.Seq2[[]byte, error](func(yield func([]byte, error) bool) {
			for _, data := range tallies {
				if !yield(data, nil) {
					return
				}
			}
		})
		for range b.N {
			dst := tableio.NewBuffer()
			if _, err := p.Answer(b.Context(), table, each, dst, nil); err != nil {
				b.Fatal(err)
			}
			dst.Release()
		}
	})
	runtime.KeepAlive(pieces)
}

// heap is the memory in use.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// everybody is a table with one row of each person.
func everybody(b *testing.B, people int) *tableio.Memory {
	b.Helper()
	b.StopTimer()
	first := visits(0, 1)
	defer first.Release()
	rows := array.NewRecordBuilder(memory.DefaultAllocator, first.Schema())
	defer rows.Release()
	for i := range people {
		rows.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("person %010d", i))
		rows.Field(1).(*array.StringBuilder).Append("a name")
		rows.Field(2).(*array.Int32Builder).Append(int32(i * 7 % 90))
		rows.Field(3).(*array.StringBuilder).Append("1000")
		rows.Field(4).(*array.StringBuilder).Append([]string{"a", "b", "c"}[i%3])
	}
	rec := rows.NewRecord()
	defer rec.Release()
	table := array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
	b.Cleanup(table.Release)
	b.StartTimer()
	return tableio.FromTable(table)
}
