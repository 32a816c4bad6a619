package kanon

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lethe-go/lethe/internal/group"
)

// drawTuples draws distinct tuples of columns of so many numbers, in no order.
func drawTuples(t *rapid.T, sizes []int, most int) [][]uint32 {
	tuple := rapid.Custom(func(t *rapid.T) []uint32 {
		tuple := make([]uint32, len(sizes))
		for j, size := range sizes {
			tuple[j] = uint32(rapid.IntRange(0, size-1).Draw(t, "code"))
		}
		return tuple
	})
	key := func(tuple []uint32) string { b, _ := json.Marshal(tuple); return string(b) }
	return rapid.SliceOfNDistinct(tuple, 0, most, key).Draw(t, "tuples")
}

func byColumn(tuples [][]uint32, m int) [][]uint32 {
	columns := make([][]uint32, m)
	for _, tuple := range tuples {
		for j, code := range tuple {
			columns[j] = append(columns[j], code)
		}
	}
	return columns
}

// Tuples are put in order, written as the lists that they are, read again, and
// looked up, by bits, numbers or a table, of few or of many that there could be.
func TestKeptTuples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.IntRange(1, 4), rapid.IntRange(1, 5000), rapid.IntRange(1, 1<<20))
		sizes := rapid.OneOf(rapid.SliceOfN(size, 1, 5),
			rapid.SampledFrom([][]int{{3, 4, 5}, {1 << 20, 1000}, {1 << 20, 1 << 20, 1, 1 << 20, 1 << 20}})).
			Draw(t, "sizes")
		tuples := drawTuples(t, sizes, 60)
		columns := byColumn(tuples, len(sizes))
		kept := pickAll(columns, inOrder(columns, len(tuples)))
		slices.SortFunc(tuples, slices.Compare)
		want, _ := json.Marshal(tuples)
		if len(tuples) == 0 {
			want = []byte("[]")
		}
		text, err := json.Marshal(kept)
		if err != nil || string(text) != string(want) {
			t.Fatalf("%v: %s, want %s", err, text, want)
		}
		var read tupleColumns
		if err := json.Unmarshal(text, &read); err != nil || read.n != kept.n ||
			kept.n > 0 && !cmp.Equal(read.columns, kept.columns) {
			t.Fatalf("read %v of %s: %v", read, text, err)
		}
		for i := 1; i < kept.n; i++ {
			if !ascends(kept.columns, i) {
				t.Fatal("tuples are not in order")
			}
		}
		asked := append(drawTuples(t, sizes, 20), tuples...)
		numbers := rapid.Bool().Draw(t, "numbers")
		k := newKept(kept, sizes, numbers)
		keys := k.keys(&tupleColumns{len(asked), byColumn(asked, len(sizes))})
		number, keep, missing := make([]uint32, len(asked)), make([]bool, len(asked)), 0
		got := k.find(keys, number, keep)
		for i, tuple := range asked {
			at, found := slices.BinarySearchFunc(tuples, tuple, slices.Compare[[]uint32])
			if !found {
				at = int(group.None)
				missing++
			}
			if keep[i] != found || numbers && number[i] != uint32(at) {
				t.Fatalf("tuple %v is found: %v, number %d of %d", tuple, keep[i], number[i], at)
			}
		}
		if got != missing {
			t.Fatalf("%d are missing, want %d", got, missing)
		}
	})
}

// Tuples are looked up in what takes no more memory than a table.
func TestKeptTuplesAreSmall(t *testing.T) {
	of := func(n int, sizes []int, numbers bool) *keptTuples {
		kept := &tupleColumns{n: n, columns: make([][]uint32, len(sizes))}
		for j := range sizes {
			kept.columns[j] = make([]uint32, n)
		}
		for i := range n {
			kept.columns[0][i] = uint32(i)
		}
		return newKept(kept, sizes, numbers)
	}
	if k := of(10, []int{10, 1000}, false); len(k.bits) != 10_000/64+1 {
		t.Error("few cells have no bits")
	}
	if k := of(10, []int{10, 1000}, true); len(k.numbers) != 10_000 {
		t.Error("few cells have no numbers")
	}
	if k := of(100_000, []int{100_000, 127}, false); k.bits == nil {
		t.Error("a share of a 127th has no bits")
	}
	for _, k := range []*keptTuples{of(100_000, []int{100_000, 129}, false),
		of(100_000, []int{100_000, 5}, true), of(10, []int{10, 1 << 20, 1 << 20}, false)} {
		if k.table == nil || k.words != 1 {
			t.Error("many cells have no table of one word")
		}
	}
	if of(10, []int{1 << 20, 1 << 20, 1 << 20, 1 << 20}, false).words != 2 {
		t.Error("80 bits are one word")
	}
}

func TestTupleColumnsRefuse(t *testing.T) {
	for _, text := range []string{
		`{}`, `1`, `"a"`, `[1]`, `[[1],[1,2]]`, `[[1,2],[1]]`, `[[1],[]]`, `[[-1]]`, `[[1.5]]`, `[[1e2]]`,
		`[[4294967296]]`, `[["1"]]`, `[[null]]`, `[null]`, `[[[1]]]`, `[[1],true]`, `[{"a":[1]}]`,
	} {
		var got tupleColumns
		if json.Unmarshal([]byte(text), &got) == nil {
			t.Errorf("%s is read as %v", text, got)
		}
	}
	var got tupleColumns
	spaced := []byte(" [ [ 1 ,\n2 ] , [3,4294967295]\t] ")
	if err := json.Unmarshal(spaced, &got); err != nil || got.n != 2 {
		t.Errorf("%v: %v", got, err)
	}
}
