package pseudonym

import (
	"syscall"
	"time"
)

// threadCPU is the processor time that the calling thread has used, which a
// busy machine does not change as it does elapsed time.
func threadCPU() time.Duration {
	const thread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if syscall.Getrusage(thread, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
