//go:build race

package local

// slower is true under the race detector, which makes a test ten times as slow
// and has nothing to see in one goroutine.
const slower = true
