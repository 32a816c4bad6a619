package pqfile

import (
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// schemaOf flattens the schema of a table: a root and its columns.
func schemaOf(fields []Field) []format.SchemaElement {
	elements := []format.SchemaElement{{
		Name: "table", NumChildren: thrift.New(int32(len(fields))),
	}}
	for i := range fields {
		f := &fields[i]
		e := format.SchemaElement{
			Name:           f.Name,
			Type:           thrift.New(format.Type(f.Physical)),
			RepetitionType: thrift.New(format.Required),
			LogicalType:    format.LogicalType{Value: annotation(&f.Logical)},
		}
		if f.Optional {
			e.RepetitionType.V = format.Optional
		}
		if f.Physical == FixedBytes {
			e.TypeLength = thrift.New(int32(f.Width))
		}
		if old, ok := f.Logical.converted(); ok {
			e.ConvertedType = thrift.New(old)
		}
		if f.Logical.Kind == Decimal { // readers of old look for them here
			e.Scale, e.Precision = thrift.New(f.Logical.Scale), thrift.New(f.Logical.Precision)
		}
		elements = append(elements, e)
	}
	return elements
}

// annotation is what values mean; nil where the physical type says it.
func annotation(l *Logical) format.LogicalTypeValue {
	switch l.Kind {
	case String:
		return new(format.StringType)
	case Decimal:
		return &format.DecimalType{Scale: l.Scale, Precision: l.Precision}
	case Date:
		return new(format.DateType)
	case Time:
		return &format.TimeType{IsAdjustedToUTC: l.UTC, Unit: l.Unit.annotation()}
	case Timestamp:
		return &format.TimestampType{IsAdjustedToUTC: l.UTC, Unit: l.Unit.annotation()}
	case Integer:
		return &format.IntType{BitWidth: int8(l.Bits), IsSigned: l.Signed}
	case Float16:
		return new(format.Float16Type)
	}
	return nil
}

func (u Unit) annotation() format.TimeUnit {
	switch u {
	case Millis:
		return format.TimeUnit{Value: new(format.MilliSeconds)}
	case Micros:
		return format.TimeUnit{Value: new(format.MicroSeconds)}
	}
	return format.TimeUnit{Value: new(format.NanoSeconds)}
}

// converted is the annotation of readers that do not know the newer one, where
// it says the same.
func (l *Logical) converted() (deprecated.ConvertedType, bool) {
	switch {
	case l.Kind == String:
		return deprecated.UTF8, true
	case l.Kind == Decimal:
		return deprecated.Decimal, true
	case l.Kind == Date:
		return deprecated.Date, true
	case l.Kind == Time && l.UTC && l.Unit == Millis:
		return deprecated.TimeMillis, true
	case l.Kind == Time && l.UTC && l.Unit == Micros:
		return deprecated.TimeMicros, true
	case l.Kind == Timestamp && l.UTC && l.Unit == Millis:
		return deprecated.TimestampMillis, true
	case l.Kind == Timestamp && l.UTC && l.Unit == Micros:
		return deprecated.TimestampMicros, true
	case l.Kind == Integer:
		first := deprecated.Uint8
		if l.Signed {
			first = deprecated.Int8
		}
		for bits := 8; bits < l.Bits; bits *= 2 {
			first++
		}
		return first, true
	}
	return 0, false
}
