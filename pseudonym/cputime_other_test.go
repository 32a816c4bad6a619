//go:build !unix

package pseudonym

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
