package pqfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Values are the rows of one column of a row group. A row that is null takes a
// place too, whose content is written nowhere.
type Values struct {
	Valid []byte // a 1 for each row that is not null, a 0 for the others
	Nulls int    // how many are null
	// Fixed holds the values of a column of fixed width as Chunk.Fixed decodes
	// them, Strings those of a ByteArray column.
	Fixed   []byte
	Strings Strings
	// Codes, where not nil, are the rows as indexes of entries in Fixed or
	// Strings, and are written as such. Each entry should occur and be another
	// than the rest. Booleans have none.
	Codes []int32
}

// Writer writes a table as a Parquet file with pages of version 1, compressed
// with zstd, which every reader knows. The bytes depend on the values and the
// row groups alone.
//
// Each row group is written by one call of Encode for each column, which may
// be concurrent, and one of EndGroup. What a group costs in memory is its pages
// as they are in the file. After an error only a new Writer helps.
type Writer struct {
	out     io.Writer
	pos     int64
	fields  []Field
	columns []*chunkWriter
	groups  []format.RowGroup
	rows    int64
	note    format.KeyValue
	// For each row group and column, encoded: what skips pages.
	indexes []pageIndex
}

type pageIndex struct{ bounds, offsets []byte }

// NewWriter returns the writer of a table whose columns are fields, of which
// none is nested, with one entry of metadata. workers is how many goroutines
// call Encode at a time.
func NewWriter(out io.Writer, fields []Field, key, note string, workers int) (*Writer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(max(workers, 1)), zstd.WithEncoderCRC(false),
		zstd.WithZeroFrames(true))
	if err != nil {
		return nil, err
	}
	w := &Writer{out: out, fields: fields, note: format.KeyValue{Key: key, Value: note}}
	for i := range fields {
		w.columns = append(w.columns, newChunkWriter(&fields[i], enc))
	}
	return w, nil
}

// Encode takes the rows of one column of the row group that EndGroup will end.
// Nothing of v is kept.
func (w *Writer) Encode(column int, v *Values) error { return w.columns[column].encode(v) }

// EndGroup writes the row group.
func (w *Writer) EndGroup() error {
	if err := w.begin(); err != nil {
		return err
	}
	group := format.RowGroup{
		NumRows: int64(w.columns[0].rows), FileOffset: w.pos, Ordinal: int16(len(w.groups)),
	}
	for _, c := range w.columns {
		if int64(c.rows) != group.NumRows {
			return fmt.Errorf("columns of %d and %d rows in a row group", group.NumRows, c.rows)
		}
		chunk, index, err := c.chunk(w.pos)
		if err != nil {
			return err
		}
		if err := w.write(c.pages); err != nil {
			return err
		}
		group.TotalByteSize += chunk.MetaData.TotalUncompressedSize
		group.TotalCompressedSize += chunk.MetaData.TotalCompressedSize
		group.Columns = append(group.Columns, chunk)
		w.indexes = append(w.indexes, index)
	}
	w.rows += group.NumRows
	w.groups = append(w.groups, group)
	return nil
}

// Close writes the page index and the footer. It does not close the file.
func (w *Writer) Close() error {
	if err := w.begin(); err != nil {
		return err
	}
	if err := w.writeIndexes(); err != nil {
		return err
	}
	meta := &format.FileMetaData{
		Version: 2, Schema: schemaOf(w.fields), NumRows: w.rows, RowGroups: w.groups,
		KeyValueMetadata: []format.KeyValue{w.note},
		CreatedBy:        "lethe version 1.0.0 (build 0)",
	}
	for range w.fields {
		meta.ColumnOrders = append(meta.ColumnOrders,
			format.ColumnOrder{Value: new(format.TypeDefinedOrder)})
	}
	footer, err := marshal(meta)
	if err != nil {
		return err
	}
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	return w.write(append(footer, magic...))
}

// writeIndexes writes the bounds of all pages, then where they are.
func (w *Writer) writeIndexes() error {
	columns := len(w.fields)
	for i := range w.indexes {
		b := w.indexes[i].bounds
		if len(b) == 0 {
			continue
		}
		chunk := &w.groups[i/columns].Columns[i%columns]
		chunk.ColumnIndexOffset, chunk.ColumnIndexLength = w.pos, int32(len(b))
		if err := w.write(b); err != nil {
			return err
		}
	}
	for i := range w.indexes {
		b := w.indexes[i].offsets
		chunk := &w.groups[i/columns].Columns[i%columns]
		chunk.OffsetIndexOffset, chunk.OffsetIndexLength = w.pos, int32(len(b))
		if err := w.write(b); err != nil {
			return err
		}
	}
	return nil
}

// begin writes what stands before everything else.
func (w *Writer) begin() error {
	if w.pos > 0 {
		return nil
	}
	return w.write([]byte(magic))
}

func (w *Writer) write(b []byte) error {
	n, err := w.out.Write(b)
	w.pos += int64(n)
	return err
}

// marshal encodes a structure of the format.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	var p thrift.CompactProtocol
	if err := thrift.NewEncoder(p.NewWriter(&b)).Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
