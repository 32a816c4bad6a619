package tableio

import (
	"encoding/json"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
)

// noteKey is the one entry of metadata this package writes into a Parquet file
// and the only one it reads. It holds a JSON list with a word for each column:
// what Parquet's own types do not say of the Arrow type. The word is empty for
// most. It describes the schema and no data.
const noteKey = "lethe:types"

// dictionaryWord comes before the word of the values.
const dictionaryWord = "dictionary"

// noteOf returns the entry for a schema, "" where nothing needs to be said.
func noteOf(schema *arrow.Schema) string {
	words := make([]string, schema.NumFields())
	for i, f := range schema.Fields() {
		words[i] = wordOf(f.Type)
	}
	b, err := json.Marshal(words)
	if err != nil {
		return ""
	}
	return string(b)
}

func wordOf(dt arrow.DataType) string {
	switch t := dt.(type) {
	case *arrow.DictionaryType:
		return strings.TrimSuffix(dictionaryWord+" "+wordOf(t.ValueType), " ")
	case *arrow.LargeStringType:
		return "large_utf8"
	case *arrow.LargeBinaryType:
		return "large_binary"
	case *arrow.Date64Type:
		return "date64"
	case *arrow.NullType:
		return "null"
	case *arrow.Decimal256Type:
		if t.Precision <= maxDigits128 {
			return "decimal256"
		}
	case *arrow.Time32Type:
		if t.Unit == arrow.Second {
			return "time32 s"
		}
	case *arrow.DurationType:
		return "duration " + t.Unit.String()
	case *arrow.TimestampType:
		if t.Unit == arrow.Second {
			return strings.TrimSuffix("timestamp s "+t.TimeZone, " ")
		}
		if t.TimeZone != "" && t.TimeZone != "UTC" {
			return "timestamp " + t.Unit.String() + " " + t.TimeZone
		}
	}
	return ""
}

// cutDictionary takes the word of a dictionary apart.
func cutDictionary(word string) (values string, dictionary bool) {
	kind, rest, _ := strings.Cut(word, " ")
	if kind != dictionaryWord {
		return word, false
	}
	return rest, true
}

// words reads the entry of a file with columns columns. Anything but a list of
// that length is as good as none: a file may hold what it likes under the key.
func words(note string, columns int) []string {
	var w []string
	if note == "" || json.Unmarshal([]byte(note), &w) != nil || len(w) != columns {
		return nil
	}
	return w
}

// restore refines the natural type of a column by its word. A word that does
// not fit the column is passed over.
func restore(l leafType, word string) leafType {
	kind, rest, _ := strings.Cut(word, " ")
	switch {
	case kind == "large_utf8" && l.dt.ID() == arrow.STRING:
		l.dt = arrow.BinaryTypes.LargeString
	case kind == "large_binary" && l.dt.ID() == arrow.BINARY:
		l.dt = arrow.BinaryTypes.LargeBinary
	case kind == "date64" && l.dt.ID() == arrow.DATE32:
		l.dt, l.conv = arrow.FixedWidthTypes.Date64, daysToMillis
	case kind == "null" && l.dt.ID() == arrow.INT32:
		l.dt, l.conv = arrow.Null, nil
	case kind == "decimal256" && l.dt.ID() == arrow.DECIMAL128:
		t := l.dt.(*arrow.Decimal128Type)
		l.dt = &arrow.Decimal256Type{Precision: t.Precision, Scale: t.Scale}
	case word == "time32 s" && l.dt.ID() == arrow.TIME32:
		l.dt, l.conv = arrow.FixedWidthTypes.Time32s, divide(4, 1000)
	case kind == "duration" && l.dt.ID() == arrow.INT64:
		if unit, ok := unitOf(rest); ok {
			l.dt = &arrow.DurationType{Unit: unit}
		}
	case kind == "timestamp" && l.dt.ID() == arrow.TIMESTAMP && l.stored == 8:
		name, zone, _ := strings.Cut(rest, " ")
		unit, ok := unitOf(name)
		ts := l.dt.(*arrow.TimestampType)
		if !ok || (zone != "") != (ts.TimeZone != "") {
			return l
		}
		switch {
		case unit == ts.Unit:
		case unit == arrow.Second && ts.Unit == arrow.Millisecond:
			l.conv = divide(8, 1000)
		default:
			return l
		}
		l.dt = &arrow.TimestampType{Unit: unit, TimeZone: zone}
	}
	return l
}

func unitOf(s string) (arrow.TimeUnit, bool) {
	for _, u := range []arrow.TimeUnit{
		arrow.Second, arrow.Millisecond, arrow.Microsecond, arrow.Nanosecond,
	} {
		if u.String() == s {
			return u, true
		}
	}
	return 0, false
}
