package kanon

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/shared"
)

// All parameters of reference/sdc/safepub_parameters.json.
func TestSafePubParameters(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(shared.Dir(t), "reference", "sdc", "safepub_parameters.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Table map[string]struct {
			K    int
			Beta float64
		}
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Table) != 28 {
		t.Fatalf("%d parameters, want 28", len(doc.Table))
	}
	for key, want := range doc.Table {
		var s SafePub
		if _, err := fmt.Sscanf(strings.Replace(key, ",", " ", 1), "%g %g", &s.Epsilon, &s.Delta); err != nil {
			t.Fatal(err)
		}
		k, rate, err := s.Parameters()
		if err != nil || k != want.K || math.Abs(rate-want.Beta) > 1e-12 {
			t.Errorf("%s: k %d, rate %v, %v; want %d, %v", key, k, rate, err, want.K, want.Beta)
		}
	}
}

// A thousand rows of one class and thirty of another: about 632 of the first
// are published, 6 standard deviations either way, and none of the second, of
// which fewer than k are there.
func TestSafePubByHand(t *testing.T) {
	var rows []person
	for i := range 1030 {
		zip := "100"
		if i < 30 {
			zip = "200"
		}
		rows = append(rows, person{id: "x", age: 20, zip: zip, note: "flu"})
	}
	rec := encoding{}.record(t, memory.NewGoAllocator(), rows)
	defer rec.Release()
	all := array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
	defer all.Release()
	table, err := columnsOf(all, []string{"zip"})
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	s := SafePub{Epsilon: 1, Delta: 1e-5, Quasi: []Quasi{
		{Column: "zip", Hierarchy: Prefix{Length: 3}, MinLevel: 1}}}
	out, found, err := s.Apply(context.Background(), table)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	if found.Classes != 1 || found.Smallest < 540 || found.Smallest > 725 || !found.Holds ||
		out.NumRows() != found.Rows {
		t.Errorf("audit:\n%s", found)
	}
	if again, _, err := s.Apply(context.Background(), table); err != nil {
		t.Error(err)
	} else {
		again.Release()
	}
	if _, _, err := s.Apply(context.Background(), all); err == nil ||
		!strings.Contains(err.Error(), `column "note" is no quasi-identifier`) {
		t.Errorf("error %v", err)
	}
	for _, bad := range []SafePub{{Epsilon: 0, Delta: 1e-5}, {Epsilon: 1}, {Epsilon: math.NaN(), Delta: 2}} {
		if _, _, err := bad.Apply(context.Background(), table); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
	s.Quasi = slices.Clone(s.Quasi)
	s.Quasi[0].MinLevel = 0
	if _, _, err := s.Apply(context.Background(), table); err == nil ||
		!strings.Contains(err.Error(), "chosen without the table") {
		t.Errorf("error %v", err)
	}
}

// The order of rows is random: that of the first two of two classes is not
// always the same. It fails by chance once in 2^40.
func TestShuffled(t *testing.T) {
	rows := make([]person, 0, 200)
	for i := range 200 {
		rows = append(rows, person{id: "x", age: 20, zip: []string{"100", "200"}[i/100], note: "flu"})
	}
	rec := encoding{}.record(t, memory.NewGoAllocator(), rows)
	defer rec.Release()
	all := array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
	defer all.Release()
	table, err := columnsOf(all, []string{"zip"})
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	s := SafePub{Epsilon: 1, Delta: 1e-2, Quasi: []Quasi{
		{Column: "zip", Hierarchy: Prefix{Length: 3}, MinLevel: 1}}}
	out, _, err := s.Apply(context.Background(), table)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	text := out.Column(0).Data().Chunk(0).(*array.String)
	changes := 0
	for i := 1; i < text.Len(); i++ {
		if text.Value(i) != text.Value(i-1) {
			changes++
		}
	}
	if changes < 5 {
		t.Errorf("%d changes of class in %d rows", changes, text.Len())
	}
}
