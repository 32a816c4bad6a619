package aesblocks

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"math/rand/v2"
	"testing"
)

// TestVector is the example of AES-256 in FIPS 197, appendix C.3.
func TestVector(t *testing.T) {
	key, _ := hex.DecodeString("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
	plain, _ := hex.DecodeString("00112233445566778899aabbccddeeff")
	const want = "8ea2b7ca516745bfeafc49904b496089"
	c, err := New(key)
	if err != nil {
		t.Fatal(err)
	}
	one, many := Block(plain), []Block{Block(plain), Block(plain)}
	c.EncryptOne(&one)
	c.Encrypt(many)
	for _, got := range []Block{one, many[0], many[1]} {
		if hex.EncodeToString(got[:]) != want {
			t.Errorf("got %x, want %s", got, want)
		}
	}
}

func TestKeys(t *testing.T) {
	for _, n := range []int{0, 15, 17, 31, 33} {
		if _, err := New(make([]byte, n)); err == nil {
			t.Errorf("a key of %d bytes is accepted", n)
		}
	}
}

// TestAgainstStandardLibrary compares any number of blocks, under keys of every
// length and, where there are two ways, by both, with crypto/aes.
func TestAgainstStandardLibrary(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{1})
	for _, size := range []int{16, 24, 32} {
		for n := range 70 {
			key := make([]byte, size)
			rng.Read(key)
			compare(t, key, random(rng, n))
		}
	}
}

func random(rng *rand.ChaCha8, n int) []byte {
	text := make([]byte, n*aes.BlockSize)
	rng.Read(text)
	return text
}

func compare(t *testing.T, key, text []byte) {
	t.Helper()
	c, err := New(key)
	if err != nil {
		t.Fatal(err)
	}
	std, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	n := len(text) / aes.BlockSize
	narrow := *c
	narrow.wide = nil
	for _, c := range []*Cipher{c, &narrow} {
		// A block more on either side, which must stay as it is.
		blocks := make([]Block, n+2)
		want := make([]Block, n+2)
		for i := range n {
			blocks[i+1] = Block(text[i*aes.BlockSize:])
			std.Encrypt(want[i+1][:], blocks[i+1][:])
		}
		c.Encrypt(blocks[1 : n+1])
		for i := range blocks {
			if !bytes.Equal(blocks[i][:], want[i][:]) {
				t.Fatalf("block %d of %d differs (wide: %t)", i-1, n, c.wide != nil)
			}
		}
	}
}

func FuzzAgainstStandardLibrary(f *testing.F) {
	f.Add(make([]byte, 32), make([]byte, 80))
	f.Fuzz(func(t *testing.T, key, text []byte) {
		k := make([]byte, 32)
		copy(k, key)
		compare(t, k, text)
	})
}

func BenchmarkEncrypt(b *testing.B) {
	c, err := New(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	narrow := *c
	narrow.wide = nil
	blocks := make([]Block, 64)
	for _, bench := range []struct {
		name   string
		cipher *Cipher
	}{{"wide", c}, {"crypto", &narrow}} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				bench.cipher.Encrypt(blocks)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(blocks)), "ns/block")
		})
	}
}
