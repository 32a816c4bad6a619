package pseudonym

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lethe-go/lethe/internal/filelock"
)

func createKeys(t *testing.T) (string, KeySource) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	return path, KeyFile(path)
}

func open(t *testing.T, src KeySource) *Keyring {
	t.Helper()
	kr, err := Open(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	return kr
}

func TestRotateDisableEnable(t *testing.T) {
	ctx := context.Background()
	path, src := createKeys(t)
	first := open(t, src)
	id, err := RotateKeys(ctx, src)
	if err != nil {
		t.Fatal(err)
	}
	kr := open(t, src)
	want := []Key{{first.ID(), false, true}, {id, true, true}}
	if !slices.Equal(kr.Keys(), want) {
		t.Errorf("rotated: got %v, want %v", kr.Keys(), want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	// The old key makes the old tokens.
	pinned, err := kr.Pin(first.ID())
	if err != nil {
		t.Fatal(err)
	}
	was, _ := first.derive(nil, 32)
	if is, _ := pinned.derive(nil, 32); !slices.Equal(was, is) {
		t.Error("the old key has changed")
	}
	if is, _ := kr.derive(nil, 32); slices.Equal(was, is) {
		t.Error("the new key is the old one")
	}
	for range 2 { // the second time changes nothing
		if err := DisableKey(ctx, src, first.ID()); err != nil {
			t.Fatal(err)
		}
	}
	kr = open(t, src)
	if want[0].Enabled = false; !slices.Equal(kr.Keys(), want) {
		t.Errorf("disabled: got %v, want %v", kr.Keys(), want)
	}
	if _, err := kr.Pin(first.ID()); err == nil || !strings.Contains(err.Error(), "keys enable") {
		t.Errorf("a disabled key is pinned: %v", err)
	}
	for range 2 {
		if err := EnableKey(ctx, src, first.ID()); err != nil {
			t.Fatal(err)
		}
	}
	if want[0].Enabled = true; !slices.Equal(open(t, src).Keys(), want) {
		t.Errorf("enabled: got %v, want %v", open(t, src).Keys(), want)
	}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"primary": {DisableKey(ctx, src, id), "it is the primary key; rotate first"},
		"unknown": {DisableKey(ctx, src, id+1), "no such key"},
		"enable":  {EnableKey(ctx, src, id+1), "no such key"},
		"missing": {DisableKey(ctx, KeyFile(path+"x"), id), "create it"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) ||
			strings.Count(test.err.Error(), "pseudonym:") != 1 {
			t.Errorf("%s: got %v, want %q in it", name, test.err, test.want)
		}
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("%d files are left, want one", len(files))
	}
}

// A destroyed key cannot be switched on, and foreign keys are not rotated.
func TestChangeRefusesKeysets(t *testing.T) {
	ctx, root := context.Background(), testRoot()
	gone := KeyFile(writeKeys(t, jsonKeyset(1, goodKey(1, root),
		jsonKey(2, "DESTROYED", "HkdfPrfKey", 3, nil, root))))
	if err := EnableKey(ctx, gone, 2); err == nil || !strings.Contains(err.Error(), "destroyed") {
		t.Errorf("got %v", err)
	}
	if err := DisableKey(ctx, gone, 2); err == nil || !strings.Contains(err.Error(), "destroyed") {
		t.Errorf("got %v", err)
	}
	text := jsonKeyset(1, goodKey(1, root), jsonKey(2, "DISABLED", "NoSuchKey", 3, nil, root))
	path := writeKeys(t, text)
	if _, err := RotateKeys(ctx, KeyFile(path)); err == nil || !strings.Contains(err.Error(), "key 2") {
		t.Errorf("got %v", err)
	}
	if after, _ := os.ReadFile(path); string(after) != text {
		t.Error("the file has changed")
	}
}

// rotations tells TestMain that this process is a helper.
const rotations = "LETHE_TEST_ROTATE"

func TestMain(m *testing.M) {
	if path := os.Getenv(rotations); path != "" {
		for range 10 {
			if _, err := RotateKeys(context.Background(), KeyFile(path)); err != nil {
				os.Stderr.WriteString(err.Error())
				os.Exit(1)
			}
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// Processes and goroutines that rotate the same file lose no key.
func TestNoKeyIsLost(t *testing.T) {
	path, src := createKeys(t)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), rotations+"="+path)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
		wg.Go(func() {
			for range 10 {
				if _, err := RotateKeys(context.Background(), src); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(open(t, src).Keys()); n != 61 {
		t.Errorf("%d keys, want 61", n)
	}
}

func TestLockGivesUp(t *testing.T) {
	path, src := createKeys(t)
	unlock, err := filelock.Lock(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	if _, err := RotateKeys(ctx, src); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("got %v", err)
	}
	unlock()
	if _, err := RotateKeys(context.Background(), src); err != nil {
		t.Error(err)
	}
}
