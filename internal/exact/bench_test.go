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

func BenchmarkEvent(b *testing.B) {
	src := entropy.New()
	e := NewEvent(Exponential(big.NewRat(355, 452)))
	for b.Loop() {
		e.Sample(src)
	}
}

func BenchmarkRespond(b *testing.B) {
	for _, k := range []uint64{2, 10, 250} {
		b.Run(fmt.Sprint(k), func(b *testing.B) {
			r := NewResponse(k, big.NewRat(1, 1))
			src := entropy.New()
			values := make([]uint8, 1<<16)
			for b.Loop() {
				Respond(r, src, values)
			}
			b.ReportMetric(float64(b.N)*float64(len(values))/b.Elapsed().Seconds()/1e6, "M/s")
		})
	}
}
