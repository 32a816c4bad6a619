//go:build !race

package accounting

const slower = 1
