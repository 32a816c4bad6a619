package pseudonym

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// keyForms are the texts in which six bytes of a key in a row can appear.
func keyForms(secret []byte) []string {
	var forms []string
	for i := 0; i+6 <= len(secret); i++ {
		part := secret[i : i+6]
		text := hex.EncodeToString(part)
		forms = append(forms, string(part), text, strings.ToUpper(text),
			base64.StdEncoding.EncodeToString(part), base64.URLEncoding.EncodeToString(part))
		var dec, gosyntax []string
		for _, b := range part {
			dec = append(dec, fmt.Sprint(b))
			gosyntax = append(gosyntax, fmt.Sprintf("%#x", b))
		}
		forms = append(forms, strings.Join(dec, " "), strings.Join(dec, ","),
			strings.Join(gosyntax, ", "))
	}
	return forms
}

// wrapped holds them where fmt cannot call their methods.
type wrapped struct {
	kr  Keyring
	pkr *Keyring
	p   Pseudonymizer
	s   Sampler
	any any
}

func TestNothingPrintsAKey(t *testing.T) {
	kr := testKeyring(t)
	var columns []Column
	for i, m := range append(textMethods, Email{TokenHost}) {
		columns = append(columns, Column{Name: fmt.Sprint("c", i), Field: testField, Method: m})
	}
	p, err := New(kr, columns...)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSampler(kr, testField, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	// Fill the pools: their states are secret, too.
	for _, c := range p.columns {
		k := c.kernel.(nestedKernel).kernel.(*textKernel)
		k.put(k.get())
	}
	s.macs.put(s.macs.get())
	subkeys := [][]byte{testRoot()}
	for _, op := range []string{opHMAC, opSample, opCMAC, opSIV, opFF1, opEmail, opEmailHost} {
		params, size := "", uint32(subkeyBytes)
		switch op {
		case opSIV:
			size = sivKeyBytes
		case opFF1:
			params = "card:"
		}
		key, err := kr.derive(testField.info(op, params), size)
		if err != nil {
			t.Fatal(err)
		}
		subkeys = append(subkeys, key)
	}
	check := func(what, text string) {
		for _, key := range subkeys {
			noKey(t, what+": "+text, key)
		}
	}
	for _, v := range []any{kr, *kr, p, *p, s, *s} {
		for _, verb := range strings.Fields(
			"%v %+v %#v %s %q %x %X %d %c %U %b %o %e %t %10v %-30s %z") {
			text := fmt.Sprintf(verb, v)
			if !strings.Contains(text, "REDACTED id=1234567") {
				t.Errorf("%T with %s: %q", v, verb, text)
			}
			check(verb, text)
		}
		var log bytes.Buffer
		for _, h := range []slog.Handler{
			slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			log.Reset()
			slog.New(h).Info("open", "it", v, slog.Group("in", "it", v))
			if strings.Count(log.String(), "REDACTED id=1234567") != 2 {
				t.Errorf("%T in a log: %s", v, &log)
			}
			check("log", log.String())
		}
		for name, marshal := range map[string]func(any) ([]byte, error){
			"JSON": json.Marshal, "YAML": yaml.Marshal, "XML": xml.Marshal} {
			text, err := marshal(v)
			if err != nil || !strings.Contains(string(text), "REDACTED id=1234567") {
				t.Errorf("%T in %s: %q, %v", v, name, text, err)
			}
			check(name, string(text))
		}
		check("error", errors.Join(fmt.Errorf("%v", v)).Error())
	}
	w := wrapped{*kr, kr, *p, *s, p}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		check(verb, fmt.Sprintf(verb, w))
		check(verb, fmt.Sprintf(verb, &w))
	}
}

// The check itself must find a key in every form.
func TestNoKeyFindsKeys(t *testing.T) {
	key := testRoot()
	for _, verb := range []string{"%v", "%s", "%x", "%X", "%#v", "%d"} {
		text, found := fmt.Sprintf(verb, key), false
		for _, form := range keyForms(key) {
			found = found || strings.Contains(text, form)
		}
		if !found {
			t.Errorf("a key printed with %s is not found", verb)
		}
	}
}
