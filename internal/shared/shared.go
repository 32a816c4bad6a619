// Package shared finds the reference tables and values that tests measure
// against. They are kept beside the repository, not in it.
package shared

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Dir returns the folder of reference data: $LETHE_SHARED, or the folder
// shared beside the repository. Where there is none the test is skipped and
// says so.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("LETHE_SHARED")
	if dir == "" {
		_, file, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(file), "..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "reference")); err != nil {
		tb.Skip("SKIPPED: no reference data; set LETHE_SHARED to the folder that holds it")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return abs
}
