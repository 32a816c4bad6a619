package local

import (
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func benchmark(b *testing.B, m Method, a arrow.Array) {
	k, err := m.bind(a.DataType())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		out, err := k(memory.DefaultAllocator, a)
		if err != nil {
			b.Fatal(err)
		}
		out.Release()
	}
	b.ReportMetric(float64(b.N)*float64(a.Len())/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

func BenchmarkResponse(b *testing.B) {
	categories := make([]string, 12)
	for i := range categories {
		categories[i] = fmt.Sprint("category ", i)
	}
	index := array.NewInt32Builder(memory.DefaultAllocator)
	plain := array.NewStringBuilder(memory.DefaultAllocator)
	for i := range 1 << 18 {
		index.Append(int32(i * i % 12))
		plain.Append(categories[i*i%12])
	}
	dict := array.NewDictionaryArray(&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32,
		ValueType: arrow.BinaryTypes.String}, index.NewArray(),
		build(b, memory.DefaultAllocator, arrow.BinaryTypes.String, categories...))
	m := RandomizedResponse{Epsilon: 1, Categories: categories}
	b.Run("dictionary", func(b *testing.B) { benchmark(b, m, dict) })
	b.Run("text", func(b *testing.B) { benchmark(b, m, plain.NewArray()) })
	b.Run("unary", func(b *testing.B) {
		benchmark(b, UnaryEncoding{Epsilon: 1, Categories: categories}, dict)
	})
}

func BenchmarkNoise(b *testing.B) {
	numbers := array.NewFloat64Builder(memory.DefaultAllocator)
	for i := range 1 << 16 {
		numbers.Append(float64(i % 100))
	}
	benchmark(b, Noise{Epsilon: 1, Upper: 100}, numbers.NewArray())
}
