package pseudonym

import (
	"context"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

// BenchmarkMethods makes base32 tokens of 16-byte identifiers.
func BenchmarkMethods(b *testing.B) {
	for name, m := range map[string]Method{"hmac": HMAC{}, "cmac": CMAC{}, "siv": SIV{},
		"siv-unpadded": SIV{Bucket: 1}} {
		b.Run(name, func(b *testing.B) {
			p, err := New(testKeyring(b), Column{Name: "c0", Field: testField, Method: m})
			if err != nil {
				b.Fatal(err)
			}
			p.mem = memory.DefaultAllocator
			rec := record(benchStrings(benchRows))
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
