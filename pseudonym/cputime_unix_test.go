//go:build unix

package pseudonym

import (
	"syscall"
	"time"
)

// cpuTime is the time that processors have worked for this process: unlike the
// clock it does not run while others do.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
