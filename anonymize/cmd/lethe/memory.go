package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The collector's pace. A table is counted beside whatever else the machine
// does: a run gives a tenth of its time to stay below memoryFloor as long as
// what it holds fits with a quarter to spare, and keeps to that quarter beyond.
// The variables GOGC and GOMEMLIMIT of the environment overrule it.
const (
	gcPercent   = 35
	memoryFloor = 420 << 20
	paceEvery   = 200 * time.Millisecond
)

// paceCollector keeps the pace until ctx is done.
func paceCollector(ctx context.Context) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit(memoryFloor)
	go func() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for tick := time.NewTicker(paceEvery); ; {
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
			}
			metrics.Read(live)
			if live[0].Value.Kind() == metrics.KindUint64 {
				held := int64(live[0].Value.Uint64())
				debug.SetMemoryLimit(max(memoryFloor, held+held/4))
			}
		}
	}()
}
