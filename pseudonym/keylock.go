package pseudonym

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	lockWait  = 10 * time.Second
	lockRetry = 10 * time.Millisecond
)

// errLocked is what try of lockWithin returns if it makes sense to try again.
var errLocked = errors.New("another process is changing it")

// lockWithin calls try until it returns another error than errLocked.
func lockWithin(ctx context.Context, try func() (func(), error)) (func(), error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lockWait,
		fmt.Errorf("%w for more than %s", errLocked, lockWait))
	defer cancel()
	for {
		unlock, err := try()
		if !errors.Is(err, errLocked) {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(lockRetry):
		}
	}
}
