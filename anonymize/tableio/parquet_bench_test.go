package tableio_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/anonymize/tableio"
)

// columnKinds are columns as they come, each with one that appends a value.
func columnKinds() []columnKind {
	text := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32,
		ValueType: arrow.BinaryTypes.String}
	token := func(rng *rand.Rand) string {
		var b [16]byte
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return base64.RawURLEncoding.EncodeToString(b[:])
	}
	var tokens []string
	rng := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		tokens = append(tokens, token(rng))
	}
	coded := func(f func(*rand.Rand) string) func(array.Builder, *rand.Rand) {
		return func(b array.Builder, rng *rand.Rand) {
			_ = b.(*array.BinaryDictionaryBuilder).AppendString(f(rng))
		}
	}
	plain := func(f func(*rand.Rand) string) func(array.Builder, *rand.Rand) {
		return func(b array.Builder, rng *rand.Rand) { b.(*array.StringBuilder).Append(f(rng)) }
	}
	int64s := func(n int64) func(array.Builder, *rand.Rand) {
		return func(b array.Builder, rng *rand.Rand) { b.(*array.Int64Builder).Append(rng.Int64N(n)) }
	}
	ward := func(rng *rand.Rand) string { return fmt.Sprint("ward ", rng.IntN(40)) }
	return []columnKind{
		{"dictionary/40", text, coded(ward)},
		{"dictionary/5000", text, coded(func(rng *rand.Rand) string { return tokens[rng.IntN(5000)] })},
		{"text/40", arrow.BinaryTypes.String, plain(ward)},
		{"text/5000", arrow.BinaryTypes.String,
			plain(func(rng *rand.Rand) string { return tokens[rng.IntN(5000)] })},
		{"text/distinct", arrow.BinaryTypes.String, plain(token)},
		{"int16/200", arrow.PrimitiveTypes.Int16, func(b array.Builder, rng *rand.Rand) {
			b.(*array.Int16Builder).Append(int16(100 + 13*rng.IntN(200)))
		}},
		{"int64/60", arrow.PrimitiveTypes.Int64, int64s(60)},
		{"int64/5000", arrow.PrimitiveTypes.Int64, int64s(5000)},
		{"int64/distinct", arrow.PrimitiveTypes.Int64, int64s(1 << 40)},
		{"int64/null", arrow.PrimitiveTypes.Int64, func(b array.Builder, rng *rand.Rand) {
			if rng.IntN(20) == 0 {
				b.AppendNull()
				return
			}
			b.(*array.Int64Builder).Append(rng.Int64N(60))
		}},
		{"float64/cents", arrow.PrimitiveTypes.Float64, func(b array.Builder, rng *rand.Rand) {
			b.(*array.Float64Builder).Append(float64(rng.IntN(1e6)) / 100)
		}},
		{"float64/distinct", arrow.PrimitiveTypes.Float64, func(b array.Builder, rng *rand.Rand) {
			b.(*array.Float64Builder).Append(rng.NormFloat64())
		}},
		{"date32", arrow.FixedWidthTypes.Date32, func(b array.Builder, rng *rand.Rand) {
			b.(*array.Date32Builder).Append(arrow.Date32(18000 + rng.IntN(1000)))
		}},
		{"timestamp", &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
			func(b array.Builder, rng *rand.Rand) {
				b.(*array.TimestampBuilder).Append(arrow.Timestamp(1.6e15 + rng.Int64N(1e14)))
			}},
		{"bool", arrow.FixedWidthTypes.Boolean, func(b array.Builder, rng *rand.Rand) {
			b.(*array.BooleanBuilder).Append(rng.IntN(10) == 0)
		}},
		{"decimal128", &arrow.Decimal128Type{Precision: 30, Scale: 2},
			func(b array.Builder, rng *rand.Rand) {
				b.(*array.Decimal128Builder).Append(decimal128.FromI64(rng.Int64N(1 << 40)))
			}},
		{"fixed_size_binary", &arrow.FixedSizeBinaryType{ByteWidth: 16},
			func(b array.Builder, rng *rand.Rand) {
				b.(*array.FixedSizeBinaryBuilder).Append([]byte(token(rng))[:16])
			}},
	}
}

// columnKind is a column of some type and what appends a value to it.
type columnKind struct {
	name   string
	dt     arrow.DataType
	append func(array.Builder, *rand.Rand)
}

// column makes a table of rows rows in one column.
func (k *columnKind) column(rows int) *tableio.Memory {
	schema := arrow.NewSchema([]arrow.Field{{Name: "c", Type: k.dt, Nullable: true}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	rng := rand.New(rand.NewPCG(1, 2))
	for range rows {
		k.append(b.Field(0), rng)
	}
	rec := b.NewRecord()
	defer rec.Release()
	m, err := tableio.FromRecords(schema, rec)
	if err != nil {
		panic(err)
	}
	return m
}

// BenchmarkWriteParquet writes columns of one kind each.
func BenchmarkWriteParquet(b *testing.B) {
	const rows = 1 << 19
	for _, k := range columnKinds() {
		b.Run(k.name, func(b *testing.B) {
			src := k.column(rows)
			path := b.TempDir() + "/t.parquet"
			for b.Loop() {
				copyTable(b, src, path, nil)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/value")
			report(b, path, rows)
		})
	}
}
