//go:build !linux

package pseudonym

import "time"

// threadCPU is not known here.
func threadCPU() time.Duration { return 0 }
