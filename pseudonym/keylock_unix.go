//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package pseudonym

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// lockKeys waits until no other process or goroutine holds the lock of the
// file at path. The lock is on the file itself, which is replaced while it is
// held: whoever has waited may hold the lock of a file that is no longer there
// and must try again. The system takes the lock away when the process ends.
func lockKeys(ctx context.Context, path string) (unlock func(), err error) {
	return lockWithin(ctx, func() (func(), error) {
		file, err := openNoFollow(path)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			held, e1 := file.Stat()
			named, e2 := os.Lstat(path)
			if e1 == nil && e2 == nil && os.SameFile(held, named) {
				return func() { file.Close() }, nil
			}
			err = errors.Join(e1, e2)
		}
		file.Close()
		if err == nil || errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
			err = errLocked
		}
		return nil, err
	})
}
