package pseudonym

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/aesblocks"
	"github.com/lethe-go/lethe/internal/hmac256"
)

// BenchmarkMethods reports, beside the mean, what does not depend on what else
// the machine does: the rows for each second that a processor has worked, the
// rows a second of the fastest batch, and how much of the time of that batch the
// cryptography would take by itself: the kernel of the method, timed in the same
// run, is the limit of the hardware.
func BenchmarkMethods(b *testing.B) {
	const rows = 1 << 13
	ids, numbers := strings16("P-%014d", rows), cards(rows)
	hmac, aes := hmacLimit(b), aesLimit(b)
	for _, bench := range []struct {
		name   string
		method Method
		values []string
		limit  time.Duration // a thousand rows; 0: not known
	}{
		{"hmac/base32", HMAC{}, ids, hmac},
		{"hmac/binary", HMAC{Binary}, ids, hmac},
		{"cmac/base32", CMAC{}, ids, aes},
		{"cmac/binary", CMAC{Binary}, ids, aes},
		{"cmac/hex", CMAC{Hex}, ids, aes},
		{"cmac/int63", CMAC{Int63}, ids, aes},
		{"siv/base32", SIV{}, ids, 2 * aes},
		{"siv/binary", SIV{Format: Binary}, ids, 2 * aes},
		{"ff1/16digits", FF1{Shape: ShapeDigits}, numbers, ff1Rounds * aes},
		{"ff1/9digits", FF1{Shape: ShapeDigits}, strings16("%09d", rows), ff1Rounds * aes},
		{"ff1/alphanumeric16", FF1{Shape: ShapeAlphanumeric}, numbers, ff1Rounds * aes},
		{"ff1/card", FF1{Shape: ShapeCard}, numbers, ff1Rounds * aes},
		{"ff1/iban", FF1{Shape: ShapeIBAN}, repeated("DE89370400440532013000", rows), 0},
		{"ff1/phone", FF1{Shape: ShapePhone}, repeated("+4930123456789", rows), ff1Rounds * aes},
		{"email", Email{KeepHost}, repeated("jane.doe@example.org", rows), 0},
	} {
		b.Run(bench.name, func(b *testing.B) {
			p, err := New(testKeyring(b), Column{Name: "c0", Field: testField, Method: bench.method})
			if err != nil {
				b.Fatal(err)
			}
			rec := record(arrayOf(bench.values))
			defer rec.Release()
			benchBest(b, p, rec, bench.limit)
		})
	}
	b.Run("hmac/dictionary64", func(b *testing.B) {
		p, err := New(testKeyring(b), Column{Name: "c0", Field: testField, Method: HMAC{}})
		if err != nil {
			b.Fatal(err)
		}
		rec := record(benchDict(64))
		defer rec.Release()
		benchBest(b, p, rec, 0)
	})
}

// benchBest transforms a record again and again. limit is the least time for a
// thousand rows.
func benchBest(b *testing.B, p *Pseudonymizer, rec arrow.Record, limit time.Duration) {
	b.ReportAllocs()
	best := time.Duration(math.MaxInt64)
	worked := cpuTime()
	for b.Loop() {
		start := time.Now()
		out, err := p.Transform(context.Background(), rec)
		if err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(start))
		out.Release()
	}
	worked = cpuTime() - worked
	rows := int(rec.NumRows())
	perRow(b, rows)
	b.ReportMetric(float64(rows)/best.Seconds()/1e6, "best-Mrows/s")
	if worked > 0 {
		b.ReportMetric(float64(rows)*float64(b.N)/worked.Seconds()/1e6, "cpu-Mrows/s")
	}
	if limit > 0 {
		b.ReportMetric(100*float64(limit)*float64(rows)/1000/float64(best), "%limit")
	}
}

// quickest returns the least time that a thousand of what do does n times takes.
func quickest(n int, do func()) time.Duration {
	best := time.Duration(math.MaxInt64)
	for range 2000 {
		start := time.Now()
		for range 16 {
			do()
		}
		best = min(best, time.Since(start))
	}
	return best * 1000 / time.Duration(16*n)
}

// hmacLimit is the time of a thousand HMACs of 16 bytes.
func hmacLimit(b *testing.B) time.Duration {
	m, err := hmac256.New(testRoot())
	if err != nil {
		b.Fatal(err)
	}
	text := []byte("P-00000000000001")
	spans := slices.Repeat([][2]int{{0, len(text)}}, chunkRows)
	dst := make([]token, chunkRows)
	return quickest(chunkRows, func() { m.Prefixes(dst, text, spans) })
}

// aesLimit is the time of a thousand blocks of AES-256.
func aesLimit(b *testing.B) time.Duration {
	c, err := aesblocks.New(testRoot())
	if err != nil {
		b.Fatal(err)
	}
	blocks := make([]token, chunkRows)
	return quickest(chunkRows, func() { c.Encrypt(blocks) })
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
