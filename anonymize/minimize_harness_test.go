package anonymize

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
)

const null = array.NullValueStr

// column makes an array of texts in the type's own form; null is a null.
func column(tb testing.TB, mem memory.Allocator, t arrow.DataType, values ...string) arrow.Array {
	tb.Helper()
	b := array.NewBuilder(mem, t)
	defer b.Release()
	for _, v := range values {
		if err := b.AppendValueFromString(v); err != nil {
			tb.Fatal(err)
		}
	}
	return b.NewArray()
}

// encoded is a as a dictionary with a null entry, an unused one, and every
// value twice.
func encoded(tb testing.TB, mem memory.Allocator, a arrow.Array, unused string) arrow.Array {
	tb.Helper()
	entry := array.NewBuilder(mem, a.DataType())
	index := array.NewInt16Builder(mem)
	defer entry.Release()
	defer index.Release()
	at := map[string]int16{}
	for _, v := range []string{null, unused} {
		if err := entry.AppendValueFromString(v); err != nil {
			tb.Fatal(err)
		}
	}
	for i := range a.Len() {
		v := a.ValueStr(i)
		switch n, ok := at[v]; {
		case a.IsNull(i) && i%2 == 0:
			index.AppendNull()
		case a.IsNull(i):
			index.Append(0)
		case !ok:
			at[v] = int16(entry.Len())
			for range 2 {
				if err := entry.AppendValueFromString(v); err != nil {
					tb.Fatal(err)
				}
			}
			index.Append(at[v])
		default:
			index.Append(n + int16(i%2))
		}
	}
	dict, indices := entry.NewArray(), index.NewArray()
	defer dict.Release()
	defer indices.Release()
	return array.NewDictionaryArray(
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: a.DataType()},
		indices, dict)
}

func rows(a arrow.Array) []string {
	out := make([]string, a.Len())
	for i := range out {
		switch d, ok := a.(*array.Dictionary); {
		case a.IsNull(i):
			out[i] = null
		case ok:
			out[i] = d.Dictionary().ValueStr(d.GetValueIndex(i))
		default:
			out[i] = a.ValueStr(i)
		}
	}
	return out
}

// coarsened applies the step to values of a type, in every way they can come:
// all at once, in batches of 1 and 7, behind other rows, as a dictionary, and
// from two goroutines. All have to agree.
func coarsened(t *testing.T, step coarsening, typ arrow.DataType, values ...string) []string {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	if errs := step.validate(); errs != nil {
		t.Fatal(errs)
	}
	all := column(t, mem, typ, values...)
	defer all.Release()
	want := applied(t, mem, step, all)
	check := func(how string, got []string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-all at once +%s):\n%s", how, how, diff)
		}
	}
	for _, size := range []int{1, 7} {
		var got []string
		for i := 0; i < all.Len(); i += size {
			part := array.NewSlice(all, int64(i), int64(min(i+size, all.Len())))
			got = append(got, applied(t, mem, step, part)...)
			part.Release()
		}
		if all.Len() > 0 {
			check("batches", got)
		}
	}
	dict := encoded(t, mem, all, values[0])
	defer dict.Release()
	check("dictionary", applied(t, mem, step, dict))
	front := column(t, mem, typ, append([]string{null, values[0], values[0]}, values...)...)
	defer front.Release()
	part := array.NewSlice(front, 3, int64(front.Len()))
	defer part.Release()
	check("slice", applied(t, mem, step, part))
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { check("concurrent", applied(t, mem, step, all)) })
	}
	both.Wait()
	return want
}

// applied checks what every step promises of its result and shows the rows.
func applied(t *testing.T, mem memory.Allocator, step coarsening, a arrow.Array) []string {
	t.Helper()
	want, err := step.outType(a.DataType())
	if err != nil {
		t.Error(err)
		return nil
	}
	out, err := step.apply(mem, a)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer out.Release()
	if !arrow.TypeEqual(out.DataType(), want) {
		t.Errorf("%s became %s, said to become %s", a.DataType(), out.DataType(), want)
	}
	if d, ok := out.(*array.Dictionary); ok {
		used := map[string]bool{}
		for _, v := range rows(d) {
			if v != null {
				used[v] = true
			}
		}
		if d.Dictionary().Len() != len(used) {
			t.Errorf("%d entries for %d values", d.Dictionary().Len(), len(used))
		}
	}
	return rows(out)
}

// refusal is the error that a step gives for a type.
func refusal(t *testing.T, step coarsening, typ arrow.DataType) string {
	t.Helper()
	_, err := step.outType(typ)
	if err == nil {
		t.Errorf("%T takes %s", step, typ)
		return ""
	}
	empty := array.MakeArrayOfNull(memory.DefaultAllocator, typ, 1)
	defer empty.Release()
	if out, err := step.apply(memory.DefaultAllocator, empty); err == nil {
		out.Release()
		t.Errorf("%T is applied to %s", step, typ)
	}
	return err.Error()
}

func mistakes(errs []error) []string {
	var out []string
	for _, err := range errs {
		out = append(out, err.Error())
	}
	return out
}

func ptr(f float64) *float64 { return &f }

// benchmark measures a step on one batch.
func benchmark(b *testing.B, step coarsening, typ arrow.DataType, value func(*rand.Rand) string) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 64 << 10
	values := make([]string, n)
	for i := range values {
		values[i] = value(rng)
	}
	in := column(b, memory.DefaultAllocator, typ, values...)
	b.SetBytes(0)
	b.ResetTimer()
	for b.Loop() {
		out, err := step.apply(memory.DefaultAllocator, in)
		if err != nil {
			b.Fatal(err)
		}
		out.Release()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}
