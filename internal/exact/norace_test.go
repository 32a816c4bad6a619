//go:build !race

package exact

const slower = false
