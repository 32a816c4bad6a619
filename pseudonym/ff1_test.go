package pseudonym

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/c2sp/wycheproof"
)

// referenceFF1 follows the steps of SP 800-38G, algorithms 7 and 8, with
// math/big and the CBC mode of the standard library, and shares nothing with
// the code it checks.
func referenceFF1(key []byte, radix int, tweak []byte, x []uint16, decrypt bool) []uint16 {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	num := func(s []uint16) *big.Int {
		sum, weight := new(big.Int), big.NewInt(1)
		for i := len(s) - 1; i >= 0; i-- {
			sum.Add(sum, new(big.Int).Mul(weight, big.NewInt(int64(s[i]))))
			weight = new(big.Int).Mul(weight, big.NewInt(int64(radix)))
		}
		return sum
	}
	str := func(n *big.Int, m int) []uint16 {
		s := make([]uint16, m)
		for i := range m {
			var digit big.Int
			n, _ = new(big.Int).QuoRem(n, big.NewInt(int64(radix)), &digit)
			s[m-1-i] = uint16(digit.Int64())
		}
		return s
	}
	pow := func(m int) *big.Int {
		return new(big.Int).Exp(big.NewInt(int64(radix)), big.NewInt(int64(m)), nil)
	}
	n, t := len(x), len(tweak)
	u := n / 2
	v := n - u
	// The least b with 256^b >= radix^v.
	b := 0
	for size := big.NewInt(1); size.Cmp(pow(v)) < 0; b++ {
		size = new(big.Int).Lsh(size, 8)
	}
	d := 4*int(math.Ceil(float64(b)/4)) + 4
	p := []byte{1, 2, 1, byte(radix >> 16), byte(radix >> 8), byte(radix), 10, byte(u % 256),
		byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n),
		byte(t >> 24), byte(t >> 16), byte(t >> 8), byte(t)}
	f := func(i int, half []uint16) *big.Int {
		q := append(slices.Clone(p), tweak...)
		for (len(q)+b+1)%16 != 0 {
			q = append(q, 0)
		}
		q = append(q, byte(i))
		q = append(q, num(half).FillBytes(make([]byte, b))...)
		cipher.NewCBCEncrypter(block, make([]byte, 16)).CryptBlocks(q, q)
		r := q[len(q)-16:]
		s := slices.Clone(r)
		for j := 1; len(s) < d; j++ {
			counter := big.NewInt(int64(j)).FillBytes(make([]byte, 16))
			for k := range counter {
				counter[k] ^= r[k]
			}
			block.Encrypt(counter, counter)
			s = append(s, counter...)
		}
		return new(big.Int).SetBytes(s[:d])
	}
	left, right := slices.Clone(x[:u]), slices.Clone(x[u:])
	for i := range 10 {
		if decrypt {
			i = 9 - i
		}
		m := u
		if i%2 == 1 {
			m = v
		}
		if decrypt {
			c := new(big.Int).Sub(num(right), f(i, left))
			left, right = str(c.Mod(c, pow(m)), m), left
		} else {
			c := new(big.Int).Add(num(left), f(i, right))
			left, right = right, str(c.Mod(c, pow(m)), m)
		}
	}
	return append(left, right...)
}

// cryptFF1 is FF1 without the rule about small domains but with all others.
func cryptFF1(key []byte, radix int, tweak []byte, x []uint16, decrypt bool) ([]uint16, error) {
	f, err := newFF1(key, radix)
	if err != nil {
		return nil, err
	}
	if len(x) < 2 || math.Pow(float64(radix), float64(len(x))) < 100 {
		return nil, errDomain
	}
	for _, d := range x {
		if int(d) >= radix {
			return nil, errCipher
		}
	}
	out := slices.Clone(x)
	f.crypt(f.makePlan(len(x), len(tweak)), out, tweak, decrypt)
	return out, nil
}

func TestFF1AgainstReference(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return b
	}
	radixes := []int{2, 3, 10, 16, 26, 36, 62, 255, 256, 257, 65535, 65536}
	rounds := 4000
	if raceEnabled {
		rounds = 400
	}
	for round := range rounds {
		radix := radixes[round%len(radixes)]
		if round%3 == 0 {
			radix = 2 + rnd.IntN(65535)
		}
		least := int(math.Ceil(math.Log(100)/math.Log(float64(radix)) + 1e-9))
		n := max(2, least) + rnd.IntN(40)
		if radix == 2 {
			n += rnd.IntN(120)
		}
		key, tweak := random(32), random(rnd.IntN(40))
		x := make([]uint16, n)
		for i := range x {
			x[i] = uint16(rnd.IntN(radix))
			switch round % 5 {
			case 3:
				x[i] = 0
			case 4:
				x[i] = uint16(radix - 1)
			}
		}
		want := referenceFF1(key, radix, tweak, x, false)
		got, err := cryptFF1(key, radix, tweak, x, false)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("radix %d, %d numerals, tweak of %d: %v, %v, want %v",
				radix, n, len(tweak), got, err, want)
		}
		back, err := cryptFF1(key, radix, tweak, got, true)
		if err != nil || !slices.Equal(back, x) {
			t.Fatalf("radix %d, %d numerals: back to %v, want %v", radix, n, back, x)
		}
		if round%10 == 0 && !slices.Equal(referenceFF1(key, radix, tweak, want, true), x) {
			t.Fatal("the reference does not invert itself")
		}
	}
}

// Many records of different plans side by side are each encrypted as alone.
func TestFF1SideBySide(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	f, err := newFF1(testRoot(), 10)
	if err != nil {
		t.Fatal(err)
	}
	var records []ff1Record
	var wants [][]uint16
	var tmp token
	for range 64 {
		x := make([]uint16, 6+rnd.IntN(33)) // up to 38 digits
		for i := range x {
			x[i] = uint16(rnd.IntN(10))
		}
		tweak := make([]byte, rnd.IntN(20))
		p, err := f.plan(len(x), len(tweak))
		if err != nil || !p.fits() {
			t.Fatalf("%d digits: fits is %t, %v", len(x), p.fits(), err)
		}
		records = append(records, f.begin(p, f.number(x[:p.u]), f.number(x[p.u:]), tweak, &tmp))
		wants = append(wants, referenceFF1(testRoot(), 10, tweak, x, false))
	}
	start := slices.Clone(records)
	blocks := make([]token, len(records))
	f.encrypt(records, blocks)
	for i, r := range records {
		got := make([]uint16, r.n)
		f.numerals(got[:r.u], r.a)
		f.numerals(got[r.u:], r.b)
		if !slices.Equal(got, wants[i]) {
			t.Errorf("record %d: got %v, want %v", i, got, wants[i])
		}
	}
	f.decrypt(records, blocks)
	for i, r := range records {
		if r.a != start[i].a || r.b != start[i].b {
			t.Errorf("record %d is not decrypted", i)
		}
	}
}

// Every string of the smallest domain that is accepted occurs once.
func TestFF1IsAPermutation(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("a million encryptions")
	}
	f, err := newFF1(testRoot(), 10)
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.plan(6, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := make([]bool, minDomain)
	var tmp token
	records, blocks := make([]ff1Record, 1000), make([]token, 1000)
	for a := range uint64(1000) {
		for b := range records {
			records[b] = f.begin(p, a, uint64(b), nil, &tmp)
		}
		f.encrypt(records, blocks)
		for _, r := range records {
			if seen[1000*r.a+r.b] {
				t.Fatal("two strings have one ciphertext")
			}
			seen[1000*r.a+r.b] = true
		}
	}
}

func TestFF1RefusesSmallDomains(t *testing.T) {
	for radix, least := range map[int]int{2: 20, 10: 6, 26: 5, 36: 4, 62: 4, 1000: 2, 65536: 2} {
		f, err := newFF1(testRoot(), radix)
		if err != nil {
			t.Fatal(err)
		}
		for n := range least + 2 {
			if _, err := f.plan(n, 0); (err == nil) != (n >= least) {
				t.Errorf("radix %d, %d numerals: %v", radix, n, err)
			}
		}
	}
	for _, radix := range []int{-1, 0, 1, 65537} {
		if _, err := newFF1(testRoot(), radix); err == nil {
			t.Errorf("radix %d is accepted", radix)
		}
	}
	if _, err := newFF1(make([]byte, 20), 10); err == nil {
		t.Error("a key of 20 bytes is accepted")
	}
}

// b is the number of bytes of radix^v - 1, where floating point would err.
func TestFF1HalfBytes(t *testing.T) {
	for _, test := range []struct{ radix, n, b, d int }{
		{10, 16, 4, 8}, {10, 18, 4, 8}, {10, 20, 5, 12}, {10, 38, 8, 12},
		{256, 2, 1, 8}, {256, 16, 8, 12}, {256, 58, 29, 36}, {256, 57, 29, 36},
		{65536, 4, 4, 8}, {2, 64, 4, 8}, {2, 65, 5, 12}, {65536, 30, 30, 36},
	} {
		f, err := newFF1(testRoot(), test.radix)
		if err != nil {
			t.Fatal(err)
		}
		if p := f.makePlan(test.n, 0); p.b != test.b || p.d != test.d {
			t.Errorf("radix %d, %d numerals: b is %d and d %d, want %d and %d",
				test.radix, test.n, p.b, p.d, test.b, test.d)
		}
	}
}

// Reduction by a rounded inverse is exact at its edges.
func TestFF1Reduce(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	for _, radix := range []int{2, 3, 10, 36, 62, 255, 256, 65535, 65536} {
		f, err := newFF1(testRoot(), radix)
		if err != nil {
			t.Fatal(err)
		}
		for n := 2; n < 130; n++ {
			p := f.makePlan(n, 0)
			if !p.fits() {
				break
			}
			for i := range 200 {
				r := ff1Record{ff1Plan: p}
				half := uint64(i & 1)
				m := new(big.Int).SetUint64(p.mod[half])
				y := new(big.Int).SetUint64(rnd.Uint64())
				y.Lsh(y, 32).Add(y, big.NewInt(int64(rnd.Uint32())))
				limit := new(big.Int).Lsh(big.NewInt(1), uint(8*p.d))
				y.Mod(y, limit)
				switch i % 4 {
				case 2: // a multiple of the modulus, or one less
					y.Div(y, m).Mul(y, m)
					if i%8 == 2 && y.Sign() > 0 {
						y.Sub(y, big.NewInt(1))
					}
				case 3: // all ones, or the greatest multiple
					y.Sub(limit, big.NewInt(int64(i/4+1)))
				}
				var block token
				y.FillBytes(block[:p.d])
				got := r.reduce(&block, half)
				if want := new(big.Int).Mod(y, m).Uint64(); got != want {
					t.Fatalf("%v modulo %v: got %d, want %d", y, m, got, want)
				}
			}
		}
	}
}

type ff1Vector struct {
	Key, Tweak, Result string
	Alphabet           string
	Radix              int
	Msg, CT, PT        any
	Flags              []string
}

// numeralsOf reads a string of an alphabet or a list; false if it holds
// something foreign.
func numeralsOf(x any, alphabet string) ([]uint16, bool) {
	var out []uint16
	switch x := x.(type) {
	case string:
		for _, c := range x {
			at := strings.IndexRune(alphabet, c)
			if at < 0 {
				return nil, false
			}
			out = append(out, uint16(len([]rune(alphabet[:at]))))
		}
	case []any:
		for _, d := range x {
			if f := d.(float64); f < 0 || f > 65535 {
				return nil, false
			}
			out = append(out, uint16(d.(float64)))
		}
	}
	return out, true
}

// run tells whether the vector is encrypted and decrypted as it says.
func (v ff1Vector) run(t *testing.T) bool {
	msg := v.Msg
	if msg == nil {
		msg = v.PT
	}
	plain, ok := numeralsOf(msg, v.Alphabet)
	sealed, ok2 := numeralsOf(v.CT, v.Alphabet)
	if !ok {
		return false
	}
	key, tweak := unhex(t, v.Key), unhex(t, v.Tweak)
	got, err := cryptFF1(key, v.Radix, tweak, plain, false)
	if err != nil || !ok2 || !slices.Equal(got, sealed) {
		return false
	}
	back, err := cryptFF1(key, v.Radix, tweak, sealed, true)
	return err == nil && slices.Equal(back, plain)
}

func TestFF1Vectors(t *testing.T) {
	for _, name := range []string{"ff1_nist_samples.json", "ff1_acvp_sample.json",
		"ff1_wycheproof_base10.json", "ff1_wycheproof_base36.json", "ff1_wycheproof_base62.json",
		"ff1_wycheproof_radix256.json", "ff1_wycheproof_radix65536.json"} {
		var file struct{ Tests []ff1Vector }
		if err := json.Unmarshal(readShared(t, name), &file); err != nil || len(file.Tests) == 0 {
			t.Fatal(name, err)
		}
		for i, v := range file.Tests {
			if ok, want := v.run(t), v.Result != "invalid"; ok != want {
				t.Errorf("%s: vector %d %v: agrees is %t, want %t", name, i, v.Flags, ok, want)
			}
		}
	}
}

func TestFF1Wycheproof(t *testing.T) {
	names, err := fs.Glob(wycheproof.TestVectors, "aes_ff1_*.json")
	if err != nil || len(names) != 22 {
		t.Fatal(names, err)
	}
	valid, invalid := 0, 0
	for _, name := range names {
		bad := 0
		for _, g := range wycheproofGroups[struct {
			Alphabet string
			Radix    int
			Tests    []ff1Vector
		}](t, name) {
			for i, v := range g.Tests {
				if (testing.Short() || raceEnabled) && i%10 != 0 {
					continue
				}
				v.Alphabet, v.Radix = g.Alphabet, g.Radix
				ok, want := v.run(t), v.Result != "invalid"
				if want {
					valid++
				} else {
					invalid++
				}
				if ok != want {
					if bad++; bad < 5 {
						t.Errorf("%s: test %d %v: agrees is %t, want %t", name, i, v.Flags, ok, want)
					}
				}
			}
		}
	}
	t.Logf("%d valid and %d invalid vectors", valid, invalid)
	if !testing.Short() && !raceEnabled && (valid < 27_000 || invalid < 4_000) {
		t.Errorf("only %d valid and %d invalid vectors", valid, invalid)
	}
}

// TestDigits writes and reads numbers of all lengths, and refuses every byte
// that is no digit in every place.
func TestDigits(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	limit := uint64(1)
	for n := range 20 {
		for i := range 2000 {
			x := rnd.Uint64() % limit
			if i == 0 {
				x = limit - 1
			}
			text := make([]byte, n)
			writeDigits(text, x)
			if want := fmt.Sprintf("%0*d", n, x); n > 0 && string(text) != want {
				t.Fatalf("got %s, want %s", text, want)
			}
			if got, ok := readDigits(text); !ok || got != x {
				t.Fatalf("%s: got %d, %t", text, got, ok)
			}
			if n > 0 {
				c := byte(rnd.Uint32())
				text[rnd.IntN(n)] = c
				if _, ok := readDigits(text); ok != (c >= '0' && c <= '9') {
					t.Fatalf("%q is taken for digits: %t", text, ok)
				}
			}
		}
		if n < 19 {
			limit *= 10
		}
	}
}

// TestDigitsInColumns: values that go the short way, with and without rows that
// are left out, and values that do not, such as one with a separator among
// them, have the tokens that each has by itself.
func TestDigitsInColumns(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	m, err := newFF1Maker(FF1{Shape: ShapeDigits, Separators: "-"}, testRoot())
	if err != nil {
		t.Fatal(err)
	}
	for n := 6; n <= 21; n++ {
		for round := range 4 {
			var texts [][]byte
			for range []int{1, chunkRows, 7, chunkRows}[round] {
				texts = append(texts, fmt.Appendf(nil, "%0*d", n, rnd.Uint64()%1_000_000))
			}
			if round == 3 {
				texts[rnd.IntN(len(texts))][0] = '-'
				texts[0] = append(texts[0], '7')
			}
			c := chunkOf(texts)
			if round == 2 {
				c.rows[len(c.rows)-1]++
			}
			out, err := newOutputs(memory.DefaultAllocator, arrow.BinaryTypes.String, chunkRows+1,
				validity{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := m.make(out, c); err != nil {
				if n == 6 { // less a separator
					continue
				}
				t.Fatal(err)
			}
			for i, text := range texts {
				if _, err := m.run(chunkOf([][]byte{text}), false); err != nil {
					t.Fatal(err)
				}
				if got, want := out.value(c.rows[i]), m.jobs[0].text; string(got) != string(want) {
					t.Fatalf("%d digits, value %d of %d: got %s, want %s", n, i, len(texts), got, want)
				}
			}
			out.release()
		}
	}
}
