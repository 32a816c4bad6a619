//go:build unix

package pseudonym

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestCreateKeyFileIsPrivate(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode is %v, want 0600", info.Mode())
	}
}

func TestCreateKeyFileFollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "target"), link); err != nil {
		t.Fatal(err)
	}
	if err := CreateKeyFile(link); err == nil {
		t.Error("a key was written through a link")
	}
	if _, err := os.Stat(filepath.Join(dir, "target")); err == nil {
		t.Error("the target of the link exists")
	}
}

func TestKeyFileModes(t *testing.T) {
	path := writeKeys(t, jsonKeyset(testID, goodKey(testID, testRoot())))
	for mode := range os.FileMode(0o1000) {
		if mode&0o700 != 0o600 && mode&0o700 != 0o400 {
			continue
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := Open(context.Background(), KeyFile(path))
		if mode&0o077 == 0 {
			if err != nil {
				t.Errorf("mode %04o: %v", mode, err)
			}
			continue
		}
		if err == nil || !strings.HasSuffix(err.Error(), "run: chmod 600 "+path) {
			t.Errorf("mode %04o: got %v, want the remedy chmod 600", mode, err)
		}
	}
}

func TestKeyFileKinds(t *testing.T) {
	dir := t.TempDir()
	file := writeKeys(t, jsonKeyset(testID, goodKey(testID, testRoot())))
	link, pipe := filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		link: "symbolic link", pipe: "not a regular file", os.DevNull: "not a regular file",
	} {
		_, err := Open(context.Background(), KeyFile(path))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", path, err, want)
		}
	}
	// The second line of defence, for a path that is replaced after the check.
	if f, err := openNoFollow(link); err == nil {
		f.Close()
		t.Error("a link is followed")
	}
}

func TestKeyFileOwner(t *testing.T) {
	for _, test := range []struct {
		perm        os.FileMode
		owner, user int
		want        string
	}{
		{0o600, 1000, 1000, ""},
		{0o400, 0, 0, ""},
		{0o600, 1000, 0, "belongs to user 1000, but this process runs as user 0"},
		{0o600, 0, 1000, "belongs to user 0"},
		{0o644, 1000, 1000, "(mode 0644); run: chmod 600 k"},
		{0o601, 1000, 1000, "(mode 0601); run: chmod 600 k"},
	} {
		err := checkOwner("k", test.perm, test.owner, test.user)
		if (err == nil) != (test.want == "") ||
			err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%04o, %d, %d: got %v, want %q", test.perm, test.owner, test.user, err, test.want)
		}
	}
	path := writeKeys(t, jsonKeyset(testID, goodKey(testID, testRoot())))
	if os.Chown(path, os.Geteuid()+1, -1) != nil {
		return // only root may give files away
	}
	_, err := Open(context.Background(), KeyFile(path))
	if err == nil || !strings.Contains(err.Error(), "belongs to user") {
		t.Errorf("a file of another user: got %v", err)
	}
}
