package kanon

import (
	"context"
	"syscall"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

// cpu is the processor time of the process, in milliseconds.
func cpu() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
}

func BenchmarkSolveAdult(b *testing.B) {
	rec := adultRecord(b, memory.NewGoAllocator())
	defer rec.Release()
	quasi := adultQuasi(b)
	for _, c := range adultCases(b) {
		b.Run(c.id, func(b *testing.B) {
			a, err := New(c.config(quasi))
			if err != nil {
				b.Fatal(err)
			}
			counts, err := a.NewCounts(rec.Schema())
			if err != nil {
				b.Fatal(err)
			}
			if err := counts.Add(rec); err != nil {
				b.Fatal(err)
			}
			start := cpu()
			for b.Loop() {
				if _, err := a.Solve(context.Background(), counts); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu()-start)/float64(b.N), "cpu-ms/op")
		})
	}
}
