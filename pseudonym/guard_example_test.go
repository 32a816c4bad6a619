package pseudonym_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/pseudonym"
)

// exampleKeys makes a key file that is gone when done is called.
func exampleKeys() (kr *pseudonym.Keyring, done func()) {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(dir, "keys.json")
	if err := pseudonym.CreateKeyFile(path); err != nil {
		log.Fatal(err)
	}
	if kr, err = pseudonym.Open(context.Background(), pseudonym.KeyFile(path)); err != nil {
		log.Fatal(err)
	}
	return kr, func() { os.RemoveAll(dir) }
}

// The dates of a person move together, so the length of a stay is what it was.
func ExampleDateShift() {
	kr, done := exampleKeys()
	defer done()
	field := pseudonym.Field{Domain: "ward-study", Entity: "patient"}
	shift := pseudonym.DateShift{Subject: "patient", Lo: -180, Hi: 180, NonZero: true}
	p, err := pseudonym.New(kr,
		pseudonym.Column{Name: "patient", Field: field, Method: pseudonym.HMAC{}},
		pseudonym.Column{Name: "admitted", Field: field, Method: shift},
		pseudonym.Column{Name: "discharged", Field: field, Method: shift})
	if err != nil {
		log.Fatal(err)
	}
	date := arrow.FixedWidthTypes.Date32
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "patient", Type: arrow.BinaryTypes.String},
		{Name: "admitted", Type: date}, {Name: "discharged", Type: date},
	}, nil), strings.NewReader(
		`[{"patient": "P1", "admitted": "2024-02-27", "discharged": "2024-03-05"}]`))
	if err != nil {
		log.Fatal(err)
	}
	defer rec.Release()
	out, err := p.Transform(context.Background(), rec)
	if err != nil {
		log.Fatal(err)
	}
	defer out.Release()
	from, to := out.Column(1).(*array.Date32).Value(0), out.Column(2).(*array.Date32).Value(0)
	fmt.Println(to-from, "days,", from != rec.Column(1).(*array.Date32).Value(0))
	// Output: 7 days, true
}

// A column of three wards is refused: their tokens would be read by how often
// each occurs.
func ExampleCounts() {
	kr, done := exampleKeys()
	defer done()
	p, err := pseudonym.New(kr, pseudonym.Column{Name: "ward", Method: pseudonym.HMAC{},
		Field: pseudonym.Field{Domain: "ward-study", Entity: "ward"}})
	if err != nil {
		log.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "ward", Type: arrow.BinaryTypes.String}}, nil))
	defer b.Release()
	for i := range 1200 {
		b.Field(0).(*array.StringBuilder).Append([]string{"A1", "B2", "C3"}[i%3])
	}
	rec := b.NewRecord()
	defer rec.Release()
	out, err := p.Transform(context.Background(), rec)
	if err != nil {
		log.Fatal(err)
	}
	defer out.Release()
	counts := p.NewCounts()
	if err := counts.Add(rec, out); err != nil {
		log.Fatal(err)
	}
	fmt.Println(errors.Is(counts.Err(), pseudonym.ErrLowEntropy))
	m, err := p.Manifest(counts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Columns[0].Spec)
	fmt.Println(m.Columns[0].Values, m.Columns[0].Distinct)
	// Output:
	// true
	// lethe.pseudonym/v1 hmac domain="ward-study" entity="ward"
	// 1200 3
}
