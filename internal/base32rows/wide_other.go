//go:build !amd64

package base32rows

const (
	wide      = false
	wideBytes = 0
)

var constants struct{}

func encodeWide(_, _ *byte, _, _, _, _ int, _ *struct{}) {}
