package pseudonym

import (
	"context"
	"fmt"
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
			if name == "ff1" {
				a = benchDigits()
			}
			rec := record(a)
			defer rec.Release()
			b.ReportAllocs()
			for b.Loop() {
				out, err := p.Transform(context.Background(), rec)
				if err != nil {
					b.Fatal(err)
				}
				out.Release()
			}
			perRow(b, benchRows)
		})
	}
}

// benchDigits are strings of 16 digits.
func benchDigits() arrow.Array {
	bld := array.NewStringBuilder(memory.DefaultAllocator)
	defer bld.Release()
	for i := range benchRows {
		bld.Append(fmt.Sprintf("%016d", 4_000_000_000*i))
	}
	return bld.NewArray()
}
