//go:build unix

package pseudonym

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openNoFollow opens path for reading unless it is a symbolic link, and does
// not wait for the other end of a pipe.
func openNoFollow(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}

// checkAccess refuses a file that another user owns or may use.
func checkAccess(path string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("its owner cannot be determined")
	}
	return checkOwner(path, info.Mode().Perm(), int(stat.Uid), os.Geteuid())
}

func checkOwner(path string, perm fs.FileMode, owner, user int) error {
	if owner != user {
		return fmt.Errorf("belongs to user %d, but this process runs as user %d", owner, user)
	}
	if perm&0o077 != 0 {
		return fmt.Errorf("others may access it (mode %04o); run: chmod 600 %s", perm, path)
	}
	return nil
}

// syncDir makes the name of a new file durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
