package kanon

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// Classes are numbered as a map of tuples would number them, whatever comes
// first and however wide the numbers become.
func TestCheckClassesAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 9).Draw(t, "columns")
		c, want := newCheckClasses(columns), map[string]uint32{}
		tuple := func(values [][]uint32, row int) (text string) {
			for _, numbers := range values {
				text += fmt.Sprint(numbers[row], " ")
			}
			return text
		}
		draw := func(n int) [][]uint32 {
			values := make([][]uint32, columns)
			for j := range values {
				number := rapid.OneOf(rapid.Uint32Max(3), rapid.Uint32Max(300), rapid.Uint32())
				values[j] = rapid.SliceOfN(number, n, n).Draw(t, "numbers")
			}
			return values
		}
		for range rapid.IntRange(1, 4).Draw(t, "blocks") {
			n := rapid.IntRange(0, 40).Draw(t, "rows")
			values, out := draw(n), make([]uint32, n)
			c.classes(values, out)
			for row, class := range out {
				text := tuple(values, row)
				if _, ok := want[text]; !ok {
					want[text] = uint32(len(want))
				}
				if class != want[text] {
					t.Fatalf("row %d is of class %d, want %d", row, class, want[text])
				}
			}
		}
		if c.len() != len(want) {
			t.Fatalf("%d classes, want %d", c.len(), len(want))
		}
		values := draw(20)
		for row := range 20 {
			class, known := c.known(values, row)
			if want, ok := want[tuple(values, row)]; known != ok || known && class != want {
				t.Fatalf("row %d: class %d, %v, want %d, %v", row, class, known, want, ok)
			}
		}
	})
}

// Pairs are numbered as they come, thousands of them in a block, and each is
// new once.
func TestKeyPairs(t *testing.T) {
	p, want := newKeyPairs(), map[[2]uint32]uint32{}
	for block := range uint32(5) {
		a, b := make([]uint32, 3000), make([]uint32, 3000)
		for i := range a {
			a[i], b[i] = uint32(i)%70+block*35, uint32(i*i)%31
		}
		var fresh []int
		got := p.pairs(a, b, func(i int) { fresh = append(fresh, i) })
		for i, n := range got {
			pair := [2]uint32{a[i], b[i]}
			if _, ok := want[pair]; !ok {
				want[pair] = uint32(len(want))
				if len(fresh) == 0 || fresh[0] != i {
					t.Fatalf("pair %d of block %d is not said to be new", i, block)
				}
				fresh = fresh[1:]
			}
			if x, y := p.pair(int(n)); n != want[pair] || x != a[i] || y != b[i] {
				t.Fatalf("pair %d of block %d has number %d, want %d", i, block, n, want[pair])
			}
		}
		if len(fresh) > 0 {
			t.Fatalf("%d pairs are said to be new twice", len(fresh))
		}
	}
}
