package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// The collector's pace. A table is counted beside whatever else the machine
// does, and to collect costs a look at all that is held: a run takes memoryFloor
// without a thought, half as much again as what it holds up to memoryAmple, and
// a quarter beyond. A small table never fills the floor, since what is held is
// doubled at most. The variables GOGC and GOMEMLIMIT of the environment overrule
// it.
const (
	memoryFloor = 256 << 20
	memoryAmple = 384 << 20
	paceEvery   = 200 * time.Millisecond
)

// pacer keeps the pace.
type pacer struct{ most atomic.Int64 } // bytes; 0 without a bound

type pacerKey struct{}

// pacerOf is the pacer of a context, or one that paces nothing.
func pacerOf(ctx context.Context) *pacer {
	if p, ok := ctx.Value(pacerKey{}).(*pacer); ok {
		return p
	}
	return new(pacer)
}

// bound keeps the whole process within so many bytes, as far as what it holds
// allows.
func (p *pacer) bound(bytes int64) { p.most.Store(bytes) }

// limit is the memory that the collector is to keep to when so much is held.
func (p *pacer) limit(held int64) int64 {
	if most := p.most.Load(); most > 0 {
		return most / 10 * 9 // the rest is the program itself and stacks
	}
	return max(memoryFloor, min(held+held/2, memoryAmple), held+held/4)
}

// paceCollector keeps the pace until ctx is done. The context that it returns
// knows the pacer.
func paceCollector(ctx context.Context) context.Context {
	if os.Getenv("GOMEMLIMIT") != "" {
		return ctx
	}
	p := new(pacer)
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
				debug.SetMemoryLimit(p.limit(int64(live[0].Value.Uint64())))
			}
		}
	}()
	return context.WithValue(ctx, pacerKey{}, p)
}
