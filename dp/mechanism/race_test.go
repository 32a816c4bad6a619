//go:build race

package mechanism

// slower is true under the race detector, which makes a test ten times as slow.
const slower = true

// draws is how often a test draws.
const draws = 20_000
