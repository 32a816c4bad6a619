package tableio

import (
	"context"
	"io"
	"sync"
)

// blockRun reads a CSV file block by block: one goroutine takes the text apart,
// several work on blocks, and next returns the results in the file's order.
type blockRun[T any] struct {
	table *csvTable
	in    *input

	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	order   chan *blockJob[T] // as they were read
	free    chan *block       // to be used again
}

// blockJob is a block on its way to a result.
type blockJob[T any] struct {
	b      *block
	result T
	err    error
	done   chan struct{}
}

// startBlocks begins a run. Calls of work come at the same time from workers that
// are numbered from 0. The caller stops the run.
func startBlocks[T any](
	ctx context.Context, c *csvTable, in *input, work func(worker int, b *block) (T, error),
) *blockRun[T] {
	workers := c.file.opts.Workers
	inner, cancel := context.WithCancel(ctx)
	r := &blockRun[T]{
		table: c, in: in, ctx: inner, cancel: cancel,
		order: make(chan *blockJob[T], workers),
		free:  make(chan *block, workers+2),
	}
	todo := make(chan *blockJob[T])
	r.running.Add(1 + workers)
	go func() {
		defer r.running.Done()
		defer close(todo)
		defer close(r.order)
		r.read(todo)
	}()
	for worker := range workers {
		go func() {
			defer r.running.Done()
			for job := range todo {
				job.result, job.err = work(worker, job.b)
				if len(job.b.data) <= 2*chunkSize {
					select {
					case r.free <- job.b:
					default:
					}
				}
				job.b = nil
				close(job.done)
			}
		}()
	}
	return r
}

// read cuts the text into blocks until its end, an error or cancellation.
func (r *blockRun[T]) read(todo chan<- *blockJob[T]) {
	headed := r.table.file.opts.NoHeader
	for r.ctx.Err() == nil {
		var b *block
		select {
		case b = <-r.free:
		default:
			b = &block{delim: r.table.delim}
		}
		err := r.in.chunks.next(b)
		if err == nil && !headed {
			b.columns = 0
			err, headed = b.split(1), true
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			r.send(failed[T](err))
			return
		}
		b.columns = len(r.table.columns)
		job := &blockJob[T]{b: b, done: make(chan struct{})}
		if !r.send(job) {
			return
		}
		select {
		case todo <- job:
		case <-r.ctx.Done():
			job.err = context.Cause(r.ctx)
			close(job.done)
			return
		}
	}
}

func failed[T any](err error) *blockJob[T] {
	job := &blockJob[T]{err: err, done: make(chan struct{})}
	close(job.done)
	return job
}

func (r *blockRun[T]) send(job *blockJob[T]) bool {
	select {
	case r.order <- job:
		return true
	case <-r.ctx.Done():
		return false
	}
}

// next returns the result of the next block, or io.EOF.
func (r *blockRun[T]) next() (result T, err error) {
	select {
	case job, ok := <-r.order:
		if !ok {
			if r.ctx.Err() != nil {
				return result, context.Cause(r.ctx)
			}
			return result, io.EOF
		}
		<-job.done
		return job.result, job.err
	case <-r.ctx.Done():
		return result, context.Cause(r.ctx)
	}
}

// stop ends the run; drop is called with results nobody took.
func (r *blockRun[T]) stop(drop func(T)) {
	r.cancel()
	for job := range r.order {
		<-job.done
		if job.err == nil {
			drop(job.result)
		}
	}
	r.running.Wait()
	r.in.close()
}
