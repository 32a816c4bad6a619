package group

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestDenseNumbersInOrderOfFirstSight(t *testing.T) {
	var d Dense
	d.Reset(10)
	cells := []uint32{7, 0, 7, 9, 0}
	d.Add(cells)
	if want := []uint32{0, 1, 0, 2, 1}; !slices.Equal(cells, want) {
		t.Fatalf("numbers %v, want %v", cells, want)
	}
	if want := []uint32{7, 0, 9}; !slices.Equal(d.Cells(), want) {
		t.Fatalf("cells %v, want %v", d.Cells(), want)
	}
	cells = []uint32{9, 8}
	if d.Find(cells); !slices.Equal(cells, []uint32{2, None}) {
		t.Fatalf("found %v", cells)
	}
}

// More uses than a slot can tell apart.
func TestDenseOverManyUses(t *testing.T) {
	var d Dense
	for use := range 600 {
		d.Reset(3)
		cells := []uint32{0, 1}
		if d.Find(cells); !slices.Equal(cells, []uint32{None, None}) {
			t.Fatalf("found %v in use %d", cells, use)
		}
		cells = []uint32{uint32(use % 3), 1}
		if d.Add(cells); cells[0] != 0 {
			t.Fatalf("numbers %v in use %d", cells, use)
		}
	}
}

func TestDenseAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d Dense
		for range rapid.IntRange(1, 9).Draw(t, "uses") {
			bound := rapid.IntRange(1, 9).Draw(t, "bound")
			d.Reset(bound)
			ref := map[uint32]uint32{}
			for range 2 {
				cells := rapid.SliceOfN(rapid.Uint32Range(0, uint32(bound-1)), 0, 4).Draw(t, "cells")
				got := slices.Clone(cells)
				d.Add(got)
				for i, x := range cells {
					if _, ok := ref[x]; !ok {
						ref[x] = uint32(len(ref))
					}
					if got[i] != ref[x] {
						t.Fatalf("cell %d has number %d, want %d", x, got[i], ref[x])
					}
				}
			}
			for x := range uint32(bound) {
				want, ok := ref[x]
				if !ok {
					want = None
				}
				got := []uint32{x}
				if d.Find(got); got[0] != want {
					t.Fatalf("cell %d is found as %d, want %d", x, got[0], want)
				}
			}
			if d.Len() != len(ref) {
				t.Fatalf("%d cells, want %d", d.Len(), len(ref))
			}
		}
	})
}
