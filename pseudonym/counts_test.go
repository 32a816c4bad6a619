package pseudonym

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"pgregory.net/rapid"
)

// counted transforms batches of the values and counts them; an empty name of a
// value is null.
func counted(tb testing.TB, c Column, values []string, batch int, dictionary bool) *Counts {
	tb.Helper()
	c.Name = "c0"
	if c.Method == nil {
		c.Method = HMAC{}
	}
	if !traitsOf(c.Method).keyless {
		c.Field = testField
	}
	p, err := New(testKeyring(tb), c)
	if err != nil {
		tb.Fatal(err)
	}
	var all []*Counts
	for from := 0; from < len(values) || from == 0; from += batch {
		var b array.Builder = array.NewStringBuilder(memory.DefaultAllocator)
		if dictionary {
			b = array.NewDictionaryBuilder(memory.DefaultAllocator, &arrow.DictionaryType{
				IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String})
		}
		for _, v := range values[from:min(from+batch, len(values))] {
			if v == "" {
				b.AppendNull()
			} else if err := b.AppendValueFromString(v); err != nil {
				tb.Fatal(err)
			}
		}
		rec := record(b.NewArray())
		out, err := p.Transform(tb.Context(), rec)
		if err != nil {
			tb.Fatal(err)
		}
		counts := p.NewCounts()
		if err := counts.Add(rec, out); err != nil {
			tb.Fatal(err)
		}
		all = append(all, counts)
		out.Release()
		rec.Release()
	}
	// Three shards, merged.
	shards := []*Counts{p.NewCounts(), p.NewCounts(), p.NewCounts()}
	for i, c := range all {
		if err := shards[i%3].Merge(c); err != nil {
			tb.Fatal(err)
		}
	}
	for _, s := range shards[1:] {
		if err := shards[0].Merge(s); err != nil {
			tb.Fatal(err)
		}
	}
	return shards[0]
}

// series has n values of which the first occurs first times and the others
// share the rest of the rows evenly.
func series(rows, distinct, first int) []string {
	var values []string
	for range first {
		values = append(values, "canary-first")
	}
	for i := range rows - first {
		values = append(values, fmt.Sprintf("canary-%d", i%(distinct-1)))
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(values), func(i, j int) {
		values[i], values[j] = values[j], values[i]
	})
	return values
}

func TestGuards(t *testing.T) {
	for _, c := range []struct {
		name   string
		column Column
		values []string
		want   string // of the refusal; empty for none
	}{
		{"few rows", Column{}, series(999, 2, 900), ""},
		{"none", Column{}, nil, ""},
		{"999 distinct", Column{}, series(20_000, 999, 20), "999 distinct values in 20000 rows"},
		{"a tenth", Column{}, series(5000, 500, 10), ""},
		{"below a tenth", Column{}, series(5000, 499, 10), "499 distinct values in 5000 rows, want at least 500"},
		{"1000 distinct", Column{}, series(20_000, 1000, 20), ""},
		{"10 %", Column{}, series(20_000, 1000, 2000), ""},
		{"above 10 %", Column{}, series(20_000, 1000, 2001), "one value makes up 10.1 % of 20000 rows"},
		{"above 10 % of many", Column{}, series(60_000, 50_000, 6010), "one value makes up 10.1 %"},
		{"below 10 % of many", Column{}, series(60_000, 50_000, 5980), ""},
		{"nulls do not count", Column{Sentinels: []string{"canary-first"}}, series(20_000, 1500, 9000), ""},
		{"kept ones do not count", Column{Sentinels: []string{"canary-first"}, SentinelAs: Keep},
			series(20_000, 1500, 9000), ""},
		{"one form", Column{Canonical: []string{"digits"}}, series(20_000, 1000, 10), ""},
		{"no tokens", Column{Method: Constant{"x"}}, series(5000, 2, 100), ""},
		{"no tokens either", Column{Method: Mask{KeepFirst: 1}}, series(5000, 2, 100), ""},
		{"reversible", Column{Method: SIV{}}, series(5000, 20, 100), "20 distinct values"},
		{"int63, as many as there may be", Column{Method: HMAC{Format: Int63}},
			series(135_819, 135_818, 2), ""},
		{"int63, more", Column{Method: HMAC{Format: Int63}}, series(135_820, 135_819, 2),
			"tokens of 63 bits are good for 135818 distinct values"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if len(c.values) > 50_000 && (testing.Short() || raceEnabled) {
				t.Skip("large tables are for a run without the race detector")
			}
			for _, batch := range []int{len(c.values)/7 + 1, len(c.values) + 1} {
				for _, dictionary := range []bool{false, true} {
					counts := counted(t, c.column, c.values, batch, dictionary)
					err := counts.Err()
					if c.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
						t.Errorf("batch %d, dictionary %t: error %v, want %q in it",
							batch, dictionary, err, c.want)
					}
					if err != nil && (strings.Contains(err.Error(), "canary") ||
						!errors.Is(err, ErrLowEntropy) && !errors.Is(err, ErrCollision)) {
						t.Errorf("error %v", err)
					}
				}
			}
		})
	}
}

func TestGuardsOverridden(t *testing.T) {
	values := series(2000, 10, 100)
	c := counted(t, Column{LowEntropy: "wards are public"}, values, 500, false)
	v := c.Verdicts()[0]
	if c.Err() != nil || v.Refused != nil || !errors.Is(v.Accepted, ErrLowEntropy) ||
		v.Reason != "wards are public" || v.Column != "c0" {
		t.Errorf("verdict %+v", v)
	}
	if v := counted(t, Column{LowEntropy: "x"}, series(5000, 4000, 2), 500, false).Verdicts()[0]; v.Accepted != nil ||
		v.Reason != "" {
		t.Errorf("nothing to accept, but %+v", v)
	}
}

// A collision cannot be made with a good key, so one is put in.
func TestCollision(t *testing.T) {
	c := counted(t, Column{Method: HMAC{Format: Int63}, LowEntropy: "no excuse"},
		series(100, 50, 2), 10, false)
	if c.Err() != nil {
		t.Fatal(c.Err())
	}
	for token, value := range c.columns[0].values {
		c.columns[0].pair(token, value) // again
		if c.Err() != nil {
			t.Fatal("the same value twice is taken for two")
		}
		c.columns[0].pair(token, value+1)
		break
	}
	if err := c.Err(); !errors.Is(err, ErrCollision) || !strings.Contains(err.Error(), "same token") {
		t.Errorf("error %v", err)
	}
}

func TestCountsOfLists(t *testing.T) {
	p, err := New(testKeyring(t), Column{Name: "c0", Field: testField, Method: HMAC{Format: Int63}})
	if err != nil {
		t.Fatal(err)
	}
	whole := build(t, memory.DefaultAllocator, arrow.ListOf(arrow.BinaryTypes.String),
		`[["x"], ["a", "b"], null, [null, "a"]]`)
	rec := record(array.NewSlice(whole, 1, 4))
	out, err := p.Transform(t.Context(), rec)
	if err != nil {
		t.Fatal(err)
	}
	c := p.NewCounts()
	if err := c.Add(rec, out); err != nil {
		t.Fatal(err)
	}
	m, err := p.Manifest(c)
	if err != nil || m.Columns[0].Values != 3 || m.Columns[0].Nulls != 1 || m.Columns[0].Distinct != 2 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestManifest(t *testing.T) {
	field := Field{"ward", "patient", "secret release"}
	p, err := New(testKeyring(t),
		Column{Name: "c0", Field: field, Method: HMAC{Format: UUID}, Canonical: []string{"trim"},
			LowEntropy: "a test"},
		Column{Name: "c1", Method: Redact{}})
	if err != nil {
		t.Fatal(err)
	}
	text := arrow.BinaryTypes.String
	rec := record(build(t, memory.DefaultAllocator, text, `["canary", "canary ", null]`),
		build(t, memory.DefaultAllocator, text, `["canary", null, "x"]`))
	defer rec.Release()
	out, err := p.Transform(t.Context(), rec)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	c := p.NewCounts()
	if err := c.Add(rec, out); err != nil {
		t.Fatal(err)
	}
	m, err := p.Manifest(c)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := m.WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{
	"version": 1,
	"columns": [
		{
			"column": "c0",
			"method": "hmac{format=\"uuid\"}",
			"spec": "lethe.pseudonym/v1 hmac{format=\"uuid\"} canonical=trim domain=\"ward\" entity=\"patient\" dataset=sha256:%s",
			"key_id": 1234567,
			"bits": 122,
			"canonical": "trim",
			"values": 2,
			"nulls": 1,
			"distinct": 1,
			"low_entropy": "a test"
		},
		{
			"column": "c1",
			"method": "redact",
			"spec": "lethe.pseudonym/v1 redact",
			"values": 0,
			"nulls": 3
		}
	]
}
`, field.datasetDigest())
	if buf.String() != want {
		t.Errorf("got\n%s\nwant\n%s", buf.String(), want)
	}
	noKey(t, buf.String(), testRoot())
	if strings.Contains(buf.String(), "canary") || strings.Contains(buf.String(), "secret") {
		t.Error("a value or the data set in a manifest")
	}
	if m, err := p.Manifest(nil); err != nil || len(m.Columns) != 2 || m.Columns[0].Values != 0 {
		t.Errorf("%+v, %v", m, err)
	}
	other, err := New(testKeyring(t), Column{Name: "c0", Field: testField, Method: HMAC{}},
		Column{Name: "c1", Method: Redact{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Manifest(c); err == nil {
		t.Error("takes counts of other columns")
	}
	if err := p.NewCounts().Merge(&Counts{}); err == nil {
		t.Error("merges counts of no columns")
	}
	if err := c.Add(rec, rec.NewSlice(0, 1)); err == nil {
		t.Error("counts records of different lengths")
	}
}

// TestTally compares the summary with exact counts of random streams.
func TestTally(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 20 {
		exact := map[uint64]int64{}
		parts := make([]tally, 4)
		distinct := 1 + rng.IntN(12_000)
		var total int64
		for range 30_000 {
			h := uint64(rng.IntN(distinct))
			if rng.IntN(10) == 0 {
				h = 7
			}
			h *= 0x9e3779b97f4a7c15
			n := int64(1 + rng.IntN(3))
			exact[h] += n
			total += n
			parts[rng.IntN(4)].add(h, n)
		}
		sum := &tally{}
		for i := range parts {
			before := parts[i]
			sum.merge(&parts[i])
			if before.total != parts[i].total {
				t.Fatal("the other was changed")
			}
		}
		if sum.total != total || sum.lost > total/(counters+1) || sum.size >= mostCounters {
			t.Fatalf("total %d of %d, lost %d, %d counters", sum.total, total, sum.lost, sum.size)
		}
		most := int64(0)
		for h, n := range exact {
			most = max(most, n)
			if c := sum.find(h).count; c > n || c+sum.lost < n {
				t.Fatalf("a count of %d is said to be %d to %d", n, c, c+sum.lost)
			}
		}
		if top := sum.top(); top < most || top > most+total/(counters+1) {
			t.Fatalf("top is %d, want %d", top, most)
		}
		n, all := sum.distinct()
		if len(exact) <= counters/4 && (!all || n != int64(len(exact))) || all && n != int64(len(exact)) {
			t.Fatalf("%d distinct, exact %t, want %d", n, all, len(exact))
		}
	}
}

func TestLargestBut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64()), 1, 40).
			Draw(t, "numbers")
		n := rapid.IntRange(0, len(numbers)-1).Draw(t, "n")
		sorted := slices.Sorted(slices.Values(numbers))
		if got, want := largestBut(n, numbers), sorted[len(sorted)-1-n]; got != want {
			t.Fatalf("%d, want %d", got, want)
		}
	})
}

func BenchmarkCounts(b *testing.B) {
	values := series(1<<16, 1<<16, 1)
	p, err := New(testKeyring(b), Column{Name: "c0", Field: testField, Method: HMAC{}})
	if err != nil {
		b.Fatal(err)
	}
	s := array.NewStringBuilder(memory.DefaultAllocator)
	s.AppendValues(values, nil)
	rec := record(s.NewArray())
	defer rec.Release()
	out, err := p.Transform(b.Context(), rec)
	if err != nil {
		b.Fatal(err)
	}
	defer out.Release()
	c := p.NewCounts()
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Add(rec, out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(values))/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
