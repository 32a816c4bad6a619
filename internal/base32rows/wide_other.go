//go:build !amd64

package base32rows

const (
	wide      = false
	wideBytes = 0
)

func encodeWide(_, _ *byte, _, _, _, _ int) {}
