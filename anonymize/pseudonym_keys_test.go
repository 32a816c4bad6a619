package anonymize_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/pseudonym"
)

// TestRerunUnderAPinnedKey makes a release, rotates the key, and makes the same
// release again by a policy that pins the key of its manifest.
func TestRerunUnderAPinnedKey(t *testing.T) {
	ctx := context.Background()
	src := pseudonym.KeyFile(filepath.Join(t.TempDir(), "keys.json"))
	if err := pseudonym.CreateKeys(ctx, src); err != nil {
		t.Fatal(err)
	}
	keys := func() map[string]*pseudonym.Keyring {
		ring, err := pseudonym.Open(ctx, src)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]*pseudonym.Keyring{anonymize.MainKey: ring}
	}
	table := tableOf(t, []string{"id", "name"}, [][]string{{"1", "ann"}, {"2", "bob"}})
	defer table.Release()
	policy := func(pin string) string {
		return fmt.Sprintf(`
version: 1
columns:
  id: {role: identifier, pseudonym: {hmac: {}, domain: d%s}}
  name: {role: identifier, pseudonym: {cmac: {}, domain: d}}
`, pin)
	}
	first, report, err := run(t, policy(""), keys(), table)
	if err != nil {
		t.Fatal(err)
	}
	id := report.Manifest().Columns[0].KeyID
	if _, err := pseudonym.RotateKeys(ctx, src); err != nil {
		t.Fatal(err)
	}
	token := func(row string) string { // of the column id
		_, rest, _ := strings.Cut(row, "id=")
		token, _, _ := strings.Cut(rest, " ")
		return token
	}
	second, _, err := run(t, policy(""), keys(), table)
	if err != nil {
		t.Fatal(err)
	}
	pin := fmt.Sprintf(", key_id: %d", id)
	again, report, err := run(t, policy(pin), keys(), table)
	if err != nil {
		t.Fatal(err)
	}
	if token(first[0]) == token(second[0]) {
		t.Error("a rotation changes nothing")
	}
	if token(first[0]) != token(again[0]) {
		t.Error("the pinned key makes other tokens")
	}
	m := report.Manifest()
	if m.Columns[0].KeyID != id || m.Columns[1].KeyID == id {
		t.Errorf("manifest %+v, want key %d for the first column only", m, id)
	}
	c, pinned, err := readPolicy(t, policy(pin)).PseudonymOf("id")
	if err != nil || pinned != id || c.Name != "id" {
		t.Errorf("column %+v, key %d, %v", c, pinned, err)
	}
	if _, err := m.Of(c); err != nil {
		t.Error(err)
	}
	const want = `line 4: key "main": pin key 7: the keyring has no such key`
	if _, _, err := run(t, policy(", key_id: 7"), keys(), table); err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q in it", err, want)
	}
}

// TestPinsThatAreRefused: a key where there is none, and a shift by a subject of
// another key.
func TestPinsThatAreRefused(t *testing.T) {
	for _, p := range []struct{ columns, want string }{
		{`a: {role: identifier, pseudonym: {redact: {}, key_id: 3}}`, `column "a": the method has no key`},
		{`a: {role: identifier, pseudonym: {hmac: {}, domain: d, key_id: 3}}
  on: {role: insensitive, pseudonym: {date_shift: {subject: a, lo: 1, hi: 9}, domain: d}}`,
			"pseudonymized without this key"},
	} {
		path := filepath.Join(t.TempDir(), "policy.yaml")
		text := "version: 1\ncolumns:\n  " + p.columns + "\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := anonymize.ReadPolicy(path)
		if err == nil || !strings.Contains(err.Error(), p.want) {
			t.Errorf("got %v, want %q in it", err, p.want)
		}
	}
}

// TestSharedKeyIsWarnedOf: the report says that one key joins and decrypts, and
// does not when there are two.
func TestSharedKeyIsWarnedOf(t *testing.T) {
	table := tableOf(t, []string{"id", "name"}, [][]string{{"1", "canary-ann"}})
	defer table.Release()
	one, two := newKeys(t), newKeys(t)
	two["sealed"] = newKeys(t)[anonymize.MainKey]
	for _, p := range []struct {
		key  string
		keys map[string]*pseudonym.Keyring
		want bool
	}{{"", one, true}, {", key: sealed", two, false}} {
		_, report, err := run(t, fmt.Sprintf(`
version: 1
columns:
  id: {role: identifier, pseudonym: {hmac: {}, domain: d}}
  name: {role: identifier, pseudonym: {siv: {}, domain: d%s}}
`, p.key), p.keys, table)
		if err != nil {
			t.Fatal(err)
		}
		got := false
		for _, w := range report.Warnings {
			got = got || strings.Contains(w, `tokens of ["id"], which serve to join, and of ["name"]`)
		}
		if got != p.want {
			t.Errorf("key %q: warnings %q, want one of a shared key: %t", p.key, report.Warnings,
				p.want)
		}
	}
}

// TestDescriptionIsWritten: the metadata that a column asks for are in the
// output, also where its rows went through a model.
func TestDescriptionIsWritten(t *testing.T) {
	table := tableOf(t, []string{"id", "age"}, [][]string{{"1", "30"}, {"2", "30"}})
	defer table.Release()
	p, err := anonymize.New(anonymize.Config{Keys: newKeys(t), Policy: readPolicy(t, `
version: 1
columns:
  id: {role: identifier, pseudonym: {hmac: {}, domain: d, describe: true}}
  age: {role: quasi, hierarchy: {prefix: {length: 2}}}
privacy: {models: [{k_anonymity: {k: 2}}], recoding: global}
`)})
	if err != nil {
		t.Fatal(err)
	}
	src := tableio.FromTable(table)
	defer src.Release()
	dst := tableio.NewBuffer()
	defer dst.Release()
	report, err := p.Run(t.Context(), src, dst, nil)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := dst.Table().Schema().FieldsByName("id")
	spec, _ := f[0].Metadata.GetValue(pseudonym.MetadataSpec)
	if want := report.Manifest().Columns[0].Spec; spec != want || want == "" {
		t.Errorf("the field says %q, want %q", spec, want)
	}
}
