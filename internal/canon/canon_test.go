package canon

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestAppend(t *testing.T) {
	for _, c := range []struct{ steps, in, want string }{
		{"", " A ", " A "},
		{"trim", " A b\u00a0", "A b"},
		{"lower", "ÄBC", "äbc"},
		{"fold", "Straße", "strasse"},
		{"fold", "ABC", "abc"},
		{"nfc", "e\u0301", "é"},
		{"nfkc", "ﬁn", "fin"},
		{"nfc,fold", "É", "é"},
		{"fold,nfc", "E\u0301", "é"}, // the order of naming does not matter
		{"digits", "078-05-1120", "078051120"},
		{"digits,trim", " 0 78 ", "078"},
		{"e164", "+49 (0)30 / 12 34-567", "+49301234567"},
		{"e164", "0049 30 1234567", "+49301234567"},
		{"e164", "", ""},
		{"e164", "  ", ""},
		{"nfc,lower,trim", "", ""},
	} {
		chain, err := New(split(c.steps))
		if err != nil {
			t.Fatal(err)
		}
		got, err := chain.Append([]byte("x"), []byte(c.in))
		if err != nil || string(got) != "x"+c.want {
			t.Errorf("%s of %q is %q, %v; want %q", c.steps, c.in, got, err, "x"+c.want)
		}
	}
}

func split(steps string) []string {
	if steps == "" {
		return nil
	}
	return strings.Split(steps, ",")
}

func TestAppendRefuses(t *testing.T) {
	for _, c := range []struct{ steps, in string }{
		{"e164", "030 1234567"},
		{"e164", "+49 canary"},
		{"e164", "+0301234567"},
		{"e164", "+123456"},
		{"e164", "+1234567890123456"},
		{"nfc", "canary\xff"},
		{"fold", "canary\xff"},
	} {
		chain, err := New(split(c.steps))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := chain.Append(nil, []byte(c.in)); err == nil {
			t.Errorf("%s takes %q", c.steps, c.in)
		} else if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "123") {
			t.Errorf("the error tells the value: %v", err)
		}
	}
}

func TestNew(t *testing.T) {
	for steps, want := range map[string]string{
		"nfd":          `canonicalization "nfd" is not known`,
		"nfc,nfc":      "named twice",
		"nfc,nfkc":     "exclude",
		"lower,fold":   "exclude",
		"digits,e164":  "exclude",
		"NFC,lower,xx": "\n",
	} {
		if _, err := New(split(steps)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", steps, err, want)
		}
	}
	c, err := New([]string{"fold", "trim", "nfc"})
	if err != nil || c.String() != "trim+nfc+fold" {
		t.Errorf("%q, %v", c, err)
	}
}

// FuzzAppend sees that a canonical text is its own canonical form, that the
// text given is not written to, and that ASCII takes no other way than the
// rest.
func FuzzAppend(f *testing.F) {
	f.Add("Straße E\u0301 ", uint8(0))
	f.Add("ΣΑΣ \u0130 \u1E9E", uint8(3))
	chains := [][]string{{"nfc", "fold"}, {"nfkc", "fold"}, {"nfc", "lower"}, {"trim", "nfc"},
		{"digits"}, {"trim", "nfc", "fold"}, {"e164"}}
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		chain, err := New(chains[int(which)%len(chains)])
		if err != nil {
			t.Fatal(err)
		}
		in := []byte(text)
		once, err := chain.Append(nil, in)
		if string(in) != text {
			t.Fatal("the value was changed")
		}
		if err != nil {
			return
		}
		if !utf8.Valid(once) {
			t.Fatal("not UTF-8")
		}
		if strings.HasPrefix(chain.String(), "nfc") && !norm.NFC.IsNormal(once) {
			t.Fatal("not NFC")
		}
		if strings.Contains(chain.String(), "nfkc+fold") {
			return // one pass is not always a fixed point of NFKC with folding
		}
		twice, err := chain.Append(nil, once)
		if err != nil || string(twice) != string(once) {
			t.Fatalf("%s: %q becomes %q, then %q, %v", chain, text, once, twice, err)
		}
	})
}
