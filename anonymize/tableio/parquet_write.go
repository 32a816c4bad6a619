package tableio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

const (
	// groupRows is the number of rows of a row group: large enough for
	// dictionaries to pay, small enough to hold a wide table.
	groupRows = 1 << 17
	// chunkRows is handed to a column writer at a time. Pages end between
	// chunks only, so it is fixed for the bytes to be.
	chunkRows = 1 << 13
)

// parquetEncoder collects a row group, then writes it column by column.
type parquetEncoder struct {
	out     io.Writer
	schema  *arrow.Schema
	columns []*gather
	workers int
	w       *parquet.GenericWriter[any] // nil before the first row group
	leaves  []int                       // column writer of each column
}

func newParquetEncoder(
	out io.Writer, schema *arrow.Schema, opts options,
) (*parquetEncoder, error) {
	e := &parquetEncoder{out: out, schema: schema, workers: opts.Workers}
	for _, f := range schema.Fields() {
		g, err := newGather(f)
		if err != nil {
			return nil, err
		}
		if _, err := leafNode(g.value); err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		e.columns = append(e.columns, g)
	}
	return e, nil
}

func (e *parquetEncoder) write(rec arrow.Record) error {
	for from := int64(0); from < rec.NumRows(); {
		n := min(rec.NumRows()-from, int64(groupRows-e.columns[0].rows))
		err := parallel(len(e.columns), e.workers, func(i int) error {
			return e.columns[i].add(rec.Column(i), int(from), int(from+n))
		})
		if err != nil {
			return err
		}
		from += n
		if e.columns[0].rows == groupRows {
			if err := e.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *parquetEncoder) finish() error {
	if e.columns[0].rows > 0 || e.w == nil {
		if err := e.flush(); err != nil {
			return err
		}
	}
	return e.w.Close()
}

func (e *parquetEncoder) discard() error {
	for _, g := range e.columns {
		g.release()
	}
	return nil
}

// unwritable turns a panic of the encoder into an error.
func unwritable(err *error) {
	if p := recover(); p != nil {
		*err = errors.New("the encoder gave up")
	}
}

// flush writes a row group. The first one also decides which columns are
// dictionary-encoded.
func (e *parquetEncoder) flush() (err error) {
	defer unwritable(&err)
	if e.w == nil {
		if err := e.begin(); err != nil {
			return err
		}
	}
	if e.columns[0].rows == 0 {
		return nil
	}
	writers := e.w.ColumnWriters()
	err = parallel(len(e.columns), e.workers, func(i int) (err error) {
		defer unwritable(&err)
		defer e.columns[i].forget()
		if err = writeLeaf(writers[e.leaves[i]], e.columns[i], e.leaves[i]); err != nil {
			return fmt.Errorf("column %q: %w", e.columns[i].name, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e.w.Flush()
}

func (e *parquetEncoder) begin() error {
	group := parquet.Group{}
	names := make([]string, len(e.columns))
	for i, g := range e.columns {
		node, err := leafNode(g.value)
		if err != nil {
			return err
		}
		if g.set != nil && g.value.ID() != arrow.BOOL || g.repetitive() {
			node = parquet.Encoded(node, &parquet.RLEDictionary)
		}
		if g.nullable || g.value.ID() == arrow.NULL {
			node = parquet.Optional(node)
		}
		group[g.name], names[i] = node, g.name
	}
	schema := parquet.NewSchema("table", orderedGroup{group, names})
	for i := range names {
		e.leaves = append(e.leaves, i)
	}
	e.w = parquet.NewGenericWriter[any](e.out, schema,
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		// Bounds stand in the footer; in every page header they say no more.
		parquet.DataPageStatistics(false),
		parquet.CreatedBy("lethe", "1", "0"),
		parquet.KeyValueMetadata(noteKey, noteOf(e.schema)))
	for i, path := range schema.Columns() {
		if len(path) != 1 || path[0] != names[i] {
			return errors.New("the columns cannot be laid out in order")
		}
	}
	return nil
}

// repetitive says whether the text collected so far is worth a dictionary.
func (g *gather) repetitive() bool {
	if g.set != nil || g.width > 0 || g.value.ID() == arrow.NULL {
		return false
	}
	const maxBytes = 1 << 20
	limit := (g.rows-g.nulls)/4 + 1
	seen := make(map[string]struct{})
	size := 0
	for i := range g.rows {
		if g.valid[i] == 0 {
			continue
		}
		v := g.entry(i)
		if _, ok := seen[string(v)]; ok {
			continue
		}
		size += len(v)
		if len(seen) == limit || size > maxBytes {
			return false
		}
		seen[string(v)] = struct{}{}
	}
	return true
}

// orderedGroup is a group whose fields keep the order of the table;
// parquet.Group sorts them by name.
type orderedGroup struct {
	parquet.Group
	names []string
}

func (g orderedGroup) Fields() []parquet.Field {
	fields := g.Group.Fields()
	at := make(map[string]int, len(g.names))
	for i, n := range g.names {
		at[n] = i
	}
	slices.SortFunc(fields, func(a, b parquet.Field) int { return at[a.Name()] - at[b.Name()] })
	return fields
}

// leafNode is the Parquet type that holds an Arrow type.
func leafNode(dt arrow.DataType) (parquet.Node, error) {
	switch t := dt.(type) {
	case *arrow.BooleanType:
		return parquet.Leaf(parquet.BooleanType), nil
	case *arrow.Int8Type:
		return parquet.Int(8), nil
	case *arrow.Int16Type:
		return parquet.Int(16), nil
	case *arrow.Int32Type:
		return parquet.Int(32), nil
	case *arrow.Int64Type:
		return parquet.Int(64), nil
	case *arrow.Uint8Type:
		return parquet.Uint(8), nil
	case *arrow.Uint16Type:
		return parquet.Uint(16), nil
	case *arrow.Uint32Type:
		return parquet.Uint(32), nil
	case *arrow.Uint64Type:
		return parquet.Uint(64), nil
	case *arrow.Float32Type:
		return parquet.Leaf(parquet.FloatType), nil
	case *arrow.Float64Type:
		return parquet.Leaf(parquet.DoubleType), nil
	case *arrow.StringType, *arrow.LargeStringType:
		return parquet.String(), nil
	case *arrow.BinaryType, *arrow.LargeBinaryType:
		return parquet.Leaf(parquet.ByteArrayType), nil
	case *arrow.FixedSizeBinaryType:
		return parquet.Leaf(parquet.FixedLenByteArrayType(t.ByteWidth)), nil
	case *arrow.Date32Type, *arrow.Date64Type:
		return parquet.Date(), nil
	case *arrow.Time32Type:
		return parquet.TimeAdjusted(parquet.Millisecond, false), nil
	case *arrow.Time64Type:
		if t.Unit == arrow.Microsecond {
			return parquet.TimeAdjusted(parquet.Microsecond, false), nil
		}
		return parquet.TimeAdjusted(parquet.Nanosecond, false), nil
	case *arrow.TimestampType:
		return timestampNode(t), nil
	case *arrow.DurationType:
		return parquet.Leaf(parquet.Int64Type), nil
	case *arrow.NullType:
		return parquet.Leaf(parquet.Int32Type), nil
	case *arrow.Decimal128Type:
		if t.Scale < 0 || t.Scale > t.Precision || t.Precision < 1 || t.Precision > 38 {
			return nil, fmt.Errorf("type %s is not supported in Parquet", t)
		}
		fixed := parquet.FixedLenByteArrayType(bigEndianBytes(t.Precision))
		return parquet.Decimal(int(t.Scale), int(t.Precision), fixed), nil
	}
	return nil, fmt.Errorf("type %s is not supported", dt)
}

func timestampNode(t *arrow.TimestampType) parquet.Node {
	utc := t.TimeZone != ""
	switch t.Unit {
	case arrow.Microsecond:
		return parquet.TimestampAdjusted(parquet.Microsecond, utc)
	case arrow.Nanosecond:
		return parquet.TimestampAdjusted(parquet.Nanosecond, utc)
	}
	return parquet.TimestampAdjusted(parquet.Millisecond, utc)
}

// writeLeaf hands the rows of g to a column writer.
func writeLeaf(w *parquet.ColumnWriter, g *gather, column int) error {
	value, err := valuer(g.value, g.entries())
	if err != nil {
		return err
	}
	var entries []parquet.Value // of a dictionary, made once
	if g.set != nil {
		for i := range g.set.rows {
			v, err := value(i)
			if err != nil {
				return err
			}
			entries = append(entries, v)
		}
	}
	level := 0
	if g.nullable || g.value.ID() == arrow.NULL {
		level = 1
	}
	buf := make([]parquet.Value, 0, chunkRows)
	for i := range g.rows {
		var v parquet.Value
		switch {
		case g.valid[i] == 0 || g.value.ID() == arrow.NULL:
			v = parquet.NullValue().Level(0, 0, column)
		case entries != nil:
			v = entries[g.codes[i]].Level(0, level, column)
		default:
			if v, err = value(i); err != nil {
				return err
			}
			v = v.Level(0, level, column)
		}
		if buf = append(buf, v); len(buf) == chunkRows || i == g.rows-1 {
			if _, err := w.WriteRowValues(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	return nil
}

// entries is where the values are: the dictionary's, or the rows themselves.
func (g *gather) entries() *gather {
	if g.set != nil {
		return g.set
	}
	return g
}

var (
	errMidnight = errors.New("a date64 is not at midnight, which Parquet cannot hold")
	errTime     = errors.New("a time is outside the range of milliseconds")
	errDecimal  = errors.New("a decimal has more digits than its type")
)

// valuer returns the function that makes a Parquet value of row i of g, which
// is not null.
func valuer(dt arrow.DataType, g *gather) (func(i int) (parquet.Value, error), error) {
	u32 := func(i int) uint32 { return binary.LittleEndian.Uint32(g.fixed[i*4:]) }
	u64 := func(i int) uint64 { return binary.LittleEndian.Uint64(g.fixed[i*8:]) }
	always := func(f func(i int) parquet.Value) func(int) (parquet.Value, error) {
		return func(i int) (parquet.Value, error) { return f(i), nil }
	}
	switch t := dt.(type) {
	case *arrow.NullType:
		return nil, nil
	case *arrow.BooleanType:
		return always(func(i int) parquet.Value { return parquet.BooleanValue(g.fixed[i] != 0) }), nil
	case *arrow.Int8Type:
		return always(func(i int) parquet.Value { return parquet.Int32Value(int32(int8(g.fixed[i]))) }), nil
	case *arrow.Uint8Type:
		return always(func(i int) parquet.Value { return parquet.Int32Value(int32(g.fixed[i])) }), nil
	case *arrow.Int16Type:
		return always(func(i int) parquet.Value {
			return parquet.Int32Value(int32(int16(binary.LittleEndian.Uint16(g.fixed[i*2:]))))
		}), nil
	case *arrow.Uint16Type:
		return always(func(i int) parquet.Value {
			return parquet.Int32Value(int32(binary.LittleEndian.Uint16(g.fixed[i*2:])))
		}), nil
	case *arrow.Int32Type, *arrow.Uint32Type, *arrow.Date32Type:
		return always(func(i int) parquet.Value { return parquet.Int32Value(int32(u32(i))) }), nil
	case *arrow.Int64Type, *arrow.Uint64Type, *arrow.Time64Type, *arrow.DurationType:
		return always(func(i int) parquet.Value { return parquet.Int64Value(int64(u64(i))) }), nil
	case *arrow.Float32Type:
		return always(func(i int) parquet.Value {
			return parquet.FloatValue(math.Float32frombits(u32(i)))
		}), nil
	case *arrow.Float64Type:
		return always(func(i int) parquet.Value {
			return parquet.DoubleValue(math.Float64frombits(u64(i)))
		}), nil
	case *arrow.StringType, *arrow.LargeStringType, *arrow.BinaryType, *arrow.LargeBinaryType:
		return always(func(i int) parquet.Value { return parquet.ByteArrayValue(g.entry(i)) }), nil
	case *arrow.FixedSizeBinaryType:
		return always(func(i int) parquet.Value {
			return parquet.FixedLenByteArrayValue(g.entry(i))
		}), nil
	case *arrow.Date64Type:
		return func(i int) (parquet.Value, error) {
			v := int64(u64(i))
			if day := v / millisADay; v%millisADay == 0 && int64(int32(day)) == day {
				return parquet.Int32Value(int32(day)), nil
			}
			return parquet.Value{}, errMidnight
		}, nil
	case *arrow.Time32Type:
		return func(i int) (parquet.Value, error) {
			v := int32(u32(i))
			if t.Unit == arrow.Second {
				if v > math.MaxInt32/1000 || v < math.MinInt32/1000 {
					return parquet.Value{}, errTime
				}
				v *= 1000
			}
			return parquet.Int32Value(v), nil
		}, nil
	case *arrow.TimestampType:
		return func(i int) (parquet.Value, error) {
			v := int64(u64(i))
			if t.Unit == arrow.Second {
				if v > math.MaxInt64/1000 || v < math.MinInt64/1000 {
					return parquet.Value{}, errTime
				}
				v *= 1000
			}
			return parquet.Int64Value(v), nil
		}, nil
	case *arrow.Decimal128Type:
		return decimalValuer(g, bigEndianBytes(t.Precision)), nil
	}
	return nil, fmt.Errorf("type %s is not supported", dt)
}

func decimalValuer(g *gather, width int) func(i int) (parquet.Value, error) {
	return func(i int) (parquet.Value, error) {
		v := g.entry(i)
		sign := byte(0)
		if v[15]&0x80 != 0 {
			sign = 0xff
		}
		out := make([]byte, width)
		for k, b := range v {
			if k < width {
				out[width-1-k] = b
			} else if b != sign {
				return parquet.Value{}, errDecimal
			}
		}
		if (out[0]^sign)&0x80 != 0 {
			return parquet.Value{}, errDecimal
		}
		return parquet.FixedLenByteArrayValue(out), nil
	}
}

// parallel runs f(0) … f(n-1) on as many goroutines as asked for and returns
// the error of the lowest i that failed.
func parallel(n, workers int, f func(i int) error) error {
	if workers = min(workers, n); workers <= 1 {
		for i := range n {
			if err := f(i); err != nil {
				return err
			}
		}
		return nil
	}
	errs := make([]error, n)
	var next sync.Mutex
	at := 0
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				next.Lock()
				i := at
				at++
				next.Unlock()
				if i >= n {
					return
				}
				errs[i] = f(i)
			}
		}()
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
