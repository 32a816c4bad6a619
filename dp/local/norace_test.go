//go:build !race

package local

const slower = false
