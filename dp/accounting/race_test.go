//go:build race

package accounting

// slower is how much fewer runs a test makes: the race detector makes each ten
// times as slow, and there is little for it to see here.
const slower = 5
