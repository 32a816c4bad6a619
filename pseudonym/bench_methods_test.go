package pseudonym

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// BenchmarkMethods reports, beside the mean, the rows a second of the fastest
// batch of 1,024 rows: what one core does when nothing else disturbs it, which
// on a shared machine the mean does not tell.
func BenchmarkMethods(b *testing.B) {
	const rows = 1024
	ids, numbers := strings16("P-%014d", rows), cards(rows)
	for _, bench := range []struct {
		name   string
		method Method
		values []string
	}{
		{"hmac/base32", HMAC{}, ids},
		{"hmac/binary", HMAC{Binary}, ids},
		{"cmac/base32", CMAC{}, ids},
		{"cmac/binary", CMAC{Binary}, ids},
		{"cmac/int63", CMAC{Int63}, ids},
		{"siv/base32", SIV{}, ids},
		{"siv/binary", SIV{Format: Binary}, ids},
		{"ff1/16digits", FF1{Shape: ShapeDigits}, numbers},
		{"ff1/9digits", FF1{Shape: ShapeDigits}, strings16("%09d", rows)},
		{"ff1/alphanumeric16", FF1{Shape: ShapeAlphanumeric}, numbers},
		{"ff1/card", FF1{Shape: ShapeCard}, numbers},
		{"ff1/iban", FF1{Shape: ShapeIBAN}, repeated("DE89370400440532013000", rows)},
		{"ff1/phone", FF1{Shape: ShapePhone}, repeated("+4930123456789", rows)},
		{"email", Email{KeepHost}, repeated("jane.doe@example.org", rows)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			p, err := New(testKeyring(b), Column{Name: "c0", Field: testField, Method: bench.method})
			if err != nil {
				b.Fatal(err)
			}
			rec := record(arrayOf(bench.values))
			defer rec.Release()
			benchBest(b, p, rec)
		})
	}
	b.Run("hmac/dictionary64", func(b *testing.B) {
		p, err := New(testKeyring(b), Column{Name: "c0", Field: testField, Method: HMAC{}})
		if err != nil {
			b.Fatal(err)
		}
		rec := record(benchDict(64))
		defer rec.Release()
		benchBest(b, p, rec)
	})
}

// benchBest transforms a record again and again.
func benchBest(b *testing.B, p *Pseudonymizer, rec arrow.Record) {
	b.ReportAllocs()
	best := time.Duration(math.MaxInt64)
	for b.Loop() {
		start := time.Now()
		out, err := p.Transform(context.Background(), rec)
		if err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(start))
		out.Release()
	}
	rows := int(rec.NumRows())
	perRow(b, rows)
	b.ReportMetric(float64(rows)/best.Seconds()/1e6, "best-Mrows/s")
}

func strings16(format string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(format, i)
	}
	return list
}

func repeated(s string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = s
	}
	return list
}

func arrayOf(values []string) arrow.Array {
	bld := array.NewStringBuilder(memory.DefaultAllocator)
	defer bld.Release()
	bld.AppendValues(values, nil)
	return bld.NewArray()
}
