package anonymize

import (
	"context"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// inOrder reads every record of r, gives each to work on one of the workers
// and hands the results to consume one after the other in the order they were
// read, so that what is consumed does not depend on the number of workers. It
// returns the first error of the three, by which all goroutines have ended.
// Records are released here; consume keeps none.
func inOrder(ctx context.Context, r array.RecordReader, workers int,
	work func(context.Context, arrow.Record) (arrow.Record, error),
	consume func(arrow.Record) error,
) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type job struct {
		in  arrow.Record
		out chan arrow.Record // holds the result, or is closed without one
	}
	jobs := make(chan job, workers)
	order := make(chan job, 2*workers)

	var running sync.WaitGroup
	running.Go(func() {
		defer close(order)
		defer close(jobs)
		for ctx.Err() == nil && r.Next() {
			j := job{in: r.Record(), out: make(chan arrow.Record, 1)}
			j.in.Retain()
			select {
			case order <- j:
				jobs <- j
			case <-ctx.Done():
				j.in.Release()
				return
			}
		}
		if err := r.Err(); err != nil {
			cancel(err)
		}
	})
	for range workers {
		running.Go(func() {
			for j := range jobs {
				if ctx.Err() == nil {
					out, err := work(ctx, j.in)
					if err != nil {
						cancel(err)
					} else {
						j.out <- out
					}
				}
				j.in.Release()
				close(j.out)
			}
		})
	}
	for j := range order {
		out, ok := <-j.out
		if !ok {
			continue // after an error or a cancellation; its cause is in ctx
		}
		if ctx.Err() == nil {
			if err := consume(out); err != nil {
				cancel(err)
			}
		}
		out.Release()
	}
	running.Wait()
	return context.Cause(ctx)
}
