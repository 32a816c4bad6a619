package pseudonym

import (
	"reflect"
	"strings"
	"testing"
)

func manifestOf(t *testing.T) (Manifest, string) {
	t.Helper()
	p, err := New(testKeyring(t),
		Column{Name: "a", Field: testField, Method: HMAC{}},
		Column{Name: "b", Field: testField, Method: &FF1{Shape: ShapeDigits}, LowEntropy: "why"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Manifest(nil)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := m.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	return m, text.String()
}

func TestManifestIsReadAgain(t *testing.T) {
	m, text := manifestOf(t)
	back, err := ReadManifest(strings.NewReader(text))
	if err != nil || !reflect.DeepEqual(back, m) {
		t.Errorf("got %+v, %v, want %+v", back, err, m)
	}
	for name, test := range map[string]struct{ text, want string }{
		"nothing":   {"", "not the JSON"},
		"a number":  {"1", "not the JSON"},
		"cut off":   {text[:len(text)-3], "not the JSON"},
		"a field":   {`{"version":1,"canary":2}`, "not the JSON"},
		"version":   {strings.Replace(text, `"version": 1`, `"version": 2`, 1), "version 2, want 1"},
		"two":       {text + text, "something follows"},
		"twice":     {strings.Replace(text, `"column": "b"`, `"column": "a"`, 1), `"a" occurs twice`},
		"too large": {strings.Repeat(" ", maxManifest+1) + text, "longer than"},
	} {
		_, err := ReadManifest(strings.NewReader(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) ||
			strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want %q in it", name, err, test.want)
		}
	}
}

// The manifest finds a column by its name, and notices that it was made in
// another way.
func TestManifestOfAColumn(t *testing.T) {
	m, _ := manifestOf(t)
	c := Column{Name: "b", Field: testField, Method: FF1{Shape: ShapeDigits}}
	mc, err := m.Of(c)
	if err != nil || mc.KeyID != testID {
		t.Errorf("got %+v, %v", mc, err)
	}
	other := c
	other.Field.Dataset = "canary"
	if _, err := m.Of(other); err == nil || !strings.Contains(err.Error(), "was made by") ||
		strings.Contains(err.Error(), "canary") {
		t.Errorf("another data set: %v", err)
	}
	c.Name = "c"
	if _, err := m.Of(c); err == nil || !strings.Contains(err.Error(), "not in the manifest") {
		t.Errorf("an unknown column: %v", err)
	}
}

func FuzzReadManifest(f *testing.F) {
	f.Add(`{"version":1,"columns":[{"column":"a","method":"hmac","spec":"s","values":1,"nulls":0}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ReadManifest(strings.NewReader(text))
		if err != nil {
			return
		}
		var again strings.Builder
		if err := m.WriteJSON(&again); err != nil {
			t.Fatal(err)
		}
		back, err := ReadManifest(strings.NewReader(again.String()))
		if err != nil || !reflect.DeepEqual(back, m) {
			t.Errorf("%+v became %+v, %v", m, back, err)
		}
	})
}
