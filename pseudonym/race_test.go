//go:build race

package pseudonym

// raceEnabled tells that the race detector is at work, under which long
// computations of one goroutine are cut short.
const raceEnabled = true
