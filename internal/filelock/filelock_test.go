package filelock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if _, err := Lock(context.Background(), path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: got %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var held, n atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			unlock, err := Lock(context.Background(), path)
			if err != nil {
				t.Error(err)
				return
			}
			if held.Add(1) != 1 {
				t.Error("two hold the lock")
			}
			n.Add(1)
			held.Add(-1)
			unlock()
		})
	}
	wg.Wait()
	if n.Load() != 8 {
		t.Errorf("%d of 8 had the lock", n.Load())
	}
}

// Who waits for a file that is replaced meanwhile gets the lock of the new one.
func TestReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, name := range []string{"file", "new"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first, err := Lock(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan func())
	go func() {
		unlock, err := Lock(context.Background(), path)
		if err != nil {
			t.Error(err)
		}
		done <- unlock
	}()
	time.Sleep(20 * time.Millisecond)
	if err := os.Rename(filepath.Join(dir, "new"), path); err != nil {
		t.Fatal(err)
	}
	first()
	second := <-done
	defer second()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the new file is not locked: got %v", err)
	}
}
