package tableio_test

import (
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

func TestRoundTripOfEveryType(t *testing.T) {
	for _, name := range []string{"t.parquet", "t.arrow", "t.arrows"} {
		for _, null := range []int{0, 3} {
			for _, rows := range []int{0, 1, 1000} {
				t.Run(fmt.Sprintf("%s null %d rows %d", name, null, rows), func(t *testing.T) {
					mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
					defer mem.AssertSize(t, 0)
					types := append(flatTypes(), indexTypes()...)
					if name != "t.parquet" {
						types = append(types, intervalTypes()...)
					}
					want := allTypes(t, mem, types, rows, null)
					defer want.Release()
					got := read(t, open(t, write(t, name, nil, want), nil))
					defer got.Release()
					same(t, got, want)
				})
			}
		}
	}
}
