//go:build !amd64

package hmac256

// Wide tells whether the processor hashes sixteen texts at a time.
func Wide() bool { return false }

type lanes struct{}

func newLanes(_, _ []byte) *lanes { return nil }

func (*lanes) prefixes(*MAC, [][PrefixBytes]byte, []byte, [][2]int) {}
