package anonymize

import (
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
)

func TestMinimizationOrder(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	steps := newMinimization(&Round{To: 5}, &Clamp{Max: ptr(90), Above: "90+"}, nil,
		&Mask{KeepFirst: 1}, nil)
	if errs := steps.validate(); errs != nil {
		t.Fatal(errs)
	}
	in := column(t, mem, arrow.PrimitiveTypes.Int8, "33", null, "92", "93", "7")
	defer in.Release()
	typ, err := steps.outType(in.DataType())
	if err != nil || typ.ID() != arrow.STRING {
		t.Fatal(typ, err)
	}
	out, err := steps.apply(mem, in)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	if diff := cmp.Diff([]string{"3*", null, "9*", "9**", "*"}, rows(out)); diff != "" {
		t.Error(diff)
	}
	want := []string{"rounded to multiples of 5", `values above 90 written as "90+"`,
		`all but the first character masked by "*"`}
	if diff := cmp.Diff(want, steps.actions()); diff != "" {
		t.Error(diff)
	}
}

func TestMinimizationMistakes(t *testing.T) {
	all := newMinimization(&Round{}, &Clamp{}, &Truncate{}, &Mask{}, nil).validate()
	if len(all) != 4 {
		t.Errorf("got %d mistakes, want one for each zero value: %v", len(all), all)
	}
	bounds := &Clamp{Min: ptr(0.3), Max: ptr(89.95)}
	off := newMinimization(&Round{To: 0.1}, bounds, nil, nil, nil).validate()
	want := []string{"clamp: max is 89.95 and the column is rounded to multiples of 0.1 before;" +
		" want a multiple of it"}
	if diff := cmp.Diff(want, mistakes(off)); diff != "" {
		t.Error(diff)
	}
	if _, err := newMinimization(&Round{To: 1}, nil, &Truncate{To: "day"}, nil, nil).
		outType(arrow.PrimitiveTypes.Int8); err == nil {
		t.Error("a number is truncated to its day")
	}
}

func TestNothingToDo(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	in := column(t, mem, arrow.PrimitiveTypes.Int8, "33")
	defer in.Release()
	out, err := newMinimization(nil, nil, nil, nil, nil).apply(mem, in)
	if err != nil || out != in {
		t.Error("no step changes a column")
	}
	out.Release()
}

// TestPlanKeepsItsBounds wants a step not to change when its policy does.
func TestPlanKeepsItsBounds(t *testing.T) {
	c := Clamp{Max: ptr(10)}
	steps := newMinimization(nil, &c, nil, nil, nil)
	*c.Max = 99
	if got := steps.actions()[0]; got != "values above 10 set to it" {
		t.Error(got)
	}
}

// TestWhatLiesUnderNulls wants memory under nulls to be zero: a value that
// stood there would be published.
func TestWhatLiesUnderNulls(t *testing.T) {
	valid := memory.NewBufferBytes([]byte{0})
	data := array.NewData(arrow.PrimitiveTypes.Int64, 1,
		[]*memory.Buffer{valid, memory.NewBufferBytes([]byte("canary!!"))}, nil, 1, 0)
	in := array.MakeFromData(data)
	for _, step := range []coarsening{Round{To: 10}, Clamp{Max: ptr(1)}} {
		out, err := step.apply(memory.DefaultAllocator, in)
		if err != nil {
			t.Fatal(err)
		}
		if got := out.(*array.Int64).Int64Values()[0]; got != 0 {
			t.Errorf("%T: %d under a null", step, got)
		}
	}
}

// TestErrorsHoldNoValues applies every step to data that it must refuse or
// cannot take, and looks for the data in the error.
func TestErrorsHoldNoValues(t *testing.T) {
	mem := memory.DefaultAllocator
	canary := "424242424242"
	for _, c := range []struct {
		step coarsening
		typ  arrow.DataType
	}{
		{Round{To: 10}, arrow.BinaryTypes.String},
		{Clamp{Max: ptr(1)}, arrow.BinaryTypes.String},
		{Truncate{To: "day"}, arrow.BinaryTypes.String},
		{Mask{KeepFirst: 1}, arrow.PrimitiveTypes.Int64},
		{Truncate{To: "year"}, &arrow.TimestampType{Unit: arrow.Second}},
		{Truncate{To: "hour"}, &arrow.Time64Type{Unit: arrow.Microsecond}},
	} {
		b := array.NewBuilder(mem, c.typ)
		switch b := b.(type) {
		case *array.StringBuilder:
			b.Append(canary)
		case *array.Int64Builder:
			b.Append(424242424242)
		case *array.TimestampBuilder:
			b.Append(424242424242)
		case *array.Time64Builder:
			b.Append(424242424242)
		}
		in := b.NewArray()
		coded := encoded(t, mem, column(t, mem, c.typ, null), null)
		for _, a := range []arrow.Array{in, coded} {
			_, err := c.step.apply(mem, a)
			if a == in && err == nil {
				t.Errorf("%T accepts %s", c.step, c.typ)
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("%T tells a value: %v", c.step, err)
			}
		}
	}
}

// TestHostileTypes wants a refusal, and soon, for types that only a damaged
// file has.
func TestHostileTypes(t *testing.T) {
	for _, typ := range []arrow.DataType{
		&arrow.Decimal128Type{Precision: math.MaxInt32, Scale: 2},
		&arrow.Decimal128Type{Precision: 10, Scale: math.MaxInt32},
		&arrow.Decimal128Type{Precision: 10, Scale: math.MinInt32},
		&arrow.TimestampType{Unit: arrow.Second, TimeZone: "Nowhere/At_All"},
		&arrow.TimestampType{Unit: arrow.Second, TimeZone: "../../etc/passwd"},
		&arrow.TimestampType{Unit: arrow.Second, TimeZone: "Local"},
		arrow.ListOf(arrow.PrimitiveTypes.Int8), arrow.Null, arrow.FixedWidthTypes.Float16,
		arrow.FixedWidthTypes.Boolean, arrow.FixedWidthTypes.Duration_s,
		&arrow.Decimal256Type{Precision: 3}, arrow.BinaryTypes.Binary,
	} {
		for _, step := range []coarsening{Round{To: 2}, Clamp{Max: ptr(2)}, Truncate{To: "day"},
			Mask{KeepFirst: 1}} {
			if text := refusal(t, step, typ); !strings.Contains(text, "want") &&
				!strings.Contains(text, "not known") {
				t.Errorf("%q names no remedy", text)
			}
		}
	}
}
