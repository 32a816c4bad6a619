//go:build race

package mechanism

// slower is true under the race detector, which makes a test ten times as slow.
const slower = true
