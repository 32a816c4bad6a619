package pseudonym

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// BenchmarkMethods makes base32 tokens of 16-byte identifiers.
func BenchmarkMethods(b *testing.B) {
	for name, m := range map[string]Method{"hmac": HMAC{}, "cmac": CMAC{}, "siv": SIV{},
		"siv-unpadded": SIV{Bucket: 1},
		"ff1":          FF1{Shape: ShapeDigits}} {
		b.Run(name, func(b *testing.B) {
			p, err := New(testKeyring(b), Column{Name: "c0", Field: testField, Method: m})
			if err != nil {
				b.Fatal(err)
			}
			p.mem = memory.DefaultAllocator
			a := benchStrings(benchRows)
			if strings.HasPrefix(name, "ff1") {
				a = benchDigits()
			}
			rec := record(a)
			defer rec.Release()
			b.ReportAllocs()
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			start := threadCPU()
			for b.Loop() {
				out, err := p.Transform(context.Background(), rec)
				if err != nil {
					b.Fatal(err)
				}
				out.Release()
			}
			perRow(b, benchRows)
			if used := threadCPU() - start; used > 0 {
				b.ReportMetric(float64(b.N)*benchRows/used.Seconds()/1e6, "Mrows/cpu-s")
			}
		})
	}
}

// benchDigits are strings of 16 digits.
func benchDigits() arrow.Array {
	bld := array.NewStringBuilder(memory.DefaultAllocator)
	defer bld.Release()
	for i := range benchRows {
		text := fmt.Sprintf("%015d", 4_000_000_000*i)
		for c := byte('0'); ; c++ { // as a card
			if s := text + string(c); luhnByTable(s) {
				bld.Append(s)
				break
			}
		}
	}
	return bld.NewArray()
}
