package pqfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	encodings "github.com/parquet-go/parquet-go/encoding"
)

// columnCase is a column of one physical type with the values written to it.
type columnCase struct {
	name  string
	node  parquet.Node
	value func(i int) parquet.Value
	// text is what the value of row i decodes to.
	text func(i int) []byte
	enc  []encodings.Encoding
}

func little(v any) []byte {
	b, _ := binary.Append(nil, binary.LittleEndian, v)
	return b
}

// spread64 is values near each other, far from each other, and both extremes.
func spread64(i int) int64 {
	switch {
	case i%97 == 0:
		return -1 << 63
	case i%89 == 0:
		return 1<<63 - 1
	}
	return int64(i%50)*1_000_003 - 999
}

func someText(i int) string {
	return strings.Repeat("prefix ", i%5) + fmt.Sprint(i%211)
}

func columnCases() []columnCase {
	fixed := func(i int) []byte { return []byte(fmt.Sprintf("%07d", i%300)) }
	return []columnCase{
		{
			"boolean", parquet.Leaf(parquet.BooleanType),
			func(i int) parquet.Value { return parquet.BooleanValue(i%3 == 0) },
			func(i int) []byte {
				if i%3 == 0 {
					return []byte{1}
				}
				return []byte{0}
			},
			[]encodings.Encoding{&parquet.Plain, &parquet.RLE},
		},
		{
			"int32", parquet.Leaf(parquet.Int32Type),
			func(i int) parquet.Value { return parquet.Int32Value(int32(spread64(i))) },
			func(i int) []byte { return little(int32(spread64(i))) },
			[]encodings.Encoding{&parquet.Plain, &parquet.RLEDictionary, &parquet.PlainDictionary,
				&parquet.DeltaBinaryPacked, &parquet.ByteStreamSplit},
		},
		{
			"int64", parquet.Leaf(parquet.Int64Type),
			func(i int) parquet.Value { return parquet.Int64Value(spread64(i)) },
			func(i int) []byte { return little(spread64(i)) },
			[]encodings.Encoding{&parquet.Plain, &parquet.RLEDictionary,
				&parquet.DeltaBinaryPacked, &parquet.ByteStreamSplit},
		},
		{
			"float", parquet.Leaf(parquet.FloatType),
			func(i int) parquet.Value { return parquet.FloatValue(float32(i) / 7) },
			func(i int) []byte { return little(float32(i) / 7) },
			[]encodings.Encoding{&parquet.Plain, &parquet.RLEDictionary, &parquet.ByteStreamSplit},
		},
		{
			"double", parquet.Leaf(parquet.DoubleType),
			func(i int) parquet.Value { return parquet.DoubleValue(float64(i) / 7) },
			func(i int) []byte { return little(float64(i) / 7) },
			[]encodings.Encoding{&parquet.Plain, &parquet.RLEDictionary, &parquet.ByteStreamSplit},
		},
		{
			"bytes", parquet.Leaf(parquet.ByteArrayType),
			func(i int) parquet.Value { return parquet.ByteArrayValue([]byte(someText(i))) },
			func(i int) []byte { return []byte(someText(i)) },
			[]encodings.Encoding{&parquet.Plain, &parquet.RLEDictionary,
				&parquet.DeltaLengthByteArray, &parquet.DeltaByteArray},
		},
		{
			"fixed", parquet.Leaf(parquet.FixedLenByteArrayType(7)),
			func(i int) parquet.Value { return parquet.FixedLenByteArrayValue(fixed(i)) },
			fixed,
			[]encodings.Encoding{&parquet.Plain, &parquet.RLEDictionary,
				&parquet.DeltaByteArray, &parquet.ByteStreamSplit},
		},
	}
}

// null says which rows of an optional column are: some alone, some in runs, a
// whole page of them.
func null(i int) bool { return i%5 == 1 || i/100%4 == 2 || i > 2000 && i < 2600 }

// writeCase writes rows of c in two row groups with small pages.
func writeCase(
	t testing.TB, c columnCase, enc encodings.Encoding, optional bool, rows int,
	opts ...parquet.WriterOption,
) []byte {
	t.Helper()
	node := parquet.Encoded(c.node, enc)
	if optional {
		node = parquet.Optional(node)
	}
	var out bytes.Buffer
	schema := parquet.NewSchema("t", parquet.Group{"c": node})
	opts = append([]parquet.WriterOption{schema, parquet.PageBufferSize(1500),
		parquet.KeyValueMetadata("note", "x"), parquet.KeyValueMetadata("other", "y")}, opts...)
	w := parquet.NewWriter(&out, opts...)
	for i := range rows {
		v := c.value(i).Level(0, 0, 0)
		if optional {
			if v = v.Level(0, 1, 0); null(i) {
				v = parquet.NullValue().Level(0, 0, 0)
			}
		}
		if _, err := w.ColumnWriters()[0].WriteRowValues([]parquet.Value{v}); err != nil {
			t.Fatal(err)
		}
		if i == rows/2 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// decodeAll reads column 0 of a file; nil stands for null. Rows are asked for
// step at a time.
func decodeAll(b []byte, step int) (rows [][]byte, err error) {
	f, err := Open(bytes.NewReader(b), int64(len(b)), "note")
	if err != nil {
		return nil, err
	}
	for g := range f.RowGroups {
		part, err := decodeGroup(f, g, step)
		if err != nil {
			return nil, err
		}
		rows = append(rows, part...)
	}
	return rows, nil
}

func decodeGroup(f *File, group, step int) (rows [][]byte, err error) {
	c, err := f.Chunk(group, 0, nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	width := f.Fields[0].ValueBytes()
	for {
		n, values, err := c.Next(step)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return rows, nil
		}
		var parts [][]byte
		if width == 0 {
			var s Strings
			s.Reset()
			if err := c.Bytes(&s, values); err != nil {
				return nil, err
			}
			for i := range s.Len() {
				parts = append(parts, s.at(i))
			}
		} else {
			buf := make([]byte, values*width)
			if err := c.Fixed(buf); err != nil {
				return nil, err
			}
			for i := range values {
				parts = append(parts, buf[i*width:(i+1)*width])
			}
		}
		valid := c.Valid()
		if (valid == nil) != (n == values) {
			return nil, fmt.Errorf("a bitmap for %d nulls", n-values)
		}
		for i := range n {
			if valid != nil && valid[i] == 0 {
				rows = append(rows, nil)
				continue
			}
			rows = append(rows, append([]byte{}, parts[0]...))
			parts = parts[1:]
		}
	}
}

func TestDecodesWhatParquetGoWrites(t *testing.T) {
	const rows = 5000
	check := func(t *testing.T, c columnCase, b []byte, optional bool) {
		t.Helper()
		for _, step := range []int{1 << 16, 37} {
			got, err := decodeAll(b, step)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != rows {
				t.Fatalf("%d rows, want %d", len(got), rows)
			}
			for i, g := range got {
				want := c.text(i)
				if optional && null(i) {
					want = nil
				}
				if (g == nil) != (want == nil) || !bytes.Equal(g, want) {
					t.Fatalf("row %d: got %x, want %x", i, g, want)
				}
			}
		}
	}
	for _, c := range columnCases() {
		for _, enc := range c.enc {
			for _, version := range []int{1, 2} {
				for _, optional := range []bool{false, true} {
					name := fmt.Sprintf("%s %s v%d optional %v", c.name, enc, version, optional)
					t.Run(name, func(t *testing.T) {
						check(t, c, writeCase(t, c, enc, optional, rows,
							parquet.DataPageVersion(version)), optional)
					})
				}
			}
		}
	}
	for _, codec := range []compress.Codec{
		&parquet.Uncompressed, &parquet.Snappy, &parquet.Gzip, &parquet.Brotli, &parquet.Zstd,
		&parquet.Lz4Raw,
	} {
		for _, c := range columnCases() {
			for _, version := range []int{1, 2} {
				t.Run(fmt.Sprintf("%s %s v%d", codec, c.name, version), func(t *testing.T) {
					check(t, c, writeCase(t, c, c.enc[len(c.enc)-1], true, rows,
						parquet.DataPageVersion(version), parquet.Compression(codec)), true)
				})
			}
		}
	}
	t.Run("dictionary given up in the middle", func(t *testing.T) {
		c := columnCases()[5]
		b := writeCase(t, c, &parquet.RLEDictionary, true, rows, parquet.DictionaryMaxBytes(400))
		check(t, c, b, true)
		f, err := Open(bytes.NewReader(b), int64(len(b)), "note")
		if err != nil {
			t.Fatal(err)
		}
		if ok, _, err := f.Dictionary(0, 0); ok || err != nil {
			t.Errorf("Dictionary says %v, %v of a column that gave up", ok, err)
		}
		if f.Note != "x" {
			t.Errorf("the note is %q, want x", f.Note)
		}
	})
}

// TestSurvivesDamage cuts files and flips bytes. Reading may fail or not, but
// it must neither panic nor hang, and a cut file must fail.
func TestSurvivesDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range columnCases() {
		for _, enc := range c.enc {
			for _, codec := range []compress.Codec{&parquet.Uncompressed, &parquet.Zstd, &parquet.Lz4Raw} {
				b := writeCase(t, c, enc, true, 700, parquet.Compression(codec))
				for range 60 {
					cut := rng.IntN(len(b))
					if _, err := decodeAll(b[:cut], 100); err == nil {
						t.Errorf("%s %s: no error for %d of %d bytes", c.name, enc, cut, len(b))
					}
				}
				for range 150 {
					bad := bytes.Clone(b)
					for range 1 + rng.IntN(3) {
						bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
					}
					_, _ = decodeAll(bad, 100)
				}
			}
		}
	}
}

// TestFootersThatLie opens files whose ends claim what is not there.
func TestFootersThatLie(t *testing.T) {
	c := columnCases()[2]
	good := writeCase(t, c, &parquet.Plain, true, 100)
	tail := func(n uint32, magic string) []byte {
		return append(binary.LittleEndian.AppendUint32(bytes.Clone(good[:len(good)-8]), n), magic...)
	}
	for _, k := range []struct {
		what string
		file []byte
		want string
	}{
		{"nothing", nil, "too short"},
		{"four bytes", []byte("PAR1"), "too short"},
		{"another format", []byte("PK\x03\x04 and much more"), "does not begin with PAR1"},
		{"no end", good[:len(good)-1], "does not end with PAR1"},
		{"encrypted", tail(10, "PARE"), "encrypted"},
		{"a footer beyond the file", tail(1<<31, "PAR1"), "longer than the file"},
		{"a footer of zeros", append(append([]byte("PAR1"), make([]byte, 20)...),
			"\x10\x00\x00\x00PAR1"...), "no schema"},
		{"a list of a billion", append([]byte("PAR1\x29\xfc\x80\x94\xeb\xdc\x03"), "\x07\x00\x00\x00PAR1"...),
			"ends too early"},
	} {
		_, err := Open(bytes.NewReader(k.file), int64(len(k.file)), "")
		if err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s: got %v, want an error with %q", k.what, err, k.want)
		}
	}
}

func TestStructuresWithoutEnd(t *testing.T) {
	deep := bytes.Repeat([]byte{0x1c}, 1<<20) // a struct in a struct in a struct
	c := &compact{b: deep}
	c.fields(func(_ int16, wire byte) { c.skip(wire) })
	if c.err == nil {
		t.Error("no error for a million nested structs")
	}
	lists := bytes.Repeat([]byte{0x19}, 1<<20)
	c = &compact{b: lists}
	c.skip(wireList)
	if c.err == nil {
		t.Error("no error for a million nested lists")
	}
}

// TestPagesThatLie makes bombs: little that claims to be much.
func TestPagesThatLie(t *testing.T) {
	inf := new(inflater)
	defer inf.close()
	for _, codec := range []compress.Codec{
		&parquet.Snappy, &parquet.Gzip, &parquet.Brotli, &parquet.Zstd, &parquet.Lz4Raw,
	} {
		packed, err := codec.Encode(nil, make([]byte, 10<<20))
		if err != nil {
			t.Fatal(err)
		}
		id := codecOf(codec)
		for _, size := range []int{0, 1, 1000, 10<<20 - 1, 10<<20 + 1} {
			out, err := inf.inflate(id, nil, packed, size)
			if err == nil && size != 0 {
				t.Errorf("%s: no error where the size is %d", codec, size)
			}
			if cap(out) > 2*size+1<<16 {
				t.Errorf("%s: %d bytes allocated for a page of %d", codec, cap(out), size)
			}
		}
		if out, err := inf.inflate(id, nil, packed, 10<<20); err != nil || len(out) != 10<<20 {
			t.Errorf("%s: %v", codec, err)
		}
	}
}

func codecOf(c compress.Codec) codec { return codec(c.CompressionCodec()) }

// TestHybridByHand is the example of the format's specification: the numbers
// 0 to 7 in three bits, and a run of ten fours.
func TestHybridByHand(t *testing.T) {
	h, err := newHybrid([]byte{3, 0x88, 0xc6, 0xfa, 20, 4}, 3)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]int32, 18)
	if err := decode(&h, got); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if want := int32(min(i, 8)); i < 8 && v != want || i >= 8 && v != 4 {
			t.Errorf("value %d is %d", i, v)
		}
	}
	if err := decode(&h, got[:1]); err == nil {
		t.Error("no error beyond the end")
	}
	if _, err := newHybrid(nil, 33); err == nil {
		t.Error("no error for 33 bits")
	}
}

// TestDeltaByHand is the second example of the specification: 7 5 3 1 2 3 4 5
// with a first value of 7, minimum delta −2 and two bits a delta.
func TestDeltaByHand(t *testing.T) {
	b := []byte{128, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0xc0, 0x3f, 0, 0, 0, 0, 0, 0}
	d, err := newDelta(b)
	if err != nil {
		t.Fatal(err)
	}
	if rest, err := d.rest(); err != nil || len(rest) != 0 {
		t.Errorf("%d bytes behind the values, %v; want none", len(rest), err)
	}
	got := make([]int64, 8)
	if err := d.next(got); err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(got); s != "[7 5 3 1 2 3 4 5]" {
		t.Error(s)
	}
	if err := d.next(got[:1]); err == nil {
		t.Error("no error beyond the end")
	}
}

func FuzzOpen(f *testing.F) {
	for i, c := range columnCases() {
		f.Add(writeCase(f, c, c.enc[i%len(c.enc)], i%2 == 0, 60))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(bytes.NewReader(b), int64(len(b)), "note")
		if err != nil || file.Rows > 1<<20 {
			return
		}
		for i := range file.Fields {
			for g := range file.RowGroups {
				_, _, _ = file.Dictionary(g, i)
			}
		}
		if len(file.Fields) > 0 && !file.Fields[0].Nested {
			_, _ = decodeAll(b, 1000)
		}
	})
}

func FuzzHybrid(f *testing.F) {
	f.Add([]byte{3, 0x88, 0xc6, 0xfa, 20, 4}, uint8(3), uint16(18))
	f.Fuzz(func(t *testing.T, b []byte, width uint8, n uint16) {
		h, err := newHybrid(b, uint(width))
		if err == nil {
			_ = decode(&h, make([]int32, n))
		}
		if d, err := newDelta(b); err == nil {
			_, _ = d.rest()
			_ = d.next(make([]int64, n))
		}
		if d, err := newDeltaPrefix(b); err == nil {
			var s Strings
			s.Reset()
			_ = d.bytes(&s, int(n))
		}
	})
}
