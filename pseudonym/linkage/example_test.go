package linkage_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/pseudonym"
	"github.com/lethe-go/lethe/pseudonym/linkage"
)

// Two hospitals encode their patients under one key, and a third party that
// lacks it finds who is in both although a name is misspelt.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "linkage")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "keys.json")
	if err := pseudonym.CreateKeyFile(path); err != nil {
		log.Fatal(err)
	}
	kr, err := pseudonym.Open(ctx, pseudonym.KeyFile(path))
	if err != nil {
		log.Fatal(err)
	}
	names := []string{"trim", "nfc", "fold"}
	e, err := linkage.New(kr, linkage.Config{
		Project:   pseudonym.Field{Domain: "registry-2026", Entity: "person"},
		Hardening: linkage.Fold,
		Features: []linkage.Feature{
			{Column: "given_name", Canonical: names, Bits: 400},
			{Column: "family_name", Canonical: names, Bits: 400},
			{Column: "birth_date", Bits: 400},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	north := filters(ctx, e, `[
		{"given_name": "Katharina", "family_name": "Lindgren", "birth_date": "1971-03-14"},
		{"given_name": "Tomasz", "family_name": "Wolski", "birth_date": "1988-11-02"}]`)
	defer north.Release()
	south := filters(ctx, e, `[
		{"given_name": "Aisha", "family_name": "Rahman", "birth_date": "1990-07-30"},
		{"given_name": "Katarina", "family_name": "LINDGREN", "birth_date": "1971-03-14"}]`)
	defer south.Release()

	pairs, err := linkage.Pairs(ctx, north, south, 0.75)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range linkage.Best(pairs) {
		fmt.Printf("row %d of the north is row %d of the south\n", p.Left, p.Right)
	}
	// Output: row 0 of the north is row 1 of the south
}

func filters(ctx context.Context, e *linkage.Encoder, people string) arrow.Array {
	text := arrow.BinaryTypes.String
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "given_name", Type: text},
		{Name: "family_name", Type: text},
		{Name: "birth_date", Type: arrow.FixedWidthTypes.Date32},
	}, nil), strings.NewReader(people))
	if err != nil {
		log.Fatal(err)
	}
	defer rec.Release()
	a, err := e.Encode(ctx, rec)
	if err != nil {
		log.Fatal(err)
	}
	return a
}
