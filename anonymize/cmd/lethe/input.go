package main

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/spf13/pflag"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// inUsage describes --in.
const inUsage = "table to read: a file, a folder or a pattern (repeatable; all are one table)"

// inputFlags say how a text table is read where no policy does.
type inputFlags struct {
	delimiter string
	null      []string
}

func (i *inputFlags) register(f *pflag.FlagSet) {
	f.StringVar(&i.delimiter, "delimiter", "", "field delimiter of a CSV file (default: detected)")
	f.StringSliceVar(&i.null, "null", nil, "fields of a CSV file that stand for a missing value "+
		"(default: the empty field)")
}

func (i *inputFlags) options() (*tableio.Options, error) {
	return readOptions(anonymize.Input{Delimiter: i.delimiter, Null: i.null})
}

// said is what a policy has to say of the input to read it alike, or nil.
func (i *inputFlags) said() *anonymize.Input {
	if i.delimiter == "" && len(i.null) == 0 {
		return nil
	}
	return &anonymize.Input{Delimiter: i.delimiter, Null: i.null}
}

// readOptions turns what a policy says of text input into options.
func readOptions(in anonymize.Input) (*tableio.Options, error) {
	opts := &tableio.Options{Null: in.Null, Types: map[string]arrow.DataType{}}
	if d := []rune(in.Delimiter); len(d) == 1 {
		opts.Delimiter = d[0]
	} else if len(d) > 1 {
		return nil, fmt.Errorf("the delimiter has %d characters, want one", len(d))
	}
	for name, kind := range in.Types {
		t, ok := inputTypes[kind]
		if !ok {
			return nil, fmt.Errorf("column %q: type %q is unknown", name, kind)
		}
		opts.Types[name] = t
	}
	return opts, nil
}

// inputTypes are the types that a policy declares for text columns.
var inputTypes = map[string]arrow.DataType{
	"string":    arrow.BinaryTypes.String,
	"int64":     arrow.PrimitiveTypes.Int64,
	"float64":   arrow.PrimitiveTypes.Float64,
	"bool":      arrow.FixedWidthTypes.Boolean,
	"date":      arrow.FixedWidthTypes.Date32,
	"timestamp": arrow.FixedWidthTypes.Timestamp_us,
}
