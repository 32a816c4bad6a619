// Reid gives a token back its value: who asked, and why, is on record first.
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
	"github.com/lethe-go/lethe/pseudonym/reid"
)

func main() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "reid")
	check(err)
	defer os.RemoveAll(dir)
	keys := filepath.Join(dir, "keys.json")
	check(pseudonym.CreateKeyFile(keys))
	ring, err := pseudonym.Open(ctx, pseudonym.KeyFile(keys))
	check(err)
	column := pseudonym.Column{Name: "patient",
		Field: pseudonym.Field{Domain: "ward-study", Entity: "patient"}, Method: pseudonym.SIV{}}
	p, err := pseudonym.New(ring, column)
	check(err)
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "patient", Type: arrow.BinaryTypes.String}}, nil))
	b.Field(0).(*array.StringBuilder).Append("Ada Lovelace")
	out, err := p.Transform(ctx, b.NewRecord())
	check(err)
	fmt.Println("released:", out.Column(0).ValueStr(0))

	path := filepath.Join(dir, "audit.jsonl")
	audit, err := reid.OpenAudit(path)
	check(err)
	r, err := reid.New(ring, reid.Config{Actor: "m.curie", MaxBatch: 10, Audit: audit,
		Purpose: "incidental finding 17"}, column)
	check(err)
	values, err := r.Reverse(ctx, "patient", out.Column(0))
	check(err)
	fmt.Println("reversed:", values.ValueStr(0))
	record, err := os.ReadFile(path)
	check(err)
	fmt.Printf("on record: %s", record)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
