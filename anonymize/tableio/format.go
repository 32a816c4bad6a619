package tableio

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
)

// Format is how a table is kept in a file. The empty format is found by the
// extension of the file's name.
type Format string

// The formats.
const (
	Parquet     Format = "parquet"
	Arrow       Format = "arrow"  // the Arrow IPC file format, also known as Feather 2
	ArrowStream Format = "arrows" // the Arrow IPC stream format
	CSV         Format = "csv"    // text; compressed where the name ends in .gz or .zst
)

// Options say how a file is read or written. The zero value, and a nil
// pointer, are good for every file whose extension tells its format.
type Options struct {
	// Format of the file; by extension when empty: .parquet, .arrow, .feather
	// and .ipc, .arrows, .csv and .tsv (also with .gz or .zst behind).
	Format Format

	// Delimiter between the fields of a CSV file. When 0 it is detected among
	// comma, semicolon, tab and bar on reading; on writing it is a comma, or a
	// tab for .tsv.
	Delimiter rune

	// NoHeader says that a CSV file begins with the first row. The columns
	// are then named column1, column2 and so on.
	NoHeader bool

	// Null lists the texts that stand for null in a CSV file; nil means the
	// empty field. The first is what is written. A field in quotes is text and
	// never null in a column of text.
	Null []string

	// Types declares the types of CSV columns by name. Columns without a
	// declaration get a type that fits all their rows: int64, float64, bool
	// (true and false), date32 (YYYY-MM-DD, see Dates), timestamp[us] (ISO 8601, in
	// UTC where it has a zone) or utf8.
	Types map[string]arrow.DataType

	// Dictionaries makes text come as dictionaries of int32 wherever a Parquet
	// file stores it with small ones, even where the file says that it was written
	// of plain text. That spares whoever looks at each value once the rows that
	// repeat it. Other formats do not heed it; of a table that is written it holds
	// for what Writer.Seal returns.
	Dictionaries bool

	// Encoding of the text of a CSV file that is read, UTF8 when empty, or UTF16
	// where its first bytes are the byte order mark of that. What is written is
	// UTF-8.
	Encoding Encoding

	// Decimal is the mark before the fraction of the numbers of a CSV file that
	// is read: a point, also when 0, or a comma. Marks between thousands make
	// text. What is written has points.
	Decimal rune

	// Dates is the order of dates and timestamps that are not written as ISO 8601
	// says, in a CSV file that is read. When it is empty they are found where all
	// values of a column are dates in one order and not in the other; otherwise
	// they stay text, see File.Remarks. What is written is as ISO 8601 says.
	Dates DateOrder

	// BatchRows is the number of rows of a record at most, 65536 when 0.
	// Results do not depend on it.
	BatchRows int

	// Workers is the number of goroutines that decode or encode at a time,
	// GOMAXPROCS when 0. Results do not depend on it.
	Workers int

	// FieldMetadata are the keys of the metadata of fields that are written,
	// into the formats of Arrow; other formats have no place for them. They must
	// say nothing of the data.
	FieldMetadata []string
}

const defaultBatchRows = 1 << 16

// options is a checked copy of Options with every default filled in.
type options struct {
	Options
	compression string   // "", "gz" or "zst", of CSV only
	tabs        bool     // the extension is .tsv
	names       []string // of a CSV file without header, where they are known
}

// resolve copies o, finds the format of the file at path and checks the rest;
// every mistake is reported.
func resolve(o *Options, path string) (options, error) {
	var r options
	if o != nil {
		r.Options = *o
	}
	r.Null = slices.Clone(r.Null)
	r.Types = maps.Clone(r.Types)
	r.FieldMetadata = slices.Clone(r.FieldMetadata)
	var errs []error
	format, compression, tabs := byExtension(path)
	switch r.Format {
	case "":
		r.Format = format
		if format == "" {
			errs = append(errs, fmt.Errorf("no format is known by the extension %q; set Format",
				filepath.Ext(path)))
		}
	case Parquet, Arrow, ArrowStream, CSV:
	default:
		errs = append(errs, fmt.Errorf("format %q is unknown; want parquet, arrow, arrows or csv",
			string(r.Format)))
	}
	if r.Format == CSV {
		r.compression, r.tabs = compression, tabs
		errs = append(errs, r.checkCSV())
	} else if compression != "" {
		errs = append(errs, fmt.Errorf("only CSV files are compressed as a whole, not %s", r.Format))
	}
	if r.BatchRows < 0 {
		errs = append(errs, fmt.Errorf("the number of BatchRows is %d, want 0 or more", r.BatchRows))
	}
	if r.Workers < 0 {
		errs = append(errs, fmt.Errorf("the number of Workers is %d, want 0 or more", r.Workers))
	}
	if r.BatchRows == 0 {
		r.BatchRows = defaultBatchRows
	}
	r.BatchRows = min(r.BatchRows, maxBatchRows)
	if r.Workers == 0 {
		r.Workers = runtime.GOMAXPROCS(0)
	}
	return r, errors.Join(errs...)
}

// maxBatchRows keeps the offsets and buffers of a record in proportion.
const maxBatchRows = 1 << 24

func (r *options) checkCSV() error {
	var errs []error
	switch d := r.Delimiter; {
	case d == 0:
	case d == '"' || d == '\r' || d == '\n' || d >= utf8.RuneSelf || d < 0:
		errs = append(errs, fmt.Errorf("the delimiter must be an ASCII character other than "+
			"quote and line break, not %q", d))
	}
	if !r.Encoding.known() {
		errs = append(errs, fmt.Errorf("encoding %q is unknown; want %s", string(r.Encoding), encodings))
	}
	if r.Decimal != 0 && r.Decimal != '.' && r.Decimal != ',' {
		errs = append(errs, fmt.Errorf("the decimal mark must be a point or a comma, not %q", r.Decimal))
	}
	switch r.Dates {
	case "", DayFirst, MonthFirst:
	default:
		errs = append(errs, fmt.Errorf("the order of dates %q is unknown; want %s or %s",
			string(r.Dates), DayFirst, MonthFirst))
	}
	if r.Null == nil {
		r.Null = []string{""}
	}
	for _, n := range r.Null {
		if strings.ContainsAny(n, "\"\r\n") || r.Delimiter != 0 && strings.ContainsRune(n, r.Delimiter) {
			errs = append(errs, fmt.Errorf("the null text %q would need quotes", n))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Types)) {
		if _, err := newTextParser(r.Types[name], notation{}); err != nil {
			errs = append(errs, fmt.Errorf("column %q: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// byExtension knows names by their end, compression included.
func byExtension(path string) (f Format, compression string, tabs bool) {
	name := strings.ToLower(filepath.Base(path))
	switch ext := filepath.Ext(name); ext {
	case ".gz", ".zst":
		compression = ext[1:]
		name = strings.TrimSuffix(name, ext)
	}
	switch filepath.Ext(name) {
	case ".parquet":
		return Parquet, compression, false
	case ".arrow", ".feather", ".ipc":
		return Arrow, compression, false
	case ".arrows":
		return ArrowStream, compression, false
	case ".csv":
		return CSV, compression, false
	case ".tsv":
		return CSV, compression, true
	}
	return "", compression, false
}
