//go:build !race

package exact

const slower = false

const draws = 2_000_000
