package reid_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/pseudonym"
	"github.com/lethe-go/lethe/pseudonym/crosswalk"
	"github.com/lethe-go/lethe/pseudonym/reid"
)

var (
	ctx   = context.Background()
	field = pseudonym.Field{Domain: "ward-study", Entity: "patient"}
)

// sink keeps records, or fails.
type sink struct {
	mu      sync.Mutex
	records []reid.Record
	err     error
}

func (s *sink) Append(_ context.Context, r reid.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.records = append(s.records, r)
	return nil
}

func newKeys(tb testing.TB) (pseudonym.KeySource, *pseudonym.Keyring) {
	tb.Helper()
	src := pseudonym.KeyFile(filepath.Join(tb.TempDir(), "keys.json"))
	if err := pseudonym.CreateKeys(ctx, src); err != nil {
		tb.Fatal(err)
	}
	return src, open(tb, src)
}

func open(tb testing.TB, src pseudonym.KeySource) *pseudonym.Keyring {
	tb.Helper()
	kr, err := pseudonym.Open(ctx, src)
	if err != nil {
		tb.Fatal(err)
	}
	return kr
}

func strs(list ...string) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for _, s := range list {
		if s == "null" {
			b.AppendNull()
		} else {
			b.Append(s)
		}
	}
	return b.NewArray()
}

// tokens pseudonymizes values.
func tokens(tb testing.TB, kr *pseudonym.Keyring, c pseudonym.Column, a arrow.Array) arrow.Array {
	tb.Helper()
	p, err := pseudonym.New(kr, c)
	if err != nil {
		tb.Fatal(err)
	}
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{
		{Name: c.Name, Type: a.DataType(), Nullable: true}}, nil), []arrow.Array{a}, int64(a.Len()))
	defer rec.Release()
	out, err := p.Transform(ctx, rec)
	if err != nil {
		tb.Fatal(err)
	}
	defer out.Release()
	out.Column(0).Retain()
	return out.Column(0)
}

func values(a arrow.Array) []string {
	list := make([]string, a.Len())
	for i := range list {
		if list[i] = "null"; a.IsValid(i) {
			list[i] = a.ValueStr(i)
		}
	}
	return list
}

func config(s reid.AuditSink) reid.Config {
	return reid.Config{Purpose: "a test", Actor: "m.curie", Audit: s, MaxBatch: 20}
}

func newTable(tb testing.TB) *crosswalk.Table {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "table")
	if err := crosswalk.Create(path); err != nil {
		tb.Fatal(err)
	}
	table, err := crosswalk.Open(path, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

func TestRoundTrip(t *testing.T) {
	_, kr := newKeys(t)
	table := newTable(t)
	words := []string{"ada", "null", "zoë", "ada", "", "a much longer name, of another bucket"}
	digits := []string{"1234567", "null", "0000000", "1234567"}
	for name, test := range map[string]struct {
		method pseudonym.Method
		values []string
	}{
		"siv":             {pseudonym.SIV{}, words},
		"siv hex":         {&pseudonym.SIV{Format: pseudonym.Hex, Bucket: 1}, words},
		"siv binary":      {pseudonym.SIV{Format: pseudonym.Binary}, words},
		"ff1":             {pseudonym.FF1{Shape: pseudonym.ShapeDigits}, digits},
		"crosswalk":       {pseudonym.Crosswalk{Table: table}, words},
		"crosswalk uuid":  {&pseudonym.Crosswalk{Table: table, Format: pseudonym.UUID}, words},
		"crosswalk bytes": {pseudonym.Crosswalk{Table: table, Format: pseudonym.Binary}, words},
	} {
		c := pseudonym.Column{Name: "id", Field: field, Method: test.method}
		in := strs(test.values...)
		tok := tokens(t, kr, c, in)
		audit := &sink{}
		r, err := reid.New(kr, config(audit), c)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out, err := r.Reverse(ctx, "id", tok)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := values(out); !slices.Equal(got, test.values) {
			t.Errorf("%s: got %q, want %q", name, got, test.values)
		}
		// The same of a dictionary.
		typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: tok.DataType()}
		if tok.DataType().ID() == arrow.STRING {
			b := array.NewDictionaryBuilder(memory.DefaultAllocator, typ).(*array.BinaryDictionaryBuilder)
			for i := range tok.Len() {
				if tok.IsNull(i) {
					b.AppendNull()
				} else if err := b.AppendString(tok.ValueStr(i)); err != nil {
					t.Fatal(err)
				}
			}
			dict := b.NewArray()
			again, err := r.Reverse(ctx, "id", dict)
			if err != nil || !slices.Equal(values(again), test.values) {
				t.Errorf("%s, dictionary: %v", name, err)
			}
			dict.Release()
			b.Release()
		}
		first := audit.records[0]
		if first.Actor != "m.curie" || first.Purpose != "a test" || first.Column != "id" ||
			first.Domain != field.Domain || first.Entity != field.Entity || first.Rows != len(test.values)-1 ||
			first.Tokens != len(test.values)-2 || len(first.Digests) != first.Tokens ||
			!slices.Equal(first.KeyIDs, []uint32{kr.ID()}) || first.Time.IsZero() {
			t.Errorf("%s: record %+v", name, first)
		}
		if tok.DataType().ID() == arrow.STRING {
			sum := sha256.Sum256([]byte(tok.ValueStr(0)))
			if first.Digests[0] != hex.EncodeToString(sum[:]) {
				t.Errorf("%s: digest %s of the first token", name, first.Digests[0])
			}
		}
		in.Release()
		tok.Release()
		out.Release()
	}
}

// Tokens of old keys are reversed as long as these are enabled.
func TestOldKeys(t *testing.T) {
	src, first := newKeys(t)
	table := newTable(t)
	in := strs("ada", "bob")
	defer in.Release()
	number := strs("1234567")
	defer number.Release()
	siv := pseudonym.Column{Name: "id", Field: field, Method: pseudonym.SIV{}}
	cross := pseudonym.Column{Name: "id", Field: field, Method: pseudonym.Crosswalk{Table: table}}
	ff1 := pseudonym.Column{Name: "id", Field: field,
		Method: pseudonym.FF1{Shape: pseudonym.ShapeDigits}}
	old := map[string]arrow.Array{"siv": tokens(t, first, siv, in), "cross": tokens(t, first, cross, in),
		"ff1": tokens(t, first, ff1, number)}
	if _, err := pseudonym.RotateKeys(ctx, src); err != nil {
		t.Fatal(err)
	}
	kr := open(t, src)
	reverse := func(kr *pseudonym.Keyring, c pseudonym.Column, tok arrow.Array) ([]string, error) {
		r, err := reid.New(kr, config(&sink{}), c)
		if err != nil {
			t.Fatal(err)
		}
		out, err := r.Reverse(ctx, "id", tok)
		if err != nil {
			return nil, err
		}
		return values(out), nil
	}
	for name, c := range map[string]pseudonym.Column{"siv": siv, "cross": cross} {
		got, err := reverse(kr, c, old[name])
		if err != nil || !slices.Equal(got, []string{"ada", "bob"}) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	pinned, err := kr.Pin(first.ID())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := reverse(pinned, ff1, old["ff1"]); err != nil || got[0] != "1234567" {
		t.Errorf("ff1 pinned: got %q, %v", got, err)
	}
	if got, err := reverse(kr, ff1, old["ff1"]); err == nil && got[0] == "1234567" {
		t.Error("ff1 opens under any key")
	}
	if err := pseudonym.DisableKey(ctx, src, first.ID()); err != nil {
		t.Fatal(err)
	}
	kr = open(t, src)
	for name, c := range map[string]pseudonym.Column{"siv": siv, "cross": cross} {
		if got, err := reverse(kr, c, old[name]); err == nil {
			t.Errorf("%s: a disabled key gives %q", name, got)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	_, kr := newKeys(t)
	good := pseudonym.Column{Name: "id", Field: field, Method: pseudonym.SIV{}}
	ok := config(&sink{})
	with := func(change func(*reid.Config)) reid.Config { c := ok; change(&c); return c }
	method := func(m pseudonym.Method) pseudonym.Column { c := good; c.Method = m; return c }
	for name, test := range map[string]struct {
		kr      *pseudonym.Keyring
		config  reid.Config
		columns []pseudonym.Column
		want    string
	}{
		"no purpose":     {kr, with(func(c *reid.Config) { c.Purpose = " " }), []pseudonym.Column{good}, "no purpose"},
		"no actor":       {kr, with(func(c *reid.Config) { c.Actor = "" }), []pseudonym.Column{good}, "no actor"},
		"line break":     {kr, with(func(c *reid.Config) { c.Actor = "a\nb" }), []pseudonym.Column{good}, "unprintable"},
		"long":           {kr, with(func(c *reid.Config) { c.Purpose = strings.Repeat("x", 1001) }), []pseudonym.Column{good}, "1000"},
		"no sink":        {kr, with(func(c *reid.Config) { c.Audit = nil }), []pseudonym.Column{good}, "no audit sink"},
		"no cap":         {kr, with(func(c *reid.Config) { c.MaxBatch = 0 }), []pseudonym.Column{good}, "max_batch is 0"},
		"large cap":      {kr, with(func(c *reid.Config) { c.MaxBatch = 10_001 }), []pseudonym.Column{good}, "max_batch"},
		"no keyring":     {nil, ok, []pseudonym.Column{good}, "no keyring"},
		"zero keyring":   {&pseudonym.Keyring{}, ok, []pseudonym.Column{good}, "no keyring"},
		"no columns":     {kr, ok, nil, "no columns"},
		"twice":          {kr, ok, []pseudonym.Column{good, good}, "given twice"},
		"no field":       {kr, ok, []pseudonym.Column{{Name: "id", Method: pseudonym.SIV{}}}, "no domain"},
		"hmac":           {kr, ok, []pseudonym.Column{method(pseudonym.HMAC{})}, "the method HMAC cannot be reversed"},
		"hmac in policy": {kr, ok, []pseudonym.Column{method(&pseudonym.HMAC{})}, "the method HMAC cannot"},
		"cmac":           {kr, ok, []pseudonym.Column{method(pseudonym.CMAC{})}, "the method CMAC cannot"},
		"no method":      {kr, ok, []pseudonym.Column{method(nil)}, "no method"},
	} {
		r, err := reid.New(test.kr, test.config, test.columns...)
		if err == nil || r != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, test.want)
		}
	}
	_, err := reid.New(nil, reid.Config{})
	for _, want := range []string{"purpose", "actor", "sink", "max_batch", "keyring", "columns"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("all at once: %q is not in %v", want, err)
		}
	}
	var zero reid.Reverser
	if _, err := zero.Reverse(ctx, "id", strs("x")); err == nil {
		t.Error("the zero Reverser reverses")
	}
}

// The record is written first; without it, and with one bad token, nothing is
// returned. No error shows a token or a value.
func TestReverseRefuses(t *testing.T) {
	_, kr := newKeys(t)
	c := pseudonym.Column{Name: "id", Field: field, Method: pseudonym.SIV{}}
	in := strs("canary-of-a-patient", "bob")
	defer in.Release()
	tok := tokens(t, kr, c, in)
	defer tok.Release()
	one := values(tok)[0]
	failing := &sink{err: errors.New("the disk is full")}
	r, err := reid.New(kr, config(failing), c)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := r.Reverse(ctx, "id", tok); out != nil || !errors.Is(err, failing.err) {
		t.Errorf("without a record: got %v, %v", out, err)
	}
	audit := &sink{}
	if r, err = reid.New(kr, config(audit), c); err != nil {
		t.Fatal(err)
	}
	many := strs(slices.Repeat([]string{"null"}, 21)...)
	defer many.Release()
	numbers := array.NewInt64Builder(memory.DefaultAllocator)
	defer numbers.Release()
	integers := numbers.NewArray()
	defer integers.Release()
	done, cancel := context.WithCancel(ctx)
	cancel()
	check := func(what string, out arrow.Array, err error, want string, records int) {
		t.Helper()
		if out != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want %q", what, out, err, want)
			return
		}
		if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), one) {
			t.Errorf("%s: %v", what, err)
		}
		if len(audit.records) != records {
			t.Errorf("%s: %d records, want %d", what, len(audit.records), records)
		}
	}
	out, err := r.Reverse(ctx, "id", many)
	check("too many", out, err, "21 rows, but a batch may have 20", 0)
	out, err = r.Reverse(ctx, "name", tok)
	check("column", out, err, `column "name" is not among`, 0)
	out, err = r.Reverse(ctx, "id", integers)
	check("type", out, err, "int64 holds no tokens", 0)
	out, err = r.Reverse(done, "id", tok)
	check("cancelled", out, err, "canceled", 0)
	altered := strs(one, one[:len(one)-2]+"AA")
	defer altered.Release()
	out, err = r.Reverse(ctx, "id", altered)
	check("altered", out, err, "row 1", 1)
	c.Field.Domain = "another"
	if r, err = reid.New(kr, config(audit), c); err != nil {
		t.Fatal(err)
	}
	out, err = r.Reverse(ctx, "id", tok)
	check("another field", out, err, "row 0", 2)
	c.Method = pseudonym.Crosswalk{Table: newTable(t)}
	if r, err = reid.New(kr, config(audit), c); err != nil {
		t.Fatal(err)
	}
	out, err = r.Reverse(ctx, "id", strs("AAAAAAAAAAAAAAAAAAAAAAAAAA"))
	check("unknown", out, err, "does not know the token", 3)
}

func TestAuditFile(t *testing.T) {
	_, kr := newKeys(t)
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	audit, err := reid.OpenAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	c := pseudonym.Column{Name: "id", Field: field, Method: pseudonym.SIV{}}
	in := strs("canary-of-a-patient", "bob")
	defer in.Release()
	tok := tokens(t, kr, c, in)
	defer tok.Release()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { // as other processes do
			audit, err := reid.OpenAudit(path)
			if err != nil {
				t.Error(err)
				return
			}
			r, err := reid.New(kr, config(audit), c)
			if err != nil {
				t.Error(err)
				return
			}
			for range 5 {
				out, err := r.Reverse(ctx, "id", tok)
				if err != nil {
					t.Error(err)
					return
				}
				out.Release()
			}
		})
	}
	wg.Wait()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := reid.VerifyAudit(bytes.NewReader(text)); n != 20 || err != nil {
		t.Errorf("got %d records, %v", n, err)
	}
	for _, s := range append(values(tok), "canary", "bob") {
		if bytes.Contains(text, []byte(s)) {
			t.Errorf("%q is in the audit", s)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	var r reid.Record
	lines := bytes.SplitAfter(text, []byte("\n"))
	if err := json.Unmarshal(lines[19], &r); err != nil || r.Sequence != 20 || r.Tokens != 2 {
		t.Errorf("last record %+v, %v", r, err)
	}

	// What is done to the file is found, and nothing is appended to it.
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for what, bad := range map[string][]byte{
		"changed":   bytes.Replace(text, []byte(`"m.curie"`), []byte(`"p.curie"`), 1),
		"removed":   join(join(lines[:3]...), join(lines[4:]...)),
		"repeated":  join(join(lines[:3]...), lines[2], join(lines[3:]...)),
		"swapped":   join(lines[1], lines[0], join(lines[2:]...)),
		"beginning": join(lines[1:]...),
		"cut off":   text[:len(text)-5],
		"no record": join(text, []byte("{}\n")),
		"blank":     join(text, []byte("\n")),
		"field":     bytes.Replace(text, []byte(`{"sequence"`), []byte(`{"x":1,"sequence"`), 1),
	} {
		if bytes.Equal(bad, text) {
			t.Fatalf("%s: the test changes nothing", what)
		}
		if _, err := reid.VerifyAudit(bytes.NewReader(bad)); err == nil {
			t.Errorf("%s: not found", what)
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := reid.OpenAudit(path); err == nil {
			t.Errorf("%s: the file is opened", what)
		}
	}
	if err := os.WriteFile(path, text[:len(text)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	err = audit.Append(ctx, reid.Record{})
	if want := fmt.Sprintf("shorten the file to %d bytes", len(text)-len(lines[19])); err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("a line cut off: got %v, want %q", err, want)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := audit.Append(ctx, reid.Record{}); err == nil {
		t.Error("a file that was removed is made anew")
	}
	if _, err := reid.OpenAudit(t.TempDir()); err == nil {
		t.Error("a folder is opened")
	}
}

// FuzzVerify shows that no file makes the verification panic.
func FuzzVerify(f *testing.F) {
	f.Add([]byte(`{"sequence":1}` + "\n"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = reid.VerifyAudit(bytes.NewReader(b))
	})
}
