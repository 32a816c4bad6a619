package mechanism

import (
	"fmt"
	"testing"
)

func BenchmarkEach(b *testing.B) {
	for _, m := range []Additive{
		Laplace{Epsilon: 1, Sensitivity: 1, Upper: 100},
		Gaussian{Epsilon: 1, Delta: 1e-6, Sensitivity: 1, Upper: 100},
	} {
		b.Run(fmt.Sprint(m), func(b *testing.B) {
			n, err := New(m)
			if err != nil {
				b.Fatal(err)
			}
			x := make([]float64, 4096)
			for b.Loop() {
				if err := n.Each(x); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*float64(len(x))/b.Elapsed().Seconds()/1e6, "M/s")
		})
	}
}

func BenchmarkChoose(b *testing.B) {
	scores := make([]float64, 1000)
	for i := range scores {
		scores[i] = float64(i * i % 997)
	}
	for _, rule := range []Rule{Exponential, PermuteAndFlip, NoisyMax} {
		b.Run(string(rule), func(b *testing.B) {
			s, err := NewSelector(Selection{Rule: rule, Epsilon: 1, Sensitivity: 1, Upper: 1000})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := s.Choose(scores); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
