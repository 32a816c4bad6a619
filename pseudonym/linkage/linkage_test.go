package linkage

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/pseudonym"
)

var project = pseudonym.Field{Domain: "registry", Entity: "person"}

// root is the key first, first+1, …
func root(first byte) []byte {
	key := make([]byte, 32)
	for i := range key {
		key[i] = first + byte(i)
	}
	return key
}

// keyring opens a key file with that key.
func keyring(tb testing.TB, first byte) *pseudonym.Keyring {
	tb.Helper()
	value := append([]byte{0x12, 0x02, 0x08, 0x03, 0x1a, 0x20}, root(first)...)
	text := fmt.Sprintf(`{"primaryKeyId":7,"key":[{"keyData":{"typeUrl":`+
		`"type.googleapis.com/google.crypto.tink.HkdfPrfKey","value":%q,"keyMaterialType":`+
		`"SYMMETRIC"},"status":"ENABLED","keyId":7,"outputPrefixType":"RAW"}]}`,
		base64.StdEncoding.EncodeToString(value))
	path := filepath.Join(tb.TempDir(), "keys.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	kr, err := pseudonym.Open(context.Background(), pseudonym.KeyFile(path))
	if err != nil {
		tb.Fatal(err)
	}
	return kr
}

func config(h Hardening) Config {
	weight := 400
	if h == Balance {
		weight = 100
	}
	names := []string{"trim", "nfc", "fold"}
	return Config{Project: project, Hardening: h, Features: []Feature{
		{Column: "given", Canonical: names, Bits: weight},
		{Column: "family", Canonical: names, Bits: weight},
		{Column: "born", Bits: weight},
	}}
}

func encoder(tb testing.TB, mem memory.Allocator, first byte, cfg Config) *Encoder {
	tb.Helper()
	e, err := New(keyring(tb, first), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	e.mem = mem
	return e
}

type person struct{ given, family, born string }

func table(mem memory.Allocator, people []person) arrow.Record {
	b := array.NewRecordBuilder(mem, arrow.NewSchema([]arrow.Field{
		{Name: "given", Type: arrow.BinaryTypes.String},
		{Name: "family", Type: arrow.BinaryTypes.String},
		{Name: "born", Type: arrow.BinaryTypes.String},
	}, nil))
	defer b.Release()
	for _, p := range people {
		for i, v := range []string{p.given, p.family, p.born} {
			if c := b.Field(i).(*array.StringBuilder); v == "NULL" {
				c.AppendNull()
			} else {
				c.Append(v)
			}
		}
	}
	return b.NewRecord()
}

func encode(tb testing.TB, e *Encoder, people []person) *array.FixedSizeBinary {
	tb.Helper()
	rec := table(memory.DefaultAllocator, people)
	defer rec.Release()
	a, err := e.Encode(context.Background(), rec)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// randomPeople have names of syllables, so that unrelated ones share bigrams.
func randomPeople(rng *rand.Rand, n int) []person {
	syllables := strings.Fields("an ber ca del en fra ge hol is ja ka lin mar nor os pe ra " +
		"sch ta ur vin wil xa yo zim stein mann son ova ski")
	name := func() string {
		s := ""
		for range 2 + rng.IntN(2) {
			s += syllables[rng.IntN(len(syllables))]
		}
		return s
	}
	people := make([]person, n)
	for i := range people {
		people[i] = person{name(), name(), fmt.Sprintf("%d-%02d-%02d",
			1930+rng.IntN(80), 1+rng.IntN(12), 1+rng.IntN(28))}
	}
	return people
}

// misspell changes, drops or swaps one letter of a name.
func misspell(rng *rand.Rand, p person) person {
	of := &p.given
	if rng.IntN(2) == 0 {
		of = &p.family
	}
	s := []byte(*of)
	i := rng.IntN(len(s) - 1)
	switch rng.IntN(3) {
	case 0:
		s[i] = 'a' + byte(rng.IntN(26))
	case 1:
		s = append(s[:i], s[i+1:]...)
	default:
		s[i], s[i+1] = s[i+1], s[i]
	}
	*of = string(s)
	return p
}

// TestLinkage finds misspelt people again. The people are drawn with a fixed
// seed and the keys are fixed, so that the test is deterministic.
func TestLinkage(t *testing.T) {
	for _, c := range []struct {
		hardening         Hardening
		threshold         float64
		precision, recall float64
	}{{Fold, 0.75, 0.99, 0.95}, {Balance, 0.75, 0.99, 0.95}} {
		t.Run(string(c.hardening), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			all := randomPeople(rng, 1500)
			left, right := all[:1000], make([]person, 1000)
			for i := range right { // rows 500 to 999 of all are in both, misspelt
				right[i] = misspell(rng, all[500+i])
			}
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			e := encoder(t, mem, 1, config(c.hardening))
			a, b := encode(t, e, left), encode(t, e, right)
			defer a.Release()
			defer b.Release()
			pairs, err := Pairs(context.Background(), a, b, c.threshold)
			if err != nil {
				t.Fatal(err)
			}
			found, right500 := Best(pairs), 0
			for _, p := range found {
				if p.Left == p.Right+500 {
					right500++
				}
			}
			precision := float64(right500) / float64(len(found))
			recall := float64(right500) / 500
			t.Logf("precision %.3f, recall %.3f", precision, recall)
			if precision < c.precision || recall < c.recall {
				t.Errorf("precision %.3f, recall %.3f; want %.2f, %.2f",
					precision, recall, c.precision, c.recall)
			}
		})
	}
}

// TestOtherKeysAndProjects sees that filters of the same people are unrelated
// under another key, domain, data set or feature name: their mean similarity
// is that of independent sets of bits.
func TestOtherKeysAndProjects(t *testing.T) {
	people := randomPeople(rand.New(rand.NewPCG(3, 4)), 2000)
	for _, h := range []Hardening{Fold, Balance} {
		base := encode(t, encoder(t, memory.DefaultAllocator, 1, config(h)), people)
		defer base.Release()
		others := map[string]func(c *Config) byte{
			"key":     func(*Config) byte { return 2 },
			"domain":  func(c *Config) byte { c.Project.Domain = "x"; return 1 },
			"entity":  func(c *Config) byte { c.Project.Entity = "x"; return 1 },
			"dataset": func(c *Config) byte { c.Project.Dataset = "x"; return 1 },
		}
		for name, change := range others {
			cfg := config(h)
			key := change(&cfg)
			a := encode(t, encoder(t, memory.DefaultAllocator, key, cfg), people)
			defer a.Release()
			// Of bits set independently, p and q of 1,024, p·q/1024 are common.
			// The sum of 2,000 differences has a standard deviation of about
			// 16·√2000: six of them are a chance of 2e-9.
			sum := 0.0
			for i := range people {
				x, y := load(base.Value(i)), load(a.Value(i))
				sum += float64(x.common(&y)) - float64(x.ones())*float64(y.ones())/FilterBits
			}
			// The patterns of common n-grams repeat, so the differences are not
			// independent; the bound is a tenth of what related filters show.
			if mean := math.Abs(sum) / float64(len(people)); mean > 12 {
				t.Errorf("%s, another %s: %.1f more common ones than independent sets have",
					h, name, mean)
			}
			if d, _ := Dice(base.Value(0), a.Value(0)); d > 0.65 {
				t.Errorf("%s, another %s: Dice %.2f for the same person", h, name, d)
			}
		}
	}
}

// TestOracle sets the bits of one person with the standard library alone.
func TestOracle(t *testing.T) {
	cfg := config(Fold)
	for i := range cfg.Features {
		cfg.Features[i].Bits = 40
	}
	a := encode(t, encoder(t, memory.DefaultAllocator, 1, cfg), []person{{" ANNA", "NULL", ""}})
	defer a.Release()
	info := ""
	for _, part := range []string{"lethe.pseudonym/v1", "derive", "registry", "person", "",
		"linkage/clk/v1/feature/given"} {
		info += string(rune(len(part))) + part
	}
	key, err := hkdf.Key(sha256.New, root(1), nil, info, 32)
	if err != nil {
		t.Fatal(err)
	}
	var long [2048]bool
	for _, gram := range []string{"an", "nn", "na"} { // 40 of 3: 13 each
		h := hmac.New(sha256.New, key)
		h.Write([]byte("\x00" + gram))
		sum := h.Sum(nil)
		for i := range 13 {
			long[(int(sum[2*i])<<8|int(sum[2*i+1]))%2048] = true
		}
	}
	want := make([]byte, FilterBytes)
	for i := range 1024 {
		if long[i] != long[i+1024] {
			want[i/8] |= 1 << (i % 8)
		}
	}
	if !bytes.Equal(a.Value(0), want) {
		t.Errorf("got  %x\nwant %x", a.Value(0), want)
	}
}

func TestBalanced(t *testing.T) {
	people := randomPeople(rand.New(rand.NewPCG(5, 6)), 300)
	a := encode(t, encoder(t, memory.DefaultAllocator, 1, config(Balance)), people)
	defer a.Release()
	for i := range people {
		if f := load(a.Value(i)); f.ones() != FilterBits/2 {
			t.Fatalf("row %d has %d ones, want %d", i, f.ones(), FilterBits/2)
		}
	}
}

// TestLength sees that a filter does not tell how long a name is.
func TestLength(t *testing.T) {
	e := encoder(t, memory.DefaultAllocator, 1, config(Fold))
	a := encode(t, e, []person{
		{"abcdef", "ghijkl", "1990-01-01"},
		{"abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba", "1990-01-01"},
	})
	defer a.Release()
	short, long := load(a.Value(0)), load(a.Value(1))
	if d := short.ones() - long.ones(); d < -60 || d > 60 {
		t.Errorf("%d ones for short names, %d for long ones", short.ones(), long.ones())
	}
}

func TestNullsAndForms(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	e := encoder(t, mem, 1, config(Fold))
	people := []person{{"Anna", "Ober", "1990-01-02"}, {"NULL", "NULL", "NULL"}, {"", "  ", ""},
		{"anna ", "OBER", "1990-01-02"}, {"NULL", "Ober", "1990-01-02"}}
	a := encode(t, e, people)
	defer a.Release()
	if a.IsNull(0) || !a.IsNull(1) || !a.IsNull(2) || a.IsNull(4) {
		t.Error("who has no feature must be null, and nobody else")
	}
	if !bytes.Equal(a.Value(0), a.Value(3)) {
		t.Error("canonical forms are equal, filters are not")
	}
	// Dictionaries, large strings and dates in their own type; sliced.
	for _, types := range [][]arrow.DataType{
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8,
			ValueType: arrow.BinaryTypes.String}, arrow.BinaryTypes.LargeString,
			arrow.FixedWidthTypes.Date32},
	} {
		var fields []arrow.Field
		var columns []arrow.Array
		for i, json := range []string{`["x", "Anna", null, "", "anna ", null]`,
			`["x", "Ober", null, "  ", "OBER", "Ober"]`,
			`["1980-01-01", "1990-01-02", null, null, "1990-01-02", "1990-01-02"]`} {
			c, _, err := array.FromJSON(mem, types[i], strings.NewReader(json))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Release()
			s := array.NewSlice(c, 1, 6)
			defer s.Release()
			columns = append(columns, s)
			fields = append(fields, arrow.Field{Name: config(Fold).Features[i].Column, Type: types[i]})
		}
		rec := array.NewRecord(arrow.NewSchema(fields, nil), columns, 5)
		defer rec.Release()
		b, err := e.Encode(context.Background(), rec)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Release()
		if !array.Equal(a, b) {
			t.Error("another encoding of the columns gives other filters")
		}
	}
}

func TestDice(t *testing.T) {
	a, b := make([]byte, FilterBytes), make([]byte, FilterBytes)
	a[0], b[0] = 0b1110, 0b0110
	if d, err := Dice(a, b); err != nil || d != 0.8 { // 2·2 / (3+2)
		t.Errorf("%v, %v, want 0.8", d, err)
	}
	if _, err := Dice(a[1:], b); err == nil {
		t.Error("takes 127 bytes")
	}
	if _, err := Dice(make([]byte, FilterBytes), make([]byte, FilterBytes)); err == nil {
		t.Error("takes empty filters")
	}
}

// TestPairs compares the pruned search with all comparisons.
func TestPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	people := randomPeople(rng, 120)
	a := encode(t, encoder(t, memory.DefaultAllocator, 1, config(Fold)), people)
	defer a.Release()
	for _, threshold := range []float64{0.3, 0.5, 0.62, 0.9, 1} {
		var want []Pair
		for i := range people {
			for j := range people {
				x, y := load(a.Value(i)), load(a.Value(j))
				both := 0
				for k := range x {
					both += bits.OnesCount64(x[k] & y[k])
				}
				if d := 2 * float64(both) / float64(x.ones()+y.ones()); d >= threshold {
					want = append(want, Pair{i, j, d})
				}
			}
		}
		got, err := Pairs(context.Background(), a, a, threshold)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("at %g: %d pairs, want %d", threshold, len(got), len(want))
		}
	}
	best := Best([]Pair{{0, 0, 0.8}, {0, 1, 0.9}, {1, 1, 0.85}, {2, 0, 0.7}})
	if fmt.Sprint(best) != "[{0 1 0.9} {2 0 0.7}]" {
		t.Errorf("best is %v", best)
	}
}

func TestRefusals(t *testing.T) {
	kr := keyring(t, 1)
	_, err := New(nil, Config{Features: []Feature{{Grams: 9}, {Column: "a", Bits: 3000},
		{Column: "a", Bits: 5, Canonical: []string{"x"}}}, Hardening: "none"})
	for _, want := range []string{"project: ", "hardening \"none\"", "feature 1 of 3: no column",
		"grams is 9", "bits is 0", "given twice", "bits is 5", "canonicalization \"x\"", "keyring"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"two features": {func(c *Config) { c.Features = c.Features[:2] }, "at least 3"},
		"no hardening": {func(c *Config) { c.Hardening = "" }, "no hardening"},
		"no domain":    {func(c *Config) { c.Project.Domain = "" }, "no domain"},
		"full":         {func(c *Config) { c.Features[0].Bits = 2000 }, "2800 bits of 2048"},
	} {
		cfg := config(Fold)
		c.change(&cfg)
		if _, err := New(kr, cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", name, err, c.want)
		}
	}
	e, err := New(kr, config(Fold))
	if err != nil {
		t.Fatal(err)
	}
	rec := table(memory.DefaultAllocator, []person{{"canary\xff", "b", "c"}})
	defer rec.Release()
	if _, err := e.Encode(context.Background(), rec); err == nil ||
		strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "row 0") {
		t.Errorf("error %v", err)
	}
	if _, err := (&Encoder{}).Encode(context.Background(), rec); err == nil {
		t.Error("a zero Encoder encodes")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Encode(ctx, rec); err == nil {
		t.Error("a cancelled context is not seen")
	}
	for _, threshold := range []float64{0, -1, 1.1, math.NaN()} {
		a := encode(t, e, nil)
		if _, err := Pairs(context.Background(), a, a, threshold); err == nil {
			t.Errorf("threshold %g is taken", threshold)
		}
		a.Release()
	}
	floats := array.NewFloat64Builder(memory.DefaultAllocator).NewArray()
	defer floats.Release()
	if _, err := Pairs(context.Background(), floats, floats, 0.5); err == nil {
		t.Error("floats are taken for filters")
	}
	other := array.NewRecord(arrow.NewSchema([]arrow.Field{
		{Name: "given", Type: arrow.PrimitiveTypes.Float64}}, nil), []arrow.Array{floats}, 0)
	defer other.Release()
	if _, err := e.Encode(context.Background(), other); err == nil ||
		!strings.Contains(err.Error(), "float64 cannot be encoded") ||
		!strings.Contains(err.Error(), `"born" occurs 0 times`) {
		t.Errorf("error %v", err)
	}
}

func TestPrintsNoKey(t *testing.T) {
	e := encoder(t, memory.DefaultAllocator, 1, config(Fold))
	for _, v := range []any{e, *e} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			if got := fmt.Sprintf(verb, v); got != "linkage.Encoder(REDACTED id=7)" {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
}

func TestConcurrent(t *testing.T) {
	people := randomPeople(rand.New(rand.NewPCG(9, 9)), 500)
	e := encoder(t, memory.DefaultAllocator, 1, config(Balance))
	want := encode(t, e, people)
	defer want.Release()
	done := make(chan bool)
	for range 4 {
		go func() {
			got := encode(t, e, people)
			defer got.Release()
			done <- array.Equal(want, got)
		}()
	}
	for range 4 {
		if !<-done {
			t.Error("concurrent use gives other filters")
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	people := randomPeople(rand.New(rand.NewPCG(1, 2)), 1<<14)
	e := encoder(b, memory.DefaultAllocator, 1, config(Fold))
	rec := table(memory.DefaultAllocator, people)
	defer rec.Release()
	b.ReportAllocs()
	for b.Loop() {
		a, err := e.Encode(context.Background(), rec)
		if err != nil {
			b.Fatal(err)
		}
		a.Release()
	}
	b.ReportMetric(float64(b.N)*float64(len(people))/b.Elapsed().Seconds()/1e6, "Mpeople/s")
}

func BenchmarkPairs(b *testing.B) {
	people := randomPeople(rand.New(rand.NewPCG(1, 2)), 4000)
	a := encode(b, encoder(b, memory.DefaultAllocator, 1, config(Balance)), people)
	defer a.Release()
	for b.Loop() {
		if _, err := Pairs(context.Background(), a, a, 0.8); err != nil {
			b.Fatal(err)
		}
	}
	n := float64(len(people))
	b.ReportMetric(float64(b.N)*n*n/b.Elapsed().Seconds()/1e6, "Mpairs/s")
}
