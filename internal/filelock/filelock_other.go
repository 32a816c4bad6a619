//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package filelock

import (
	"errors"
	"io/fs"
	"os"
)

// try creates a file beside that at path; it holds the lock who creates it. A
// process that is killed leaves it behind.
func try(path string) (unlock func(), err error) {
	name := path + ".lock"
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, errLocked
	}
	if err != nil {
		return nil, err
	}
	file.Close()
	return func() { os.Remove(name) }, nil
}

// TryHold fails: there is no lock that ends with the process.
func TryHold(*os.File) (held bool, err error) { return false, errors.ErrUnsupported }
