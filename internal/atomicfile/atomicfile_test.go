package atomicfile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// names lists a folder.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAppearsWithCommit(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "t.csv")
	must(t, os.WriteFile(path, []byte("old"), 0o644))
	f, err := Create(path, 0o644)
	must(t, err)
	defer f.Abort()
	if !strings.HasPrefix(filepath.Base(f.Name()), ".t.csv.lethe-") {
		t.Errorf("the temporary file is %s", filepath.Base(f.Name()))
	}
	info, err := os.Stat(f.Name())
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o before Commit, want 600", info.Mode().Perm())
	}
	if err := f.Commit(); err == nil {
		t.Error("Commit before Seal succeeded")
	}
	if _, err := f.SHA256(); err == nil {
		t.Error("a hash before Seal")
	}
	_, err = f.Write([]byte("ne"))
	must(t, err)
	_, err = f.Write([]byte("w"))
	must(t, err)
	must(t, f.Seal())
	if f.Seal() == nil {
		t.Error("sealed twice")
	}
	if _, err := f.Write([]byte("x")); err == nil {
		t.Error("written after Seal")
	}
	got, err := os.ReadFile(f.Name())
	must(t, err)
	if old, _ := os.ReadFile(path); string(got) != "new" || string(old) != "old" {
		t.Errorf("before Commit: %q under its temporary name, %q under its own", got, old)
	}
	sum := sha256.Sum256([]byte("new"))
	if s, err := f.SHA256(); err != nil || s != hex.EncodeToString(sum[:]) {
		t.Errorf("hash %s, %v", s, err)
	}
	must(t, f.Commit())
	if f.Commit() == nil {
		t.Error("committed twice")
	}
	must(t, f.Abort())
	if got, _ = os.ReadFile(path); string(got) != "new" || names(t, dir) != "t.csv" {
		t.Errorf("after Commit: %q in %s", got, names(t, dir))
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	for _, seal := range []bool{false, true} {
		dir := t.TempDir()
		f, err := Create(filepath.Join(dir, "t"), 0o600)
		must(t, err)
		if seal {
			must(t, f.Seal())
		}
		must(t, f.Abort())
		must(t, f.Abort())
		if f.Commit() == nil {
			t.Error("committed after Abort")
		}
		if n := names(t, dir); n != "" {
			t.Errorf("left behind: %s", n)
		}
	}
}

func TestPermissions(t *testing.T) {
	dir := t.TempDir()
	// What the umask leaves of 666 is what a plain file gets.
	plain := filepath.Join(dir, "plain")
	f, err := os.OpenFile(plain, os.O_CREATE|os.O_WRONLY, 0o666)
	must(t, err)
	must(t, f.Close())
	info, err := os.Stat(plain)
	must(t, err)
	umasked := info.Mode().Perm()
	for _, perm := range []os.FileMode{0o600, 0o644, 0o666} {
		path := filepath.Join(dir, "t")
		must(t, WriteFile(path, []byte("x"), perm))
		info, err := os.Stat(path)
		must(t, err)
		if got := info.Mode().Perm(); got != perm&umasked {
			t.Errorf("mode %o for %o, want %o", got, perm, perm&umasked)
		}
	}
}

func TestCreateErrors(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	must(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	for path, want := range map[string]string{
		"":                                    "no path",
		filepath.Join(dir, "none", "t"):       "folder " + filepath.Join(dir, "none") + "/ for t: no such file or directory",
		filepath.Join(dir, "file", "t"):       "folder " + filepath.Join(dir, "file") + "/ for t: not a directory",
		filepath.Join(dir, "sub"):             "sub is a folder",
		filepath.Join(dir, "sub") + "/":       "sub is a folder",
		filepath.Join(dir, "sub", "..") + "/": filepath.Base(dir) + " is a folder",
	} {
		if _, err := Create(path, 0o644); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", path, err, want)
		}
	}
	if n := names(t, dir); n != "file sub" {
		t.Errorf("left behind: %s", n)
	}
}

func TestCommitThatFailsCanBeAborted(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "t")
	f, err := Create(path, 0o644)
	must(t, err)
	must(t, f.Seal())
	// Something that cannot be replaced by a file appears in the meantime.
	must(t, os.MkdirAll(filepath.Join(path, "full"), 0o700))
	if err := f.Commit(); err == nil {
		t.Fatal("a file replaced a folder")
	} else if strings.Contains(err.Error(), marker) {
		t.Errorf("the error names the temporary file: %v", err)
	}
	must(t, f.Abort())
	if n := names(t, dir); n != "t" {
		t.Errorf("left behind: %s", n)
	}
}

func TestWriteNewFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	if err := WriteNewFile(path, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteNewFile(path, []byte("second"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "first" {
		t.Errorf("%q, %v", got, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
