package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lethe-go/lethe/pseudonym"
	"github.com/lethe-go/lethe/pseudonym/crosswalk"
)

// makeTokens is "tokens METHOD KEYS TABLE VALUE…": the file tokens.csv holds
// the tokens of the values in a column id of the domain test and the entity
// patient. TABLE is the file of a crosswalk.
func makeTokens(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: tokens METHOD KEYS TABLE VALUE…")
	}
	ring, err := pseudonym.Open(context.Background(), pseudonym.KeyFile(ts.MkAbs(args[1])))
	ts.Check(err)
	column := pseudonym.Column{Name: "id",
		Field: pseudonym.Field{Domain: "test", Entity: "patient"}}
	switch args[0] {
	case "siv":
		column.Method = pseudonym.SIV{}
	case "ff1":
		column.Method = pseudonym.FF1{Shape: pseudonym.ShapeDigits}
	case "crosswalk":
		if err := crosswalk.Create(ts.MkAbs(args[2])); !errors.Is(err, fs.ErrExist) {
			ts.Check(err)
		}
		table, err := crosswalk.Open(ts.MkAbs(args[2]), nil)
		ts.Check(err)
		column.Method = pseudonym.Crosswalk{Table: table}
	}
	p, err := pseudonym.New(ring, column)
	ts.Check(err)
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendStringValues(args[3:], nil)
	a := b.NewArray()
	defer a.Release()
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "id", Type: a.DataType()}}, nil),
		[]arrow.Array{a}, int64(a.Len()))
	defer rec.Release()
	out, err := p.Transform(context.Background(), rec)
	ts.Check(err)
	defer out.Release()
	var text strings.Builder
	text.WriteString("id\n")
	for i := range out.NumRows() {
		text.WriteString(out.Column(0).ValueStr(int(i)) + "\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs("tokens.csv"), []byte(text.String()), 0o600))
}
