package column

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Words are numbered in the order in which they are first seen, whether they lie
// close together or at the ends of what a word can be, in batches or one by one.
func TestWordsAreNumberedInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom([]Type{{Kind: Integer}, {Kind: Unsigned}, {Kind: Date}, {Kind: Time}}).
			Draw(t, "type")
		c, want := NewCoder(typ), map[uint64]uint32{}
		centre := rapid.SampledFrom([]uint64{0, 1 << 40, math.MaxUint64, 1 << 63, dayMillis * 19000}).
			Draw(t, "centre")
		step := rapid.SampledFrom([]uint64{1, dayMillis, 1 << 10}).Draw(t, "step")
		word := rapid.Custom(func(t *rapid.T) uint64 {
			if rapid.IntRange(0, 9).Draw(t, "far") == 0 {
				return rapid.Uint64().Draw(t, "word")
			}
			span := rapid.SampledFrom([]int{5, 400, 70_000}).Draw(t, "span")
			return centre + step*uint64(rapid.IntRange(-span, span).Draw(t, "steps"))
		})
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			words := rapid.SliceOfN(word, 0, 60).Draw(t, "words")
			for rapid.Bool().Draw(t, "longer") && len(words) > 0 && len(words) < 3*block {
				words = append(words, words...)
			}
			codes := make([]uint32, len(words))
			if len(words) == 1 {
				codes[0] = c.addWord(words[0])
			} else if c.number(words, codes, true) != 0 {
				t.Fatal("a word that is added is missing")
			}
			for i, w := range words {
				if _, ok := want[w]; !ok {
					want[w] = uint32(len(want))
				}
				if codes[i] != want[w] {
					t.Fatalf("word %d has code %d, want %d", w, codes[i], want[w])
				}
			}
			others := rapid.SliceOfN(word, 0, 60).Draw(t, "others")
			codes, missing := make([]uint32, len(others)), 0
			got := c.number(others, codes, false)
			for i, w := range others {
				code, ok := want[w]
				if !ok {
					code = None
					missing++
				}
				if codes[i] != code {
					t.Fatalf("word %d is found as %d, want %d", w, codes[i], code)
				}
			}
			if got != missing {
				t.Fatalf("%d words are missing, want %d", got, missing)
			}
		}
		if len(c.near.code) > maxWindow {
			t.Fatalf("a window of %d words", len(c.near.code))
		}
	})
}

// What is close together is found without the table.
func TestWindowHasWhatIsClose(t *testing.T) {
	for _, step := range []uint64{1, dayMillis} {
		c := NewCoder(Type{Kind: Integer})
		if step == dayMillis {
			c = NewCoder(Type{Kind: Date})
		}
		for i := range uint64(1000) {
			c.addWord(step * (i*7919%1000 - 300))
		}
		words := make([]uint64, 1000)
		for i := range words {
			words[i] = step * (uint64(i) - 300)
		}
		var places [block]uint16
		if late := c.near.find(words, make([]uint32, 1000), &places); len(late) > 50 {
			t.Errorf("step %d: %d of 1000 words are not in a window of %d", step, len(late),
				len(c.near.code))
		}
	}
}

func BenchmarkEncodeSmall(b *testing.B) {
	const rows = 1 << 16
	words, codes := make([]uint64, rows), make([]uint32, rows)
	for i := range words {
		words[i] = uint64(i*7919) % 400
	}
	c := NewCoder(Type{Kind: Integer})
	c.number(words, codes, true)
	for name, f := range map[string]func(){
		"window": func() { c.number(words, codes, false) },
		"table":  func() { c.ask(words, codes, false) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}
