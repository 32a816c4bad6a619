package pseudonym

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func ff1Column(t testing.TB, m FF1) *Pseudonymizer {
	t.Helper()
	p, err := New(testKeyring(t), Column{Name: "c0", Field: testField, Method: m})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// tokensOfTexts transforms a column of the given texts.
func tokensOfTexts(t testing.TB, p *Pseudonymizer, values []string) ([]string, error) {
	t.Helper()
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	rec := record(build(t, memory.DefaultAllocator, arrow.BinaryTypes.String, string(text)))
	defer rec.Release()
	out, err := p.Transform(context.Background(), rec)
	if err != nil {
		return nil, err
	}
	defer out.Release()
	return texts(t, out.Column(0)), nil
}

// A shape, a regular expression that its tokens match beside the kept parts,
// values, and a check that is written without the code under test.
var shapes = []struct {
	method FF1
	want   string
	values []string
	valid  func(s string) bool
}{
	{FF1{Shape: ShapeDigits, Separators: "-"}, `^\d{3}-\d{4}$`, []string{"012-3456"}, nil},
	{FF1{Shape: ShapeDigits}, `^\d{60}$`, []string{strings.Repeat("012345", 10)}, nil},
	{FF1{Shape: ShapeAlphanumeric, Separators: "_ "}, `^[0-9A-Za-z]{2}_[0-9A-Za-z]{3} $`,
		[]string{"aZ_09b ", "00_000 "}, nil},
	{FF1{Shape: ShapeAlphabet, Alphabet: "ab"}, `^[ab]{20}$`,
		[]string{strings.Repeat("ab", 10)}, nil},
	{FF1{Shape: ShapeAlphabet, Alphabet: "9876543210"}, `^\d{8}$`, []string{"00012345"}, nil},
	{FF1{Shape: ShapeAlphabet, Alphabet: "abcdefghij"}, `^[a-j]{16}$`,
		[]string{"abcdefghijaaaajj"}, nil},
	{FF1{Shape: ShapeCard}, `^411111\d{10}$`, []string{"4111111111111111"}, luhnByTable},
	{FF1{Shape: ShapeCard, Keep: 8}, `^3782 82246\d{6}$`, nil, nil},
	{FF1{Shape: ShapeCard}, `^3782 82\d{4} \d{5}$`, []string{"3782 822463 10005"}, luhnByTable},
	{FF1{Shape: ShapeCard, Keep: 8}, `^5555 5555 \d{4} \d{4}$`, []string{"5555 5555 5555 4444"},
		luhnByTable},
	{FF1{Shape: ShapeIBAN}, `^DE\d{20}$`, []string{"DE89370400440532013000"}, ibanByBig},
	{FF1{Shape: ShapeIBAN}, `^GB\d\d [A-Z]{4} \d{4} \d{4} \d{4} \d\d$`,
		[]string{"GB82 WEST 1234 5698 7654 32"}, ibanByBig},
	{FF1{Shape: ShapeIBAN}, `^MT\d\d[A-Z]{4}\d{12}[A-Z]{7}\d{3}[A-Z]$`,
		[]string{"MT84MALT011000012345MTLCAST001S"}, ibanByBig},
	{FF1{Shape: ShapePhone}, `^\+49 \(\d\d\) \d{3}-\d{4}$`, []string{"+49 (30) 123-4567"}, nil},
	{FF1{Shape: ShapePhone}, `^\+1\d{10}$`, []string{"+12125550123"}, nil},
	{FF1{Shape: ShapePhone}, `^\+353\d{7}$`, []string{"+3531234567"}, nil},
	{FF1{Shape: ShapeCASIN}, `^\d{3} \d{3} \d{3}$`, []string{"046 454 286"}, luhnByTable},
	{FF1{Shape: ShapeUKNHS}, `^\d{3} \d{3} \d{4}$`, []string{"943 476 5919"}, nhsByTrial},
	{FF1{Shape: ShapeNLBSN}, `^\d{9}$`, []string{"111222333", "123456782"}, bsnByTrial},
	{FF1{Shape: ShapeBRCPF}, `^\d{3}\.\d{3}\.\d{3}-\d\d$`, []string{"111.444.777-35"}, cpfByTrial},
	{FF1{Shape: ShapeESDNI}, `^\d{8}[A-Z]$`, []string{"12345678Z", "00000000T"}, dniByTrial},
	{FF1{Shape: ShapeINAadhaar}, `^[2-9]\d{11}$`, []string{"234123412346"}, verhoeffByTable},
	{FF1{Shape: ShapeUSSSN}, `^\d{3}-\d\d-\d{4}$`, []string{"078-05-1120"},
		regexp.MustCompile(`^(00[1-9]|0[1-9]\d|[1-578]\d\d|6[0-57-9]\d|66[0-57-9])-(0[1-9]|[1-9]\d)-`).
			MatchString},
}

func digitsOf(s string) (d []int) {
	for _, c := range s {
		if c >= '0' && c <= '9' {
			d = append(d, int(c-'0'))
		}
	}
	return d
}

func luhnByTable(s string) bool {
	sum, d := 0, digitsOf(s)
	for i, x := range d {
		if (len(d)-i)%2 == 0 {
			x = []int{0, 2, 4, 6, 8, 1, 3, 5, 7, 9}[x]
		}
		sum += x
	}
	return sum%10 == 0
}

func ibanByBig(s string) bool {
	s = strings.ReplaceAll(s, " ", "")
	text := ""
	for _, c := range s[4:] + s[:4] {
		n, err := strconv.ParseInt(string(c), 36, 32)
		if err != nil {
			return false
		}
		text += strconv.Itoa(int(n))
	}
	n, _ := new(big.Int).SetString(text, 10)
	return n.Mod(n, big.NewInt(97)).Int64() == 1
}

func weighed(s string, weights ...int) int {
	sum := 0
	for i, d := range digitsOf(s) {
		if i < len(weights) {
			sum += d * weights[i]
		}
	}
	return sum % 11
}

// In these tests a check digit is verified as part of the sum.
func nhsByTrial(s string) bool { return weighed(s, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1) == 0 }
func bsnByTrial(s string) bool { return weighed(s, 9, 8, 7, 6, 5, 4, 3, 2, -1) == 0 }

func cpfByTrial(s string) bool {
	d := digitsOf(s)
	return weighed(s, 10, 9, 8, 7, 6, 5, 4, 3, 2)*10%11%10 == d[9] &&
		weighed(s, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)*10%11%10 == d[10]
}

func dniByTrial(s string) bool {
	n, _ := strconv.Atoi(s[:8])
	for n >= 23 {
		n -= 23
	}
	return strings.Split("T R W A G M Y F P D X B N J Z S Q V H L C K E", " ")[n] == s[8:]
}

// verhoeffByTable checks with the two tables as they are printed everywhere.
func verhoeffByTable(s string) bool {
	d := strings.Fields("0123456789 1234067895 2340178956 3401289567 4012395678 " +
		"5987604321 6598710432 7659821043 8765932104 9876543210")
	p := strings.Fields("0123456789 1576283094 5803796142 8916043527 9453126870 " +
		"4286573901 2793806415 7046913258")
	c, digits := 0, digitsOf(s)
	slices.Reverse(digits)
	for i, x := range digits {
		c = int(d[c][p[i%8][x]-'0'] - '0')
	}
	return c == 0
}

func TestShapes(t *testing.T) {
	for _, test := range shapes {
		if test.values == nil {
			continue
		}
		got, err := tokensOfTexts(t, ff1Column(t, test.method), test.values)
		if err != nil {
			t.Errorf("%s: %v", test.method.Shape, err)
			continue
		}
		want := regexp.MustCompile(test.want)
		back := opener(t, &test.method)
		for i, tok := range got {
			if tok == test.values[i] {
				t.Errorf("%s: %s is unchanged", test.method.Shape, tok)
			}
			if len(want.String()) > 0 && !want.MatchString(tok) {
				t.Errorf("%s: got %s, want %s", test.method.Shape, tok, want)
			}
			if test.valid != nil && (!test.valid(test.values[i]) || !test.valid(tok)) {
				t.Errorf("%s: %s became %s: not both are valid", test.method.Shape, test.values[i], tok)
			}
			plain, err := back.Open(nil, []byte(tok))
			if err != nil || string(plain) != test.values[i] {
				t.Errorf("%s: %s opens as %s, %v, want %s",
					test.method.Shape, tok, plain, err, test.values[i])
			}
		}
	}
}

// Tokens are values of the shape again, so that their tokens can be made, many
// at a time: chains of values that walk through the domain.
func TestShapesManyValues(t *testing.T) {
	for _, test := range shapes {
		p := ff1Column(t, test.method)
		for i, value := range test.values {
			chain := []string{value}
			for range 300 {
				last, err := tokensOfTexts(t, p, chain[len(chain)-1:])
				if err != nil {
					t.Fatal(err)
				}
				chain = append(chain, last...)
			}
			together, err := tokensOfTexts(t, p, chain)
			if err != nil || !slices.Equal(together[:300], chain[1:]) {
				t.Fatalf("%s: a chunk differs from its values alone: %v", test.method.Shape, err)
			}
			o := opener(t, test.method)
			distinct := map[string]bool{}
			for k, tok := range together {
				if test.valid != nil && !test.valid(tok) {
					t.Fatalf("%s: %s is not valid", test.method.Shape, tok)
				}
				plain, err := o.Open(nil, []byte(tok))
				if err != nil || string(plain) != chain[k] {
					t.Fatalf("%s: got %s, %v, want %s", test.method.Shape, plain, err, chain[k])
				}
				distinct[tok] = true
			}
			if len(distinct) != len(together) {
				t.Errorf("%s, value %d: a cycle", test.method.Shape, i)
			}
		}
	}
}

// What is not of the shape is refused without a word of it.
func TestShapesRefuse(t *testing.T) {
	for shape, bad := range map[Shape][]string{
		ShapeDigits:       {"", "12345", "12345x", "123 456", "１２３４５６", "-123456"},
		ShapeAlphanumeric: {"", "abc", "ab-cd", "abcdé"},
		ShapeCard: {"", "4111111111111112", "411111111111", "41111111111111111111",
			"4111-1111-1111-111a", "4111.1111.1111.1111", "0000000000018x"},
		ShapeIBAN: {"", "DE89370400440532013001", "DE0037040044053201300", "de89370400440532013000",
			"DE893704004405320130001", "DE", "D189370400440532013000", "DEX9370400440532013000",
			"DE89-3704-0044-0532-0130-00", "DE8937040044053201300\x00"},
		ShapePhone: {"", "+", "0301234567", "+49", "+4912345", "+0123456789", "+1212555012a",
			"+1234567890123456", "+49 30 123456 ext 5", "tel:+493012345678"},
		ShapeCASIN:     {"046454287", "04645428", "0464542860"},
		ShapeUKNHS:     {"9434765918", "943476591", "94347659190", "1000000100"},
		ShapeNLBSN:     {"111222334", "000000000", "11122233"},
		ShapeBRCPF:     {"111.444.777-36", "111.111.111-11", "11144477", "111.444.777/35"},
		ShapeESDNI:     {"12345678A", "12345678z", "12345678", "X1234567L", "", "Z"},
		ShapeINAadhaar: {"234123412347", "123412341234", "23412341234"},
		ShapeUSSSN: {"000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000",
			"123-45-678"},
	} {
		p := ff1Column(t, FF1{Shape: shape})
		for _, value := range bad {
			got, err := tokensOfTexts(t, p, []string{value})
			if err == nil {
				t.Errorf("%s: %q became %q", shape, value, got)
				continue
			}
			if !strings.HasPrefix(err.Error(), `pseudonym: column "c0": row 0: `) {
				t.Errorf("%s: %v", shape, err)
			}
			if len(value) > 4 && strings.Contains(err.Error(), value) {
				t.Errorf("the error shows the value: %v", err)
			}
		}
	}
	// The row of the bad value is named.
	_, err := tokensOfTexts(t, ff1Column(t, FF1{Shape: ShapeDigits}),
		[]string{"123456", "234567", "canary"})
	if err == nil || !strings.Contains(err.Error(), "row 2: ") ||
		strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

func TestFF1Options(t *testing.T) {
	for want, m := range map[string]FF1{
		"no shape":                            {},
		`shape "ff3" is not known`:            {Shape: "ff3"},
		"alphabet has 1 characters":           {Shape: ShapeAlphabet, Alphabet: "a"},
		"alphabet hold a character twice":     {Shape: ShapeAlphabet, Alphabet: "aba"},
		"alphabet hold a character that is n": {Shape: ShapeAlphabet, Alphabet: "aé"},
		`alphabet is for shape "alphabet"`:    {Shape: ShapeDigits, Alphabet: "ab"},
		"separators hold a character twice":   {Shape: ShapeDigits, Separators: "--"},
		"separators hold a character that is": {Shape: ShapeDigits, Separators: "5"},
		`keep is for shape "card"`:            {Shape: ShapeDigits, Keep: 6},
		"keep is 12, want 6 or 8":             {Shape: ShapeCard, Keep: 12},
	} {
		err := Column{Name: "a", Field: testField, Method: m}.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// The tokens of a column of digits are those of the reference under the
// derived key.
func TestFF1ColumnAgainstReference(t *testing.T) {
	key, err := testKeyring(t).subkey(opFF1, testField, "digits:", 32)
	if err != nil {
		t.Fatal(err)
	}
	p := ff1Column(t, FF1{Shape: ShapeDigits, Separators: "-"})
	rnd := rand.New(rand.NewPCG(9, 10))
	var values, wants []string
	for range 300 {
		x := make([]uint16, 6+rnd.IntN(50))
		var text bytes.Buffer
		for i := range x {
			x[i] = uint16(rnd.IntN(10))
			fmt.Fprint(&text, x[i])
		}
		want := ""
		for _, d := range referenceFF1(key, 10, nil, x, false) {
			want += strconv.Itoa(int(d))
		}
		values = append(values, text.String()+"-")
		wants = append(wants, want+"-")
	}
	got, err := tokensOfTexts(t, p, values)
	if err != nil || !slices.Equal(got, wants) {
		t.Errorf("got %q, %v, want %q", got, err, wants)
	}
}

// The kept part decides about the rest: equal middles of different issuers have
// different tokens.
func TestFF1TweaksByKeptParts(t *testing.T) {
	got, err := tokensOfTexts(t, ff1Column(t, FF1{Shape: ShapePhone}),
		[]string{"+4930123456", "+4330123456"})
	if err != nil || got[0][3:] == got[1][3:] {
		t.Errorf("got %q, %v", got, err)
	}
}

func FuzzShapes(f *testing.F) {
	for i, s := range shapes {
		for _, v := range s.values {
			f.Add(uint8(i), v)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, value string) {
		m := shapes[int(which)%len(shapes)].method
		mk, err := newFF1Maker(m, testRoot())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := mk.run(chunkOf([][]byte{[]byte(value)}), false); err != nil {
			return
		}
		tok := bytes.Clone(mk.jobs[0].text)
		if len(tok) != len(value) {
			t.Errorf("%d bytes became %d", len(value), len(tok))
		}
		back, err := mk.Open(nil, tok)
		if err != nil || string(back) != value {
			t.Errorf("%s: %q opens as %q, %v, want %q", m.Shape, tok, back, err, value)
		}
	})
}
