package group

import (
	"fmt"
	"testing"
)

// BenchmarkTable adds keys that are half new and looks for keys in random
// order, narrow ones, of which a tag is enough, and others.
func BenchmarkTable(b *testing.B) {
	for _, c := range []struct {
		distinct uint64
		bits     uint
	}{{20_000, 32}, {1_000_000, 32}, {1_000_000, 64}} {
		const rows = 3_000_000
		keys, out := make([]uint64, rows), make([]uint32, rows)
		seed := uint64(1)
		for i := range keys {
			seed = seed*6364136223846793005 + 1442695040888963407
			keys[i] = seed >> 11 % c.distinct * 4093 << (c.bits - 32)
		}
		run := func(name string, f func()) {
			b.Run(fmt.Sprintf("%s/%d/%d", name, c.distinct, c.bits), func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/key")
			})
		}
		t := New(1, 0)
		t.Add(keys, out)
		run("grow", func() { New(1, 0).Add(keys, out) })
		run("add", func() { t.Add(keys, out) })
		run("find", func() { t.Find(keys, out) })
	}
}
