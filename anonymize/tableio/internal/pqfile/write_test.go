package pqfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"pgregory.net/rapid"
)

// column is rows to be written; nil is null.
type column struct {
	field Field
	rows  [][]byte
}

// values lays the rows out; behind a null is what must not be written.
func (c *column) values(coded bool) *Values {
	v := &Values{}
	v.Strings.Reset()
	width := c.field.ValueBytes()
	at := map[string]int32{}
	put := func(b []byte) {
		if width > 0 {
			v.Fixed = append(v.Fixed, b...)
		} else {
			v.Strings.append(b)
		}
	}
	for _, b := range c.rows {
		ok := byte(1)
		if b == nil {
			ok, b = 0, bytes.Repeat([]byte("!"), width)
			if width == 0 {
				b = []byte("hidden")
			}
			v.Nulls++
		}
		v.Valid = append(v.Valid, ok)
		if !coded {
			put(b)
			continue
		}
		code, known := at[string(b)]
		if ok == 1 && !known {
			code = int32(len(at))
			at[string(b)] = code
			put(b)
		}
		v.Codes = append(v.Codes, code)
	}
	if coded && v.Codes == nil {
		v.Codes = []int32{}
	}
	return v
}

// writeGroups writes a table of one column, some rows a row group.
func writeGroups(t testing.TB, c *column, group int, coded bool) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, []Field{c.field}, "note", "x", 1)
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(c.rows, group) {
		if err := w.Encode(0, (&column{c.field, part}).values(coded)); err != nil {
			t.Fatal(err)
		}
		if err := w.EndGroup(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func openLibrary(t testing.TB, b []byte) *parquet.File {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// libraryRows reads a file of one column with parquet-go.
func libraryRows(t testing.TB, f *parquet.File) (rows [][]byte) {
	t.Helper()
	for _, g := range f.RowGroups() {
		pages := g.ColumnChunks()[0].Pages()
		defer pages.Close()
		for {
			page, err := pages.ReadPage()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			values := make([]parquet.Value, page.NumValues())
			if n, err := page.Values().ReadValues(values); n != len(values) {
				t.Fatalf("%d values of %d: %v", n, len(values), err)
			}
			for _, v := range values {
				if v.IsNull() {
					rows = append(rows, nil)
					continue
				}
				rows = append(rows, append([]byte{}, v.AppendBytes(nil)...))
			}
		}
	}
	return rows
}

// TestWriterByHand looks at every number of a table of four rows.
func TestWriterByHand(t *testing.T) {
	c := &column{Field{Name: "n", Optional: true, Physical: Int32}, [][]byte{
		little(int32(7)), nil, little(int32(-3)), little(int32(7))}}
	b := writeGroups(t, c, 3, false)
	f := openLibrary(t, b)
	meta := f.Metadata()
	if meta.NumRows != 4 || len(meta.RowGroups) != 2 || meta.KeyValueMetadata[0].Value != "x" {
		t.Errorf("%d rows, %d row groups, %v", meta.NumRows, len(meta.RowGroups),
			meta.KeyValueMetadata)
	}
	type numbers struct {
		Rows, Values, Nulls int64
		Least, Most         []byte
	}
	var got []numbers
	for _, g := range meta.RowGroups {
		m := g.Columns[0].MetaData
		got = append(got, numbers{g.NumRows, m.NumValues, m.Statistics.NullCount,
			m.Statistics.MinValue, m.Statistics.MaxValue})
	}
	want := []numbers{{3, 3, 1, little(int32(-3)), little(int32(7))},
		{1, 1, 0, little(int32(7)), little(int32(7))}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if string(b[:4]) != magic || string(b[len(b)-4:]) != magic {
		t.Error("the magic bytes are not at both ends")
	}
	if d := cmp.Diff(c.rows, libraryRows(t, f)); d != "" {
		t.Error(d)
	}
	if f.ColumnIndexes()[0].NullCounts[0] != 1 || f.OffsetIndexes()[0].PageLocations[0].Offset != 4 {
		t.Error("the page index is wrong")
	}
}

// TestWriterRoundTrip writes every physical type, reads it back with this
// package and with parquet-go, and compares the bounds of pages and row groups
// with those found one value after the other.
func TestWriterRoundTrip(t *testing.T) {
	const rows, group = pageRows + 3000, pageRows + 2000 // the first has two pages
	for _, c := range writtenCases() {
		for _, coded := range []bool{false, true} {
			for _, optional := range []bool{false, true} {
				if coded && (c.field.Physical == Boolean || !optional || testing.Short()) {
					continue
				}
				name := fmt.Sprintf("%s/coded=%v/optional=%v", c.name, coded, optional)
				t.Run(name, func(t *testing.T) {
					field := c.field
					field.Name, field.Optional = "c", optional
					col := &column{field: field}
					for i := range rows {
						if optional && (i%7 == 3 || i >= pageRows && i < group) {
							col.rows = append(col.rows, nil)
						} else {
							col.rows = append(col.rows, c.value(i))
						}
					}
					b := writeGroups(t, col, group, coded)
					ours, err := decodeAll(b, 5000)
					if err != nil {
						t.Fatal(err)
					}
					f := openLibrary(t, b)
					for what, got := range map[string][][]byte{"ours": ours, "library": libraryRows(t, f)} {
						if !slices.EqualFunc(got, col.rows, same) {
							t.Errorf("%s: other values", what)
						}
					}
					checkBounds(t, f, col, group)
					if got := dataEncodings(f); !slices.Contains(got, c.encoding) && !coded {
						t.Errorf("encodings %v, want %v", got, c.encoding)
					}
				})
			}
		}
	}
}

func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

func dataEncodings(f *parquet.File) (of []format.Encoding) {
	for _, s := range f.Metadata().RowGroups[0].Columns[0].MetaData.EncodingStats {
		if s.PageType == format.DataPage {
			of = append(of, s.Encoding)
		}
	}
	return of
}

// writtenCase is a column of values and the encoding that is best for it.
type writtenCase struct {
	name     string
	field    Field
	value    func(i int) []byte
	encoding format.Encoding
}

func writtenCases() []writtenCase {
	hash := func(i int) uint64 { return uint64(i+1) * 0x9E3779B97F4A7C15 }
	decimal := Logical{Kind: Decimal, Precision: 20, Scale: 2}
	unsigned64 := Logical{Kind: Integer, Bits: 64}
	fixed := func(width int, logical Logical) Field {
		return Field{Physical: FixedBytes, Width: width, Logical: logical}
	}
	wide := func(i int) []byte { return binary.BigEndian.AppendUint64([]byte("x"), hash(i)) }
	return []writtenCase{
		{"boolean", Field{Physical: Boolean}, func(i int) []byte { return []byte{byte(hash(i) >> 63)} },
			format.Plain},
		{"int32/few", Field{Physical: Int32}, func(i int) []byte { return little(int32(i%90 - 40)) },
			format.RLEDictionary},
		{"int32/range", Field{Physical: Int32}, func(i int) []byte { return little(int32(hash(i) >> 44)) },
			format.DeltaBinaryPacked},
		{"int32/any", Field{Physical: Int32}, func(i int) []byte { return little(int32(hash(i))) },
			format.Plain},
		{"int64/sorted", Field{Physical: Int64}, func(i int) []byte { return little(int64(i)*1e6 - 9e9) },
			format.DeltaBinaryPacked},
		{"int64/any", Field{Physical: Int64}, func(i int) []byte { return little(hash(i)) }, format.Plain},
		{"uint64", Field{Physical: Int64, Logical: unsigned64},
			func(i int) []byte { return little(hash(i)) }, format.Plain},
		{"uint64/range", Field{Physical: Int64, Logical: unsigned64},
			func(i int) []byte { return little(1<<63 + hash(i)>>40) }, format.DeltaBinaryPacked},
		{"float", Field{Physical: Float}, func(i int) []byte { return little(float32(i) - 777.5) },
			format.Plain},
		{"double/zeros", Field{Physical: Double}, func(i int) []byte {
			return little([]float64{0, math.Copysign(0, -1), math.NaN()}[i%3])
		}, format.RLEDictionary},
		{"double", Field{Physical: Double}, func(i int) []byte {
			if i%1000 == 5 {
				return little(math.Inf(1 - i/1000%2*2))
			}
			return little(math.Float64frombits(hash(i)))
		}, format.Plain},
		{"text/few", Field{Physical: ByteArray, Logical: Logical{Kind: String}},
			func(i int) []byte { return []byte(someText(i)) }, format.RLEDictionary},
		{"text/distinct", Field{Physical: ByteArray, Logical: Logical{Kind: String}},
			func(i int) []byte { return fmt.Appendf(nil, "%x", hash(i)>>(i%60)) },
			format.DeltaLengthByteArray},
		{"bytes/long", Field{Physical: ByteArray},
			func(i int) []byte { return bytes.Repeat(binary.BigEndian.AppendUint64(nil, hash(i)), 1+i%40) },
			format.DeltaLengthByteArray},
		{"fixed", fixed(9, Logical{}), wide, format.Plain},
		{"fixed/few", fixed(3, Logical{}), func(i int) []byte { return fmt.Appendf(nil, "%03d", i%300) },
			format.RLEDictionary},
		{"decimal", fixed(9, decimal), func(i int) []byte {
			return binary.BigEndian.AppendUint64([]byte{byte(int8(i%2) - 1)}, hash(i))
		}, format.Plain},
		{"half", fixed(2, Logical{Kind: Float16}),
			func(i int) []byte { return little(uint16(hash(i) >> 48)) }, format.Plain},
	}
}

// compare orders two values as the format does; false where one is none.
func compare(f *Field, a, b []byte) (int, bool) {
	number := func(v []byte) float64 {
		switch {
		case f.Physical == Float:
			return float64(math.Float32frombits(binary.LittleEndian.Uint32(v)))
		case f.Physical == Double:
			return math.Float64frombits(binary.LittleEndian.Uint64(v))
		}
		bits := binary.LittleEndian.Uint16(v)
		fraction := float64(bits & 0x3ff)
		x := math.Ldexp(fraction+1024, int(bits>>10&31)-25)
		switch bits >> 10 & 31 {
		case 0:
			x = math.Ldexp(fraction, -24)
		case 31:
			if x = math.Inf(1); fraction > 0 {
				x = math.NaN()
			}
		}
		return math.Copysign(x, -float64(bits>>15)+0.5)
	}
	order := func(less, more bool) int {
		switch {
		case less:
			return -1
		case more:
			return 1
		}
		return 0
	}
	switch {
	case f.Physical == Float || f.Physical == Double || f.Logical.Kind == Float16:
		x, y := number(a), number(b)
		return order(x < y, x > y), !math.IsNaN(x) && !math.IsNaN(y)
	case f.Physical == Int32:
		x, y := int32(binary.LittleEndian.Uint32(a)), int32(binary.LittleEndian.Uint32(b))
		return order(x < y, x > y), true
	case f.Physical == Int64 && f.Logical.Kind != Integer:
		x, y := int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b))
		return order(x < y, x > y), true
	case f.Physical == Int64:
		x, y := binary.LittleEndian.Uint64(a), binary.LittleEndian.Uint64(b)
		return order(x < y, x > y), true
	case f.Logical.Kind == Decimal && a[0]>>7 != b[0]>>7:
		return order(a[0]>>7 == 1, b[0]>>7 == 1), true
	}
	return bytes.Compare(a, b), true
}

// checkBounds compares what is written of pages and row groups with the rows.
func checkBounds(t *testing.T, f *parquet.File, c *column, group int) {
	t.Helper()
	check := func(what string, rows [][]byte, least, most []byte, nulls int64) {
		var low, high []byte
		found := int64(0)
		for _, v := range rows {
			if v == nil {
				found++
				continue
			}
			if _, number := compare(&c.field, v, v); !number {
				continue
			}
			if low == nil {
				low, high = v, v
			}
			if n, _ := compare(&c.field, v, low); n < 0 {
				low = v
			}
			if n, _ := compare(&c.field, v, high); n > 0 {
				high = v
			}
		}
		if found != nulls {
			t.Errorf("%s: %d nulls, want %d", what, nulls, found)
		}
		if low == nil || max(len(low), len(high)) > maxBound {
			if len(least)+len(most) > 0 {
				t.Errorf("%s: bounds of nothing, or of what is too long", what)
			}
			return
		}
		if least == nil || most == nil {
			t.Errorf("%s: no bounds", what)
			return
		}
		n, _ := compare(&c.field, low, least)
		m, _ := compare(&c.field, high, most)
		if n != 0 || m != 0 {
			t.Errorf("%s: bounds %x and %x, want %x and %x", what, least, most, low, high)
		}
	}
	rows, page := c.rows, 0
	for g, meta := range f.Metadata().RowGroups {
		part := rows[:min(group, len(rows))]
		rows = rows[len(part):]
		s := meta.Columns[0].MetaData.Statistics
		check("row group", part, s.MinValue, s.MaxValue, s.NullCount)
		offsets, index := f.OffsetIndexes()[g].PageLocations, f.ColumnIndexes()[g]
		for i, location := range offsets {
			to := len(part)
			if i+1 < len(offsets) {
				to = int(offsets[i+1].FirstRowIndex)
			}
			inPage := part[location.FirstRowIndex:to]
			if len(index.NullPages) == 0 {
				continue
			}
			check(fmt.Sprintf("page %d", page), inPage, index.MinValues[i], index.MaxValues[i],
				index.NullCounts[i])
			page++
		}
	}
}

// TestZerosInBounds: where one zero is the least or the greatest, the other may
// be there too, and bounds must not shut it out.
func TestZerosInBounds(t *testing.T) {
	for _, f := range []Field{{Physical: Float}, {Physical: Double},
		{Physical: FixedBytes, Width: 2, Logical: Logical{Kind: Float16}}} {
		b := newBounds(&f)
		zero := make([]byte, b.width)
		negative := slices.Clone(zero)
		negative[b.width-1] = 0x80
		b.add(zero)
		least, most, ok := b.take()
		if !ok || !bytes.Equal(least, negative) || !bytes.Equal(most, zero) {
			t.Errorf("%d bytes: %x to %x", b.width, least, most)
		}
	}
}

// TestKeysOfNumbers: keys are ordered as numbers are, and lead back to them.
func TestKeysOfNumbers(t *testing.T) {
	fields := []Field{{Physical: Double}, {Physical: Float}, {Physical: Int64}, {Physical: Int32},
		{Physical: Int64, Logical: Logical{Kind: Integer, Bits: 64}},
		{Physical: FixedBytes, Width: 2, Logical: Logical{Kind: Float16}}}
	rapid.Check(t, func(t *rapid.T) {
		f := &fields[rapid.IntRange(0, len(fields)-1).Draw(t, "field")]
		b := newBounds(f)
		x := rapid.Uint64().Draw(t, "x") & (b.sign()<<1 - 1)
		y := rapid.Uint64().Draw(t, "y") & (b.sign()<<1 - 1)
		if got := b.value(b.key(x)); got != x {
			t.Fatalf("%x comes back as %x", x, got)
		}
		want, numbers := compare(f, b.bytes(x), b.bytes(y))
		if !numbers || want == 0 { // both zeros are one number
			return
		}
		if (b.key(x) < b.key(y)) != (want < 0) {
			t.Fatalf("%x and %x are ordered otherwise than their keys", x, y)
		}
	})
}

// TestUnevenGroup: columns of a row group have the same rows.
func TestUnevenGroup(t *testing.T) {
	w, err := NewWriter(io.Discard, []Field{{Name: "a", Physical: Boolean},
		{Name: "b", Physical: Boolean}}, "", "", 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, rows := range []int{1, 2} {
		v := &Values{Valid: bytes.Repeat([]byte{1}, rows), Fixed: make([]byte, rows)}
		if err := w.Encode(i, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.EndGroup(); err == nil {
		t.Error("columns of 1 and 2 rows were written")
	}
}
