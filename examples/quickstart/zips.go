package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// zips are the postal codes that patients come from, with how many people
// live in each.
type zips struct {
	codes  []string
	people []float64
}

// regions are the first three digits of a region, how many codes it has and
// what share of the patients live there. The hospital stands in the first.
var regions = []struct {
	prefix string
	codes  int
	share  float64
}{
	{"040", 60, 34}, {"041", 45, 22}, {"042", 35, 13}, {"044", 30, 9}, {"046", 25, 6},
	{"065", 25, 4}, {"066", 20, 3}, {"101", 12, 2}, {"103", 12, 2}, {"127", 10, 1.5},
	{"203", 8, 1}, {"307", 6, 1}, {"553", 5, 0.6}, {"801", 4, 0.5}, {"992", 3, 0.4},
}

// newZips makes the same 300 codes each time. Towns differ: the n-th of a
// region has a share near 1/n of it, so some codes are rare.
func newZips() *zips {
	z := &zips{}
	rng := rand.New(rand.NewPCG(7, 11))
	for _, r := range regions {
		ends := rng.Perm(100)[:r.codes]
		slices.Sort(ends)
		weights := falling(r.codes, 1.5)
		total := 0.0
		for _, w := range weights {
			total += w
		}
		rng.Shuffle(len(weights), func(i, j int) { weights[i], weights[j] = weights[j], weights[i] })
		for i, end := range ends {
			z.codes = append(z.codes, fmt.Sprintf("%s%02d", r.prefix, end))
			z.people = append(z.people, r.share*weights[i]/total)
		}
	}
	return z
}
