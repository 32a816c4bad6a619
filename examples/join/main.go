// Join pseudonymizes two tables: patients still join with their visits, and
// neither with a release that has another data set.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/pseudonym"
)

func main() {
	dir := must(os.MkdirTemp("", "join"))
	defer os.RemoveAll(dir)
	must(0, pseudonym.CreateKeyFile(dir+"/keys.json"))
	ring := must(pseudonym.Open(context.Background(), pseudonym.KeyFile(dir+"/keys.json")))
	patients, visits := []int64{1, 2, 3, 4}, []int64{2, 2, 4, 9, 1}
	known := tokens(ring, "id", "2026", patients)
	fmt.Println("joins before:      ", joins(patients, visits))
	fmt.Println("joins as tokens:   ", joins(known, tokens(ring, "patient", "2026", visits)))
	fmt.Println("to another release:", joins(known, tokens(ring, "patient", "press", visits)))
}

// tokens pseudonymizes a column of patient numbers.
func tokens(ring *pseudonym.Keyring, name, dataset string, ids []int64) (list []string) {
	p := must(pseudonym.New(ring, pseudonym.Column{Name: name, Method: pseudonym.HMAC{},
		Field: pseudonym.Field{Domain: "ward-study", Entity: "patient", Dataset: dataset}}))
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: name, Type: arrow.PrimitiveTypes.Int64}}, nil))
	b.Field(0).(*array.Int64Builder).AppendValues(ids, nil)
	out := must(p.Transform(context.Background(), b.NewRecord())).Column(0)
	for row := range ids {
		list = append(list, out.ValueStr(row))
	}
	return list
}

// joins counts the visits whose patient is known.
func joins[T comparable](patients, visits []T) (n int) {
	for _, id := range visits {
		if slices.Contains(patients, id) {
			n++
		}
	}
	return n
}

func must[T any](v T, err error) T {
	if err == nil {
		return v
	}
	panic(err)
}
