package base32rows

import (
	"bytes"
	"encoding/base32"
	"math/rand/v2"
	"testing"
)

// TestVectors are those of RFC 4648, section 10.
func TestVectors(t *testing.T) {
	for text, want := range map[string]string{"": "", "f": "MY", "fo": "MZXQ", "foo": "MZXW6",
		"foob": "MZXW6YQ", "fooba": "MZXW6YTB", "foobar": "MZXW6YTBOI"} {
		if got := Append(nil, []byte(text)); string(got) != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
		got := make([]byte, len(want))
		if Encode(got, []byte(text), 1, 0, len(text)); string(got) != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// TestAgainstStandardLibrary compares rows of every size with encoding/base32,
// with nothing around them touched.
func TestAgainstStandardLibrary(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{2})
	for size := 1; size <= 48; size++ {
		for _, n := range []int{1, 2, 5} {
			src := make([]byte, n*(size+3))
			rng.Read(src)
			compare(t, src[:(n-1)*(size+3)+size], n, size+3, size)
			compare(t, src[:n*size], n, size, size)
		}
	}
}

func compare(t *testing.T, src []byte, n, stride, size int) {
	t.Helper()
	width := EncodedLen(size)
	var want []byte
	std := base32.StdEncoding.WithPadding(base32.NoPadding)
	for i := range n {
		want = std.AppendEncode(want, src[i*stride:][:size])
	}
	got := bytes.Repeat([]byte{'#'}, n*width+2)
	Encode(got[1:n*width+1], src, n, stride, size)
	if got[0] != '#' || got[n*width+1] != '#' {
		t.Fatalf("%d rows of %d bytes: characters around them are written", n, size)
	}
	if !bytes.Equal(got[1:n*width+1], want) {
		t.Fatalf("%d rows of %d bytes: got %s, want %s", n, size, got[1:n*width+1], want)
	}
	if size == 16 && stride == 16 {
		tokens := make([][16]byte, n)
		for i := range tokens {
			tokens[i] = [16]byte(src[i*stride:])
		}
		clear(got)
		if Tokens(got, tokens); !bytes.Equal(got[:n*width], want) || got[n*width] != 0 {
			t.Fatalf("%d tokens: got %s, want %s", n, got, want)
		}
	}
	var narrow []byte
	for i := range n {
		narrow = Append(narrow, src[i*stride:][:size])
	}
	if !bytes.Equal(narrow, want) {
		t.Fatalf("%d rows of %d bytes: got %s, want %s", n, size, narrow, want)
	}
}

func FuzzAgainstStandardLibrary(f *testing.F) {
	f.Add([]byte("foobarfoobarfoobar"), uint8(5), uint8(7))
	f.Fuzz(func(t *testing.T, src []byte, size, stride uint8) {
		s, d := 1+int(size)%48, int(stride)%64
		if d < s {
			d = s
		}
		if len(src) < s {
			return
		}
		n := (len(src)-s)/d + 1
		compare(t, src[:(n-1)*d+s], n, d, s)
	})
}

func BenchmarkEncode(b *testing.B) {
	const n = 64
	src, dst := make([]byte, 37*n), make([]byte, 60*n)
	for _, size := range []int{16, 37} {
		b.Run(map[int]string{16: "16", 37: "37"}[size], func(b *testing.B) {
			for b.Loop() {
				Encode(dst, src, n, size, size)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/row")
		})
	}
}
