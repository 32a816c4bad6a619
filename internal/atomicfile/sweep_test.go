package atomicfile

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain can be a process that is killed while it writes.
func TestMain(m *testing.M) {
	if path := os.Getenv("LETHE_TEST_WRITES"); path != "" {
		if _, err := Create(path, 0o644); err != nil {
			os.Exit(1)
		}
		_, _ = os.Stdout.WriteString("writing\n")
		select {}
	}
	os.Exit(m.Run())
}

// What a killed process left is removed by the next one that writes the same
// file; what a living one writes, and what only looks like it, is not.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "t.csv")
	self, err := os.Executable()
	must(t, err)
	writer := exec.Command(self)
	writer.Env = append(os.Environ(), "LETHE_TEST_WRITES="+path)
	out, err := writer.StdoutPipe()
	must(t, err)
	must(t, writer.Start())
	_, err = out.Read(make([]byte, 8))
	must(t, err)
	others := []string{".t.csv.lethe-AAAAAAAAAAA1", ".t.csv.lethe-AAAA", ".u.csv.lethe-AAAAAAAAAAAA",
		"t.csv.lethe-AAAAAAAAAAAA", ".t.csv.lethe-AAAAAAAAAAAA-1"}
	for _, name := range others {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	must(t, os.Symlink(path, filepath.Join(dir, ".t.csv.lethe-BBBBBBBBBBBB")))
	others = append(others, ".t.csv.lethe-BBBBBBBBBBBB")

	mine, err := Create(path, 0o644)
	must(t, err)
	if len(strings.Fields(names(t, dir))) != len(others)+2 {
		t.Errorf("a living process writes, and there are %s", names(t, dir))
	}
	must(t, writer.Process.Kill())
	_ = writer.Wait()
	next, err := Create(path, 0o644)
	must(t, err)
	left := strings.Fields(names(t, dir))
	if len(left) != len(others)+2 {
		t.Errorf("left: %s", left)
	}
	for _, f := range []*File{mine, next} {
		if _, err := os.Stat(f.Name()); err != nil {
			t.Errorf("the file of a living process is gone: %v", err)
		}
		must(t, f.Abort())
	}
	for _, name := range others {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s was removed", name)
		}
	}
}
