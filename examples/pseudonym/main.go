// Pseudonym replaces the patient numbers of an Arrow record by tokens under a
// key that stays in a file only its owner can read.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/pseudonym"
)

func main() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "pseudonym")
	check(err)
	defer os.RemoveAll(dir)
	keys := filepath.Join(dir, "keys.json")
	check(pseudonym.CreateKeyFile(keys))
	ring, err := pseudonym.Open(ctx, pseudonym.KeyFile(keys))
	check(err)
	fmt.Println(ring) // never shows the key

	b := array.NewInt64Builder(memory.DefaultAllocator)
	b.AppendValues([]int64{4711, 815, 4711}, nil)
	patients := b.NewArray()
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{
		{Name: "patient", Type: patients.DataType()}}, nil), []arrow.Array{patients}, 3)
	for _, domain := range []string{"ward study", "billing"} { // one cannot be linked to the other
		p, err := pseudonym.New(ring, pseudonym.Column{
			Name:   "patient",
			Field:  pseudonym.Field{Domain: domain, Entity: "patient"},
			Method: pseudonym.HMAC{}})
		check(err)
		out, err := p.Transform(ctx, rec)
		check(err)
		fmt.Println(domain, out.Column(0))
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
