package pseudonym_test

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
)

// keyring makes a key file and opens it.
func keyring() *pseudonym.Keyring {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "keys.json")
	if err := pseudonym.CreateKeyFile(path); err != nil {
		log.Fatal(err)
	}
	kr, err := pseudonym.Open(context.Background(), pseudonym.KeyFile(path))
	if err != nil {
		log.Fatal(err)
	}
	return kr
}

// table is a record of one column.
func table(name, values string) arrow.Record {
	a, _, err := array.FromJSON(memory.DefaultAllocator, arrow.BinaryTypes.String,
		strings.NewReader(values))
	if err != nil {
		log.Fatal(err)
	}
	defer a.Release()
	schema := arrow.NewSchema([]arrow.Field{{Name: name, Type: a.DataType(), Nullable: true}}, nil)
	return array.NewRecord(schema, []arrow.Array{a}, int64(a.Len()))
}

// Two tables still join although their columns have different names.
func Example() {
	kr := keyring()
	patient := pseudonym.Field{Domain: "ward-study", Entity: "patient"}
	tokens := func(name, values string) *array.String {
		p, err := pseudonym.New(kr, pseudonym.Column{
			Name: name, Field: patient, Method: pseudonym.HMAC{}})
		if err != nil {
			log.Fatal(err)
		}
		rec := table(name, values)
		defer rec.Release()
		out, err := p.Transform(context.Background(), rec)
		if err != nil {
			log.Fatal(err)
		}
		return out.Column(0).(*array.String)
	}
	patients := tokens("id", `["P-0001", "P-0002"]`)
	visits := tokens("patient_id", `["P-0002", "P-0002", "P-0001", null]`)
	for i := range visits.Len() {
		switch {
		case visits.IsNull(i):
			fmt.Println("visit", i, "of nobody")
		case visits.Value(i) == patients.Value(0):
			fmt.Println("visit", i, "of the first patient")
		case visits.Value(i) == patients.Value(1):
			fmt.Println("visit", i, "of the second patient")
		}
	}
	fmt.Println(len(patients.Value(0)), "characters")
	// Output:
	// visit 0 of the second patient
	// visit 1 of the second patient
	// visit 2 of the first patient
	// visit 3 of nobody
	// 26 characters
}

// Mistakes are reported all at once, and a key is never shown.
func ExampleNew() {
	_, err := pseudonym.New(keyring(),
		pseudonym.Column{Name: "id", Field: pseudonym.Field{Domain: "study"}},
		pseudonym.Column{Name: "id", Method: pseudonym.HMAC{Format: "md5"}})
	fmt.Println(err)
	fmt.Printf("%#v\n", &pseudonym.Keyring{})
	// Output:
	// pseudonym: 6 mistakes
	// 	column "id": no entity
	// 	column "id": no method
	// 	column "id": given twice
	// 	column "id": no domain
	// 	column "id": no entity
	// 	column "id": format "md5" is not known, want base32, hex, binary, uuid or int63
	// pseudonym.Keyring(REDACTED id=0)
}

// A sample of people: all rows of a person stay or none does.
func ExampleSampler_Keep() {
	s, err := pseudonym.NewSampler(keyring(),
		pseudonym.Field{Domain: "ward-study", Entity: "patient"}, 0.5)
	if err != nil {
		log.Fatal(err)
	}
	rec := table("patient_id", `["P-0001", "P-0002", "P-0001", "P-0002"]`)
	defer rec.Release()
	keep := []bool{true, true, true, true}
	if err := s.Keep(rec.Column(0), keep); err != nil {
		log.Fatal(err)
	}
	fmt.Println(keep[0] == keep[2], keep[1] == keep[3])
	// Output: true true
}
