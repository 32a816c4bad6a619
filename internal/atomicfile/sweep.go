package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lethe-go/lethe/internal/filelock"
)

// nameBytes is how many random characters the name of a temporary file ends
// with.
const nameBytes = 12

// isTemporary says whether name is that of a temporary file for base.
func isTemporary(name, base string) bool {
	random, ok := strings.CutPrefix(name, "."+base+marker)
	return ok && len(random) == nameBytes &&
		strings.Trim(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// sweep removes temporary files for base in dir that a process left behind
// which was killed. Whoever writes such a file holds its lock, so one whose
// lock is free has no writer any more; where the system has no locks that end
// with the process, none is removed. What cannot be removed stays: it is in
// nobody's way.
func sweep(dir, base string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if isTemporary(e.Name(), base) && e.Type().IsRegular() {
			removeDead(filepath.Join(dir, e.Name()))
		}
	}
}

func removeDead(path string) {
	before, err := os.Lstat(path)
	if err != nil || !before.Mode().IsRegular() {
		return
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer file.Close()
	if same, err := isStill(file, path); err != nil || !same {
		return
	}
	if held, err := filelock.TryHold(file); err != nil || !held {
		return
	}
	if same, err := isStill(file, path); err == nil && same {
		_ = os.Remove(path)
	}
}

// isStill says whether path still names the open file.
func isStill(file *os.File, path string) (bool, error) {
	open, err := file.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Lstat(path)
	if err != nil {
		return false, err
	}
	return named.Mode()&fs.ModeSymlink == 0 && os.SameFile(open, named), nil
}

// claim takes the lock of a file that was just made. It is false where a sweep
// of another process was quicker, which took the file for a dead one.
func claim(file *os.File) bool {
	held, err := filelock.TryHold(file)
	if err != nil {
		return true // no locks, no sweeps
	}
	same, err := isStill(file, file.Name())
	return held && err == nil && same
}
