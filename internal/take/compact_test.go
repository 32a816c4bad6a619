package take

import (
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
)

// What Compact makes has the rows of its input and no entry that none refers
// to; what has none already is shared.
func TestCompact(t *testing.T) {
	for _, value := range flatTypes {
		for _, index := range indexTypes {
			rng := rand.New(rand.NewPCG(5, 6))
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			a := coded(t, mem, rng, index, value, 60)
			for _, bounds := range [][2]int64{{0, 60}, {11, 13}, {3, 3}} {
				s := array.NewSlice(a, bounds[0], bounds[1])
				out, err := Compact(mem, s)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(rowTexts(s), rowTexts(out)); diff != "" {
					t.Error(diff)
				}
				checkDictionary(t, out.(*array.Dictionary))
				if !arrow.TypeEqual(out.DataType(), a.DataType()) {
					t.Errorf("type %s became %s", a.DataType(), out.DataType())
				}
				again, err := Compact(mem, out)
				if err != nil || again != out {
					t.Errorf("what is compact was not shared: %v", err)
				}
				again.Release()
				out.Release()
				s.Release()
			}
			a.Release()
			mem.AssertSize(t, 0)
		}
	}
}

func TestCompactSharesWhatHasNoDictionary(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	a := plain(t, mem, arrow.PrimitiveTypes.Int32, []int{10, -1, 12})
	defer a.Release()
	out, err := Compact(mem, a)
	if err != nil || out != a {
		t.Errorf("got %v, %v", out, err)
	}
	out.Release()
}

func TestCompactRefusesAnIndexOutside(t *testing.T) {
	dict := plain(t, memory.DefaultAllocator, arrow.PrimitiveTypes.Int32, []int{10})
	for _, code := range []int32{1, -1} {
		b := array.NewInt32Builder(memory.DefaultAllocator)
		b.Append(code)
		typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: dict.DataType()}
		indices := b.NewArray().Data()
		data := array.NewDataWithDictionary(typ, 1, indices.Buffers(), 0, 0, dict.Data().(*array.Data))
		if _, err := Compact(memory.DefaultAllocator, array.NewDictionaryData(data)); err == nil {
			t.Errorf("index %d of a dictionary of one entry was taken", code)
		}
	}
}
