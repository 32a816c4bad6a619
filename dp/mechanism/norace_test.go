//go:build !race

package mechanism

const slower = false

const draws = 200_000
