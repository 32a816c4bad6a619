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
type inputFlags struct{ anonymize.Input }

// inputFlagNames are the flags, which do not go with a policy.
var inputFlagNames = []string{"delimiter", "null", "encoding", "decimal", "dates"}

func (i *inputFlags) register(f *pflag.FlagSet) {
	f.StringVar(&i.Delimiter, "delimiter", "", "field delimiter of a CSV file (default: detected)")
	f.StringSliceVar(&i.Null, "null", nil, "fields of a CSV file that stand for a missing value "+
		"(default: the empty field)")
	f.StringVar(&i.Encoding, "encoding", "", "encoding of a CSV file: utf-8, utf-16, utf-16le, "+
		"utf-16be, iso-8859-1 or windows-1252 (default: utf-8, or utf-16 by its byte order mark)")
	f.StringVar(&i.Decimal, "decimal", "", "mark before the fraction of a number in a CSV file, a "+
		"point or a comma (default: a point)")
	f.StringVar(&i.Dates, "dates", "", "order of dates in a CSV file that are not as ISO 8601 says, "+
		"dmy or mdy (default: found where there is but one)")
}

func (i *inputFlags) options() (*tableio.Options, error) { return readOptions(i.Input) }

// said is what a policy has to say of the input to read it alike. What was not
// said is left out: an empty list of null texts would mean that there are none.
func (i *inputFlags) said() map[string]any {
	said := map[string]any{}
	if len(i.Null) > 0 {
		said["null"] = i.Null
	}
	for key, value := range map[string]string{"delimiter": i.Delimiter, "encoding": i.Encoding,
		"decimal": i.Decimal, "dates": i.Dates} {
		if value != "" {
			said[key] = value
		}
	}
	return said
}

// readOptions turns what a policy says of text input into options.
func readOptions(in anonymize.Input) (*tableio.Options, error) {
	opts := &tableio.Options{Null: in.Null, Types: map[string]arrow.DataType{},
		Encoding: tableio.Encoding(in.Encoding), Dates: tableio.DateOrder(in.Dates)}
	for _, mark := range []struct {
		name, text string
		to         *rune
	}{{"delimiter", in.Delimiter, &opts.Delimiter}, {"decimal mark", in.Decimal, &opts.Decimal}} {
		if r := []rune(mark.text); len(r) == 1 {
			*mark.to = r[0]
		} else if len(r) > 1 {
			return nil, fmt.Errorf("the %s has %d characters, want one", mark.name, len(r))
		}
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
