package tempfile

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestUnnamed(t *testing.T) {
	dir := t.TempDir()
	f, err := Unnamed(dir, "counts")
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && (len(entries) > 0 || info.Mode().Perm() != 0o600) {
		t.Errorf("%d names, mode %o", len(entries), info.Mode().Perm())
	}
	if _, err := f.WriteAt([]byte("x"), 9); err != nil {
		t.Error(err)
	}
	if err := Discard(f); err != nil {
		t.Error(err)
	}
	if entries, _ = os.ReadDir(dir); len(entries) > 0 {
		t.Error("a file is left")
	}
	if _, err := Unnamed(dir+"/none", "counts"); err == nil || strings.Contains(err.Error(), "counts") {
		t.Errorf("a folder that is not there: %v", err)
	}
}
