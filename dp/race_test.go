//go:build race

package dp

// slower is how much fewer runs a test makes: the race detector makes each ten
// times as slow, and has seen what it can see after a few.
const slower = 10
