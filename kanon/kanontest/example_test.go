package kanontest_test

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/kanontest"
)

// report stands for the *testing.T of a test.
type report struct{}

func (report) Helper()           {}
func (report) Error(args ...any) { fmt.Println(args...) }

func ExampleTestHierarchy() {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.AppendValues([]string{"02139", "02138", "10001"}, nil)
	zips := b.NewArray()
	kanontest.TestHierarchy(report{}, kanon.Prefix{Length: 5}, zips)
	fmt.Println("checked")
	// Output: checked
}
