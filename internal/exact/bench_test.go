package exact

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/lethe-go/lethe/internal/entropy"
)

func BenchmarkLaplace(b *testing.B) {
	for _, scale := range []*big.Rat{
		big.NewRat(1, 3), big.NewRat(1, 1), big.NewRat(8, 1), big.NewRat(40, 3),
		big.NewRat(1_000_003, 7), big.NewRat(1<<40, 1),
	} {
		b.Run(fmt.Sprint(scale), func(b *testing.B) {
			l, err := NewLaplace(scale)
			if err != nil {
				b.Fatal(err)
			}
			src := entropy.New()
			for b.Loop() {
				l.Sample(src)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "M/s")
		})
	}
}

func BenchmarkGaussian(b *testing.B) {
	for _, variance := range []*big.Rat{
		big.NewRat(1, 2), big.NewRat(1, 1), big.NewRat(50, 1), big.NewRat(1_000_003, 7),
		rational(1<<60, 1),
	} {
		b.Run(fmt.Sprint(variance), func(b *testing.B) {
			g, err := NewGaussian(variance)
			if err != nil {
				b.Fatal(err)
			}
			src := entropy.New()
			for b.Loop() {
				g.Sample(src)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "M/s")
		})
	}
}

func BenchmarkExp(b *testing.B) {
	src := entropy.New()
	e := NewExp(big.NewRat(355, 452))
	for b.Loop() {
		e.Sample(src)
	}
}
