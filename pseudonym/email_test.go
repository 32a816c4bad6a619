package pseudonym

import (
	"encoding/base32"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func emailColumn(t testing.TB, host EmailHost) *Pseudonymizer {
	t.Helper()
	p, err := New(testKeyring(t), Column{Name: "c0", Field: testField, Method: Email{host}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lowerOracle is the token of a text under an operation, by the standard
// library alone.
func lowerOracle(t *testing.T, op, text string) string {
	sum := oracle(t, testRoot(), op, testField, []byte(text))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).
		EncodeToString(sum[:16]))
}

func TestEmail(t *testing.T) {
	values := []string{"jane.doe@Example.CO.UK", "jane.doe@example.co.uk", "jane.doe@example.com",
		"Jane.Doe@example.com", "x+y@alice.github.io", "jürgen@xn--bcher-kva.example", "a@localhost"}
	token := func(address string) string { return lowerOracle(t, "email", address) + "@" }
	host := func(name string) string { return lowerOracle(t, "email-host", name) + ".invalid" }
	for mode, want := range map[EmailHost][]string{
		KeepHost: {token("jane.doe@example.co.uk") + "example.co.uk",
			token("jane.doe@example.co.uk") + "example.co.uk",
			token("jane.doe@example.com") + "example.com",
			token("Jane.Doe@example.com") + "example.com",
			token("x+y@alice.github.io") + "alice.github.io",
			token("jürgen@xn--bcher-kva.example") + "xn--bcher-kva.example",
			token("a@localhost") + "localhost"},
		SuffixHost: {token("jane.doe@example.co.uk") + "co.uk",
			token("jane.doe@example.co.uk") + "co.uk",
			token("jane.doe@example.com") + "com",
			token("Jane.Doe@example.com") + "com",
			token("x+y@alice.github.io") + "io", // a company's suffix names its customers
			token("jürgen@xn--bcher-kva.example") + "example",
			token("a@localhost") + "localhost"},
		TokenHost: {token("jane.doe@example.co.uk") + host("example.co.uk"),
			token("jane.doe@example.co.uk") + host("example.co.uk"),
			token("jane.doe@example.com") + host("example.com"),
			token("Jane.Doe@example.com") + host("example.com"),
			token("x+y@alice.github.io") + host("alice.github.io"),
			token("jürgen@xn--bcher-kva.example") + host("xn--bcher-kva.example"),
			token("a@localhost") + host("localhost")},
	} {
		got, err := tokensOfTexts(t, emailColumn(t, mode), values)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v, want %q", mode, got, err, want)
		}
		form := regexp.MustCompile(`^[a-z2-7]{26}@[a-z0-9.-]+$`)
		for _, s := range got {
			if !form.MatchString(s) {
				t.Errorf("%s: %s", mode, s)
			}
		}
	}
}

func TestEmailRefuses(t *testing.T) {
	p := emailColumn(t, KeepHost)
	for _, bad := range []string{"", "canary", "@canary.org", "canary@", "canary @x.org",
		"canary@x..org", "canary@.org", "canary@x.org.", "canary@-x.org", "canary@x-.org",
		"canary@x-", "canary@bücher.example", "canary@x y.org", "Canary <canary@x.org>",
		`"canary"@x.org`, "can@ary@x.org", "canary@[127.0.0.1]", "canary\x00@x.org",
		"mailto:canary@x.org", strings.Repeat("a", 65) + "@x.org",
		"canary@" + strings.Repeat("a", 64) + ".org", "canary@" + strings.Repeat("a.", 127) + "org"} {
		got, err := tokensOfTexts(t, p, []string{bad})
		if err == nil {
			t.Errorf("%q became %q", bad, got)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("the error shows the value: %v", err)
		}
	}
	for want, m := range map[string]Email{
		"host is not set": {}, `host is "md5", want`: {"md5"}} {
		err := Column{Name: "a", Field: testField, Method: m}.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v", err)
		}
	}
}
