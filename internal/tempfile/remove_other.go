//go:build !unix

package tempfile

import "os"

// removeOpen does nothing: a file that is open cannot be removed.
func removeOpen(string) error { return nil }

// removeClosed takes the name of a file away, and the file with it.
func removeClosed(path string) error { return os.Remove(path) }
