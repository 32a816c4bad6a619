//go:build race

package exact

// slower is true under the race detector, which makes a test ten times as slow
// and has nothing to see in one goroutine.
const slower = true

// draws is how often a test draws.
const draws = 500_000
