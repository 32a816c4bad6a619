// Package filelock lets one process or goroutine at a time change a file.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// Wait is how long Lock waits at most.
	Wait = 10 * time.Second

	// retry is how often who waits looks. Whoever has changed a file leaves it
	// alone for twice as long, so that of several who change it again and again
	// none waits for long, on a busy machine either.
	retry = time.Millisecond
)

// Lock waits until no other process or goroutine holds the lock of the file at
// path, at most for Wait or as long as ctx lasts. The file must exist; it may be
// replaced under the lock, and Lock never returns with the lock of a file that
// was.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	release, err := within(ctx, func() (func(), error) { return try(path) })
	if err != nil {
		return nil, err
	}
	return func() {
		release()
		time.Sleep(2 * retry)
	}, nil
}

// errLocked is what try of within returns if it makes sense to try again.
var errLocked = errors.New("another process is changing it")

// within calls try until it returns another error than errLocked.
func within(ctx context.Context, try func() (func(), error)) (func(), error) {
	ctx, cancel := context.WithTimeoutCause(ctx, Wait,
		fmt.Errorf("%w for more than %s", errLocked, Wait))
	defer cancel()
	for {
		unlock, err := try()
		if !errors.Is(err, errLocked) {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(retry):
		}
	}
}
