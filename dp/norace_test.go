//go:build !race

package dp

const slower = 1
