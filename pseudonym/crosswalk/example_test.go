package crosswalk_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lethe-go/lethe/pseudonym"
	"github.com/lethe-go/lethe/pseudonym/crosswalk"
)

// A token is random and remembered: the same person has the same one in
// tables that are pseudonymized on different days.
func Example() {
	dir, err := os.MkdirTemp("", "crosswalk")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	keys, path := filepath.Join(dir, "keys.json"), filepath.Join(dir, "ward.crosswalk")
	if err := pseudonym.CreateKeyFile(keys); err != nil {
		log.Fatal(err)
	}
	if err := crosswalk.Create(path); err != nil {
		log.Fatal(err)
	}
	var tokens []string
	for range 2 { // days
		kr, err := pseudonym.Open(context.Background(), pseudonym.KeyFile(keys))
		if err != nil {
			log.Fatal(err)
		}
		table, err := crosswalk.Open(path, nil)
		if err != nil {
			log.Fatal(err)
		}
		p, err := pseudonym.New(kr, pseudonym.Column{
			Name:   "patient",
			Field:  pseudonym.Field{Domain: "ward-study", Entity: "patient"},
			Method: pseudonym.Crosswalk{Table: table},
		})
		if err != nil {
			log.Fatal(err)
		}
		a := strs("ada", "bob", "ada")
		rec := array.NewRecord(arrow.NewSchema([]arrow.Field{
			{Name: "patient", Type: a.DataType()}}, nil), []arrow.Array{a}, 3)
		out, err := p.Transform(context.Background(), rec)
		if err != nil {
			log.Fatal(err)
		}
		tokens = append(tokens, values(out.Column(0))...)
	}
	fmt.Println("ada = ada:", tokens[0] == tokens[2])
	fmt.Println("ada = bob:", tokens[0] == tokens[1])
	fmt.Println("today = yesterday:", tokens[0] == tokens[3] && tokens[1] == tokens[4])
	// Output:
	// ada = ada: true
	// ada = bob: false
	// today = yesterday: true
}
