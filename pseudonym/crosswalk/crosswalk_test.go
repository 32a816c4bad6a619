package crosswalk_test

import (
	"bytes"
	"context"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	bolt "go.etcd.io/bbolt"

	"github.com/lethe-go/lethe/pseudonym"
	"github.com/lethe-go/lethe/pseudonym/crosswalk"
)

var (
	ctx   = context.Background()
	field = pseudonym.Field{Domain: "ward-study", Entity: "patient"}
)

// world is a folder with keys and a table.
type world struct {
	keys, path string
	ring       *pseudonym.Keyring
	table      *crosswalk.Table
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	dir := tb.TempDir()
	w := &world{keys: filepath.Join(dir, "keys.json"), path: filepath.Join(dir, "table")}
	if err := pseudonym.CreateKeyFile(w.keys); err != nil {
		tb.Fatal(err)
	}
	if err := crosswalk.Create(w.path); err != nil {
		tb.Fatal(err)
	}
	w.reopen(tb)
	return w
}

func (w *world) reopen(tb testing.TB) {
	tb.Helper()
	var err error
	if w.ring, err = pseudonym.Open(ctx, pseudonym.KeyFile(w.keys)); err != nil {
		tb.Fatal(err)
	}
	if w.table, err = crosswalk.Open(w.path, nil); err != nil {
		tb.Fatal(err)
	}
}

func (w *world) transform(tb testing.TB, f pseudonym.Field, format pseudonym.Format,
	a arrow.Array) (arrow.Array, error) {
	tb.Helper()
	p, err := pseudonym.New(w.ring, pseudonym.Column{Name: "id", Field: f,
		Method: pseudonym.Crosswalk{Format: format, Table: w.table}})
	if err != nil {
		return nil, err
	}
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: a.DataType(), Nullable: true}}, nil), []arrow.Array{a}, int64(a.Len()))
	defer rec.Release()
	out, err := p.Transform(ctx, rec)
	if err != nil {
		return nil, err
	}
	defer out.Release()
	out.Column(0).Retain()
	return out.Column(0), nil
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

// tokens pseudonymizes a list; "null" is null.
func (w *world) tokens(tb testing.TB, f pseudonym.Field, list ...string) []string {
	tb.Helper()
	a := strs(list...)
	defer a.Release()
	out, err := w.transform(tb, f, pseudonym.Base32, a)
	if err != nil {
		tb.Fatal(err)
	}
	defer out.Release()
	return values(out)
}

func values(a arrow.Array) []string {
	list := make([]string, a.Len())
	for i := range list {
		if !a.IsNull(i) {
			list[i] = a.ValueStr(i)
		}
	}
	return list
}

func TestTokensAreRemembered(t *testing.T) {
	w := newWorld(t)
	first := w.tokens(t, field, "a", "b", "a", "null", "")
	if first[0] != first[2] || first[0] == first[1] || first[3] != "" || first[4] == "" ||
		len(first[0]) != 26 {
		t.Fatalf("got %q", first)
	}
	w.reopen(t)
	again := w.tokens(t, field, "null", "c", "b", "a")
	if again[3] != first[0] || again[2] != first[1] || again[1] == first[0] || again[0] != "" {
		t.Errorf("got %q after %q", again, first)
	}
	for _, f := range []pseudonym.Field{{Domain: "ward-study", Entity: "doctor"},
		{Domain: "other", Entity: "patient"}, {Domain: "ward-study", Entity: "patient", Dataset: "2"}} {
		if other := w.tokens(t, f, "a"); other[0] == first[0] {
			t.Errorf("%v joins %v", f, field)
		}
	}
	// Tokens are random: another table under the same keys has others.
	w.path += "2"
	if err := crosswalk.Create(w.path); err != nil {
		t.Fatal(err)
	}
	w.reopen(t)
	if other := w.tokens(t, field, "a"); other[0] == first[0] {
		t.Error("a token is derived from its value")
	}
}

// All formats of one field write the same bits.
func TestFormats(t *testing.T) {
	w := newWorld(t)
	b32 := w.tokens(t, field, "a")[0]
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(b32)
	if err != nil {
		t.Fatal(err)
	}
	a := strs("a")
	defer a.Release()
	for _, format := range []pseudonym.Format{pseudonym.Hex, pseudonym.UUID} {
		out, err := w.transform(t, field, format, a)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(values(out)[0], "-", ""); got != hex.EncodeToString(raw) {
			t.Errorf("%s: got %s, want %x", format, got, raw)
		}
		out.Release()
	}
	out, err := w.transform(t, field, pseudonym.Binary, a)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	if got := out.(*array.FixedSizeBinary).Value(0); !bytes.Equal(got, raw) {
		t.Errorf("binary: got %x, want %x", got, raw)
	}
	if _, err := w.transform(t, field, pseudonym.Int63, a); err == nil ||
		!strings.Contains(err.Error(), "too few bits") {
		t.Errorf("int63: got %v", err)
	}
	w.table = nil
	p, err := pseudonym.New(w.ring, pseudonym.Column{Name: "id", Field: field,
		Method: pseudonym.Crosswalk{}})
	if err == nil || !strings.Contains(err.Error(), "no crosswalk table") {
		t.Errorf("no table: %v, %v", p, err)
	}
}

// Dictionaries, integers, slices and batches of any size give the same tokens.
func TestEncodings(t *testing.T) {
	w := newWorld(t)
	want := w.tokens(t, field, "1", "2", "null", "1", "3")
	ints := array.NewInt64Builder(memory.DefaultAllocator)
	defer ints.Release()
	ints.AppendValues([]int64{9, 1, 2, 0, 1, 3}, []bool{true, true, true, false, true, true})
	all := ints.NewArray()
	defer all.Release()
	part := array.NewSlice(all, 1, 6)
	defer part.Release()
	typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8,
		ValueType: arrow.BinaryTypes.String}
	dict := array.NewDictionaryBuilder(memory.DefaultAllocator, typ).(*array.BinaryDictionaryBuilder)
	defer dict.Release()
	for _, s := range []string{"unused", "1", "2", "", "1", "3"} {
		if s == "" {
			dict.AppendNull()
		} else if err := dict.AppendString(s); err != nil {
			t.Fatal(err)
		}
	}
	whole := dict.NewArray()
	defer whole.Release()
	sliced := array.NewSlice(whole, 1, 6)
	defer sliced.Release()
	for _, a := range []arrow.Array{part, sliced} {
		out, err := w.transform(t, field, "", a)
		if err != nil {
			t.Fatal(err)
		}
		if got := values(out); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", a.DataType(), got, want)
		}
		out.Release()
	}
	for i, s := range []string{"1", "2", "null", "1", "3"} {
		if got := w.tokens(t, field, s); got[0] != want[i] {
			t.Errorf("alone: got %q, want %q", got[0], want[i])
		}
	}
	empty := strs()
	defer empty.Release()
	out, err := w.transform(t, field, "", empty)
	if err != nil || out.Len() != 0 {
		t.Fatalf("no rows: %v", err)
	}
	out.Release()
	floats := array.NewFloat64Builder(memory.DefaultAllocator)
	defer floats.Release()
	f := floats.NewArray()
	defer f.Release()
	if _, err := w.transform(t, field, "", f); err == nil {
		t.Error("floating point numbers are accepted")
	}
}

func TestRotation(t *testing.T) {
	w := newWorld(t)
	first := w.tokens(t, field, "a", "b")
	old := w.ring.ID()
	if _, err := pseudonym.RotateKeys(ctx, pseudonym.KeyFile(w.keys)); err != nil {
		t.Fatal(err)
	}
	before := *w
	w.reopen(t)
	// Old tokens stay, new ones are sealed under the new key, and a rerun that
	// pins the old key finds both.
	rotated := w.tokens(t, field, "c", "a", "b")
	if !slices.Equal(rotated[1:], first) {
		t.Errorf("after the rotation: got %q, want %q", rotated[1:], first)
	}
	pinned, err := w.ring.Pin(old)
	if err != nil {
		t.Fatal(err)
	}
	rerun := *w
	rerun.ring = pinned
	if got := rerun.tokens(t, field, "c", "a", "b"); !slices.Equal(got, rotated) {
		t.Errorf("pinned: got %q, want %q", got, rotated)
	}
	refused := func(what string, w *world) {
		a := strs("a", "new")
		defer a.Release()
		_, err := w.transform(t, field, "", a)
		if err == nil || !strings.Contains(err.Error(), "disabled or not in the keyring") {
			t.Errorf("%s: got %v", what, err)
		}
	}
	// Who opened the keys before the rotation cannot know of "c".
	refused("a keyring that is too old", &before)
	if err := pseudonym.DisableKey(ctx, pseudonym.KeyFile(w.keys), old); err != nil {
		t.Fatal(err)
	}
	w.reopen(t)
	refused("a disabled key", w)
	other := newWorld(t)
	other.table = w.table
	refused("another keyring", other)
}

// Neither values nor tokens nor keys are in the file.
func TestFileTellsNothing(t *testing.T) {
	w := newWorld(t)
	list := []string{"canary-of-a-patient", "another-canary"}
	tokens := w.tokens(t, field, list...)
	file, err := os.ReadFile(w.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range tokens {
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(token)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, token, string(raw), string(raw[:8]))
	}
	for _, s := range append(list, "canary", field.Domain, field.Entity) {
		if bytes.Contains(file, []byte(s)) {
			t.Errorf("%q is in the file", s)
		}
	}
	if info, err := os.Stat(w.path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// Values of any length and content are read back, among them such as the
// padding of rows.
func TestLengths(t *testing.T) {
	w := newWorld(t)
	list := []string{"\x80", "\x80\x00", strings.Repeat("\x80", 16), strings.Repeat("\x00", 16)}
	for n := range 70 {
		list = append(list, strings.Repeat("x", n))
	}
	first := w.tokens(t, field, list...)
	w.reopen(t)
	if again := w.tokens(t, field, list...); !slices.Equal(again, first) {
		t.Error("the second time the tokens differ")
	}
	if n := len(slices.Compact(slices.Sorted(slices.Values(first)))); n != len(list) {
		t.Errorf("%d tokens for %d values", n, len(list))
	}
}

// Goroutines that meet the same new values agree.
func TestConcurrency(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	known := map[string]string{}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for batch := range 5 {
				var list []string
				for i := range 50 {
					list = append(list, fmt.Sprint((g*7+i+batch*11)%97))
				}
				tokens := w.tokens(t, field, list...)
				mu.Lock()
				for i, value := range list {
					if other, ok := known[value]; ok && other != tokens[i] {
						t.Errorf("%s has two tokens", value)
					}
					known[value] = tokens[i]
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	distinct := slices.Compact(slices.Sorted(maps.Values(known)))
	if len(distinct) != len(known) {
		t.Errorf("%d tokens for %d values", len(distinct), len(known))
	}
}

func TestLockIsBounded(t *testing.T) {
	w := newWorld(t)
	w.tokens(t, field, "a")
	hold, err := bolt.Open(w.path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if w.table, err = crosswalk.Open(w.path, &crosswalk.Options{Wait: time.Millisecond}); err == nil ||
		!strings.Contains(err.Error(), "other processes have used it for more than 1ms") {
		t.Errorf("got %v", err)
	}
	if err := hold.Close(); err != nil {
		t.Fatal(err)
	}
	w.reopen(t)
	if hold, err = bolt.Open(w.path, 0o600, nil); err != nil {
		t.Fatal(err)
	}
	defer hold.Close()
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := w.table.Find(short, nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	write := func(name string, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(w.path, link); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "foreign")
	db, err := bolt.Open(foreign, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"):                "create it with crosswalk.Create",
		write("empty", ""):                        "damaged",
		write("text", strings.Repeat("id,", 999)): "not a crosswalk table, or damaged",
		foreign: "a database, but not",
		link:    "symbolic link",
		dir:     "not a regular file",
	} {
		_, err := crosswalk.Open(path, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", filepath.Base(path), err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
		t.Error("opening creates a table")
	}
	if _, err := crosswalk.Open(w.path, &crosswalk.Options{Wait: -1}); err == nil {
		t.Error("a negative wait is accepted")
	}
	if err := crosswalk.Create(w.path); !errors.Is(err, os.ErrExist) {
		t.Errorf("an existing table: got %v", err)
	}
	if err := crosswalk.Create(filepath.Join(dir, "no", "table")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: got %v", err)
	}
	if files, _ := os.ReadDir(filepath.Dir(w.path)); len(files) != 2 {
		t.Errorf("%d files, want keys and table", len(files))
	}
}

// A damaged file is never the end of the process, and a row that was changed is
// never read. A file that was cut gives the right tokens or an error.
func TestDamage(t *testing.T) {
	w := newWorld(t)
	var list []string
	for i := range 300 {
		list = append(list, fmt.Sprint(i))
	}
	want := w.tokens(t, field, list...)
	good, err := os.ReadFile(w.path)
	if err != nil {
		t.Fatal(err)
	}
	a := strs(list...)
	defer a.Release()
	refused := 0
	try := func(what string, content []byte) {
		if err := os.WriteFile(w.path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := w.transform(t, field, "", a)
		if err != nil {
			refused++
			return
		}
		defer out.Release()
		for i, got := range values(out) {
			if got != want[i] && strings.HasPrefix(what, "byte") {
				// A flipped bit in a key of the index makes a row unfindable,
				// which looks like a new value.
				continue
			}
			if got != want[i] {
				t.Fatalf("%s: value %d has another token", what, i)
			}
		}
	}
	step := len(good) / 150
	if testing.Short() {
		step = len(good) / 20
	}
	for size := step; size < len(good); size += step {
		try(fmt.Sprintf("cut to %d", size), good[:size])
	}
	for at := 0; at < len(good); at += step {
		bad := bytes.Clone(good)
		bad[at] ^= 0x10
		try(fmt.Sprintf("byte %d", at), bad)
	}
	if refused == 0 {
		t.Error("no damage is noticed")
	}
	try("restored", good)
}
