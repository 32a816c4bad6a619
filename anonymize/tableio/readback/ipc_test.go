package readback

import (
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// intervals are the types that Arrow files hold and Parquet does not.
func intervals() []arrow.DataType {
	return []arrow.DataType{arrow.FixedWidthTypes.MonthInterval,
		arrow.FixedWidthTypes.DayTimeInterval, arrow.FixedWidthTypes.MonthDayNanoInterval}
}

// keptType is the type of a column in an Arrow file that tableio wrote: its own,
// and int32 for the indexes of a dictionary.
func keptType(dt arrow.DataType) arrow.DataType {
	if d, ok := dt.(*arrow.DictionaryType); ok {
		return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: d.ValueType}
	}
	return dt
}

// TestWrittenArrow: files and streams of Arrow keep every type.
func TestWrittenArrow(t *testing.T) {
	types := append(flatTypes(), dictionaries(flatTypes())...)
	for name, read := range map[string]func(in *os.File) (*arrow.Schema, []arrow.RecordBatch, error){
		"t.arrow": readFile, "t.arrows": readStream,
	} {
		for _, s := range shapes {
			rec := table(t, append(types, intervals()...), s)
			defer rec.Release()
			in, err := os.Open(writtenAs(t, name, rec))
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			schema, records, err := read(in)
			if err != nil {
				t.Fatal(err)
			}
			what := fmt.Sprintf("%s of %d rows with %v nulls", name, s.rows, s.nulls)
			same(t, what, cellsOf(schema, records...), cellsOf(rec.Schema(), rec), keptType)
			for _, r := range records {
				r.Release()
			}
		}
	}
}

func readFile(in *os.File) (*arrow.Schema, []arrow.RecordBatch, error) {
	r, err := ipc.NewFileReader(in)
	if err != nil {
		return nil, nil, err
	}
	var records []arrow.RecordBatch
	for i := range r.NumRecords() {
		rec, err := r.RecordBatchAt(i)
		if err != nil {
			return nil, nil, err
		}
		records = append(records, rec)
	}
	return r.Schema(), records, r.Close()
}

func readStream(in *os.File) (*arrow.Schema, []arrow.RecordBatch, error) {
	r, err := ipc.NewReader(in)
	if err != nil {
		return nil, nil, err
	}
	defer r.Release()
	var records []arrow.RecordBatch
	for r.Next() {
		r.RecordBatch().Retain()
		records = append(records, r.RecordBatch())
	}
	if err := r.Err(); err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	return r.Schema(), records, nil
}
