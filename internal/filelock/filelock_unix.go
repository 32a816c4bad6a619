//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// try takes the lock of the system on the file itself, which ends with the
// process. Whoever has waited may hold the lock of a file that is no longer
// there and must try again.
func try(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
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
}

// TryHold takes the lock of an open file, which then ends with the file or the
// process. held is false where somebody else has it; an error says that the
// system cannot tell.
func TryHold(file *os.File) (held bool, err error) {
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		return false, nil
	}
	return err == nil, err
}
