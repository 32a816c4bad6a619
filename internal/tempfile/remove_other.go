//go:build !unix

package tempfile

// removeOpen does nothing: a file that is open cannot be removed.
func removeOpen(string) error { return nil }
