package accounting

import "testing"

// BenchmarkSampledGaussian is ten thousand steps of DP-SGD, construction
// included.
func BenchmarkSampledGaussian(b *testing.B) {
	for b.Loop() {
		t := Training{NoiseMultiplier: 1, SamplingRate: 0.01, Steps: 10_000, Interval: 1e-4}
		if _, err := t.Epsilon(1e-5); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkConnect is the construction alone.
func BenchmarkConnect(b *testing.B) {
	for b.Loop() {
		t := Training{NoiseMultiplier: 1, SamplingRate: 0.01, Steps: 1, Interval: 1e-4}
		if _, err := t.Loss(); err != nil {
			b.Fatal(err)
		}
	}
}
