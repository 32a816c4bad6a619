//go:build !race

package pseudonym

// raceEnabled tells that the race detector is at work.
const raceEnabled = false
