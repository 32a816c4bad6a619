package pseudonym

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/hmac256"
)

const benchRows = 1 << 16

func perRow(b *testing.B, rows int) {
	ns := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / float64(rows)
	b.ReportMetric(ns, "ns/row")
	b.ReportMetric(1e3/ns, "Mrows/s")
}

// benchStrings are 16-byte identifiers, the given number of them distinct.
func benchStrings(distinct int) arrow.Array {
	bld := array.NewStringBuilder(memory.DefaultAllocator)
	defer bld.Release()
	for i := range benchRows {
		bld.Append(fmt.Sprintf("P-%014d", i%distinct))
	}
	return bld.NewArray()
}

func benchInts() arrow.Array {
	bld := array.NewInt64Builder(memory.DefaultAllocator)
	defer bld.Release()
	for i := range int64(benchRows) {
		bld.Append(4_000_000_000 + i)
	}
	return bld.NewArray()
}

func benchDict(distinct int) arrow.Array {
	bld := array.NewDictionaryBuilder(memory.DefaultAllocator, &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String},
	).(*array.BinaryDictionaryBuilder)
	defer bld.Release()
	for i := range benchRows {
		if err := bld.AppendString(fmt.Sprintf("P-%014d", i*7919%distinct)); err != nil {
			panic(err)
		}
	}
	return bld.NewArray()
}

func benchTransform(b *testing.B, f Format, a arrow.Array) {
	p := pseudonymizer(b, memory.DefaultAllocator, f)
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
}

func BenchmarkTransform(b *testing.B) {
	for _, f := range []Format{Base32, Hex, Binary, UUID} {
		b.Run("string/"+string(f), func(b *testing.B) {
			benchTransform(b, f, benchStrings(benchRows))
		})
	}
	b.Run("int64/base32", func(b *testing.B) { benchTransform(b, Base32, benchInts()) })
	for _, distinct := range []int{64, 4096, benchRows} {
		b.Run(fmt.Sprintf("dictionary%d/base32", distinct), func(b *testing.B) {
			benchTransform(b, Base32, benchDict(distinct))
		})
	}
}

func BenchmarkKeep(b *testing.B) {
	for name, a := range map[string]arrow.Array{
		"string": benchStrings(benchRows), "dictionary64": benchDict(64)} {
		b.Run(name, func(b *testing.B) {
			s := sampler(b, testField, 0.5)
			keep := trues(benchRows)
			b.ReportAllocs()
			for b.Loop() {
				for i := range keep {
					keep[i] = true
				}
				if err := s.Keep(a, keep); err != nil {
					b.Fatal(err)
				}
			}
			perRow(b, benchRows)
		})
	}
}

// BenchmarkParts measures what a token is made of.
func BenchmarkParts(b *testing.B) {
	id := []byte("P-00000000000001")
	b.Run("block", func(b *testing.B) { // one block of SHA-256 with its fixed cost
		for b.Loop() {
			sha256.Sum256(id)
		}
	})
	m, err := hmac256.New(testRoot())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("hmac", func(b *testing.B) {
		for b.Loop() {
			m.Digest(id)
		}
	})
	std := hmac.New(sha256.New, testRoot())
	sum := make([]byte, 0, sha256.Size)
	b.Run("hmac-std", func(b *testing.B) {
		for b.Loop() {
			std.Reset()
			std.Write(id)
			sum = std.Sum(sum[:0])
		}
	})
	c, err := newCMAC(testRoot())
	if err != nil {
		b.Fatal(err)
	}
	blocks := make([]token, chunkRows)
	b.Run("aes64", func(b *testing.B) { // independent blocks, one call each
		for b.Loop() {
			c.block.Encrypt(blocks)
		}
	})
	var tok token
	dst := make([]byte, 36)
	for _, f := range []Format{Base32, Hex, Binary, UUID} {
		e, _ := f.encoding()
		b.Run(string(f), func(b *testing.B) {
			for b.Loop() {
				e.put(dst, &tok)
			}
		})
	}
}
