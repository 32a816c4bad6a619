//go:build !unix

package pseudonym

import (
	"io/fs"
	"os"
)

// Systems without unix owners and modes: KeyFile says what is not checked.

func openNoFollow(path string) (*os.File, error) { return os.Open(path) }

func checkAccess(string, fs.FileInfo) error { return nil }

func syncDir(string) error { return nil }
