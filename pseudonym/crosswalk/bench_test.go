package crosswalk_test

import (
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

const benchRows = 1 << 16

// ids are identifiers of 16 bytes, counted from first.
func ids(first int) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range benchRows {
		b.Append(fmt.Sprintf("patient-%08d", first+i))
	}
	return b.NewArray()
}

func run(b *testing.B, w *world, a arrow.Array) {
	b.Helper()
	out, err := w.transform(b, field, "", a)
	if err != nil {
		b.Fatal(err)
	}
	out.Release()
}

// Batches of values that the table has never seen.
func BenchmarkNew(b *testing.B) {
	w := newWorld(b)
	rows := 0
	for b.Loop() {
		b.StopTimer()
		a := ids(rows)
		b.StartTimer()
		run(b, w, a)
		rows += benchRows
		a.Release()
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// Batches of values that it knows, of a million.
func BenchmarkKnown(b *testing.B) {
	w := newWorld(b)
	batches := make([]arrow.Array, 1<<20/benchRows)
	for i := range batches {
		batches[i] = ids(i * benchRows)
		run(b, w, batches[i])
	}
	n := 0
	for b.Loop() {
		run(b, w, batches[n%len(batches)])
		n++
	}
	b.ReportMetric(float64(n*benchRows)/b.Elapsed().Seconds(), "rows/s")
}
