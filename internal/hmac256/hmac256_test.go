package hmac256

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestVectors are test cases 1 and 2 of RFC 4231.
func TestVectors(t *testing.T) {
	for _, v := range []struct{ key, text, want string }{
		{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	} {
		key, _ := hex.DecodeString(v.key)
		text, _ := hex.DecodeString(v.text)
		m, err := New(key)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(m.Digest(text)[:]); got != v.want {
			t.Errorf("got %s, want %s", got, v.want)
		}
		got := make([][PrefixBytes]byte, 20)
		m.Prefixes(got, text, slices.Repeat([][2]int{{0, len(text)}}, len(got)))
		for i := range got {
			if hex.EncodeToString(got[i][:]) != v.want[:2*PrefixBytes] {
				t.Errorf("lane %d: got %x, want %s", i, got[i], v.want)
			}
		}
	}
}

// TestAgainstStandardLibrary compares any number of texts of any length, which
// follow each other in the same buffers, with crypto/hmac.
func TestAgainstStandardLibrary(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	m := newMAC(t, []byte("a key of no particular length, longer than a block of SHA-256, that is"))
	for round := range 400 {
		texts := make([][]byte, rng.IntN(70))
		fixed := rng.IntN(70)
		for i := range texts {
			n := fixed
			if round%2 == 0 {
				n = rng.IntN(130)
			}
			texts[i] = make([]byte, n)
			for j := range texts[i] {
				texts[i][j] = byte(rng.Uint32())
			}
		}
		compare(t, m, texts)
	}
}

// mac is a MAC, the same without lanes, and its key.
type mac struct {
	*MAC
	narrow *MAC
	key    []byte
}

func newMAC(tb testing.TB, key []byte) mac {
	tb.Helper()
	m, err := New(key)
	if err != nil {
		tb.Fatal(err)
	}
	narrow, err := New(key)
	if err != nil {
		tb.Fatal(err)
	}
	narrow.lanes = nil
	return mac{m, narrow, key}
}

func compare(t *testing.T, m mac, texts [][]byte) {
	t.Helper()
	got := make([][PrefixBytes]byte, len(texts))
	narrow := make([][PrefixBytes]byte, len(texts))
	var data []byte
	var spans [][2]int
	for _, text := range texts {
		spans = append(spans, [2]int{len(data), len(data) + len(text)})
		data = append(data, text...)
	}
	m.Prefixes(got, data, spans)
	m.narrow.Prefixes(narrow, data, spans)
	std := hmac.New(sha256.New, m.key)
	for i, text := range texts {
		std.Reset()
		std.Write(text)
		want := [PrefixBytes]byte(std.Sum(nil))
		if got[i] != want || narrow[i] != want {
			t.Fatalf("text %d of %d, %d bytes: got %x and %x, want %x",
				i, len(texts), len(text), got[i], narrow[i], want)
		}
	}
}

// FuzzAgainstStandardLibrary cuts data into texts at the given lengths.
func FuzzAgainstStandardLibrary(f *testing.F) {
	f.Add([]byte("key"), []byte("a text and another one and so on"), []byte{3, 55, 56, 16, 16})
	f.Fuzz(func(t *testing.T, key, data, lengths []byte) {
		var texts [][]byte
		for _, n := range lengths {
			n := min(int(n), len(data))
			texts = append(texts, data[:n])
			data = data[n/2:]
		}
		compare(t, newMAC(t, key), texts)
	})
}

func BenchmarkPrefixes(b *testing.B) {
	m := newMAC(b, make([]byte, 32))
	text := []byte("P-00000000000001")
	spans := slices.Repeat([][2]int{{0, len(text)}}, 64)
	dst := make([][PrefixBytes]byte, len(spans))
	for _, bench := range []struct {
		name string
		mac  *MAC
	}{{"lanes", m.MAC}, {"crypto", m.narrow}} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				bench.mac.Prefixes(dst, text, spans)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(spans)), "ns/text")
		})
	}
}
