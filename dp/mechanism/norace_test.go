//go:build !race

package mechanism

const slower = false
