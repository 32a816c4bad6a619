package anonymize_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

var errFault = errors.New("the disk is on fire")

// fuse burns out at one of the calls that sources, sinks and contexts get.
type fuse struct {
	left atomic.Int64
	blow func() // instead of an error
}

// burn says whether this is the call.
func (f *fuse) burn() error {
	if f.left.Add(-1) != 0 {
		return nil
	}
	if f.blow != nil {
		f.blow()
		return nil
	}
	return errFault
}

// fusedSource and its readers count calls.
type fusedSource struct {
	anonymize.Source
	*fuse
}

func (s fusedSource) Open(ctx context.Context, columns ...string) (array.RecordReader, error) {
	if err := s.burn(); err != nil {
		return nil, err
	}
	r, err := s.Source.Open(ctx, columns...)
	return &fusedReader{RecordReader: r, fuse: s.fuse}, err
}

type fusedReader struct {
	array.RecordReader
	*fuse
	err error
}

func (r *fusedReader) Next() bool {
	r.err = r.burn()
	return r.err == nil && r.RecordReader.Next()
}

func (r *fusedReader) Err() error {
	if r.err != nil {
		return r.err
	}
	return r.RecordReader.Err()
}

// fusedSink counts the calls of a sink, and those of reading back.
type fusedSink struct {
	anonymize.Sink
	*fuse
}

func (s fusedSink) Write(rec arrow.Record) error {
	if err := s.burn(); err != nil {
		return err
	}
	return s.Sink.Write(rec)
}

func (s fusedSink) Seal() (anonymize.Source, error) {
	if err := s.burn(); err != nil {
		return nil, err
	}
	src, err := s.Sink.Seal()
	return fusedSource{src, s.fuse}, err
}

func (s fusedSink) Commit() error {
	if err := s.burn(); err != nil {
		return err
	}
	return s.Sink.Commit()
}

// fusedContext counts how often somebody looks whether it is done.
type fusedContext struct {
	context.Context
	*fuse
}

func (c fusedContext) Err() error {
	_ = c.burn()
	return c.Context.Err()
}

func (c fusedContext) Done() <-chan struct{} {
	_ = c.burn()
	return c.Context.Done()
}

// stagesOf are the stages as functions of what may fail. Those that write do so
// into dir, under the name out.
func stagesOf(t *testing.T) map[string]func(ctx context.Context, f *fuse, dir string) error {
	t.Helper()
	table := visitsTable(700)
	t.Cleanup(table.Release)
	keys := newKeys(t)
	p := newPipeline(t, protectedPolicy, keys)
	asking := newPipeline(t, askingPolicy, keys)
	local := newPipeline(t, strings.Replace(protectedPolicy, "recoding: global", "recoding: local", 1), keys)
	file := filepath.Join(t.TempDir(), "in.parquet")
	if err := tableio.WriteTable(t.Context(), file, table, nil); err != nil {
		t.Fatal(err)
	}
	in, err := tableio.Open(file, &tableio.Options{BatchRows: 100})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := p.Fit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	counts, err := p.Count(t.Context(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	locally, err := local.Count(t.Context(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := tableio.NewBuffer()
	if _, err := p.Apply(t.Context(), in, whole, &anonymize.RunOptions{Plan: plan}); err != nil {
		t.Fatal(err)
	}
	safe := tableio.FromTable(whole.Table())
	t.Cleanup(whole.Release)
	data := kept(t, asking, shards(t, table, 2))
	sink := func(dir string, f *fuse) (anonymize.Sink, error) {
		dst, err := tableio.Create(filepath.Join(dir, "out"), &tableio.Options{Format: tableio.Parquet})
		return fusedSink{dst, f}, err
	}
	return map[string]func(ctx context.Context, f *fuse, dir string) error{
		"run": func(ctx context.Context, f *fuse, dir string) error {
			dst, err := sink(dir, f)
			if err != nil {
				return err
			}
			_, err = p.Run(ctx, fusedSource{in, f}, dst, &anonymize.RunOptions{Workers: 2})
			return err
		},
		"count": func(ctx context.Context, f *fuse, _ string) error {
			c, err := p.Count(ctx, fusedSource{in, f}, &anonymize.RunOptions{Workers: 2})
			if err != nil {
				return err
			}
			return c.Close()
		},
		"solve": func(ctx context.Context, _ *fuse, _ string) error {
			_, err := p.Solve(ctx, counts)
			return err
		},
		"solve locally": func(ctx context.Context, _ *fuse, _ string) error {
			_, err := local.Solve(ctx, locally)
			return err
		},
		"apply": func(ctx context.Context, f *fuse, dir string) error {
			dst, err := sink(dir, f)
			if err != nil {
				return err
			}
			_, err = p.Apply(ctx, fusedSource{in, f}, dst, &anonymize.RunOptions{Plan: plan, Workers: 2})
			return err
		},
		"check": func(ctx context.Context, f *fuse, _ string) error {
			_, err := p.Check(ctx, fusedSource{safe, f}, plan)
			return err
		},
		"query": func(ctx context.Context, f *fuse, _ string) error {
			_, err := asking.Query(ctx, fusedSource{in, f}, &anonymize.RunOptions{Workers: 2})
			return err
		},
		"answer": func(ctx context.Context, f *fuse, dir string) error {
			tally, err := asking.Tally(ctx, fusedSource{in, f}, each(data...))
			if err != nil {
				return err
			}
			dst, err := sink(dir, f)
			if err != nil {
				return err
			}
			_, err = asking.Answer(ctx, fusedSource{in, f}, each(tally), dst, nil)
			return err
		},
	}
}

// left are the names of what is in a folder.
func left(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// writes are the stages that leave a file.
var writes = map[string]bool{"run": true, "apply": true, "answer": true}

// TestEveryFault makes each call that a stage makes of its source and its sink
// fail: the error says so, and nothing is left; TestMain looks for goroutines.
func TestEveryFault(t *testing.T) {
	for name, stage := range stagesOf(t) {
		if strings.HasPrefix(name, "solve") {
			continue // reads and writes nothing
		}
		t.Run(name, func(t *testing.T) {
			n := int64(1)
			for ; ; n++ {
				f, dir := new(fuse), t.TempDir()
				f.left.Store(n)
				err := stage(t.Context(), f, dir)
				if f.left.Load() > 0 { // there is no n-th call
					if err != nil || writes[name] != (fmt.Sprint(left(t, dir)) == "[out]") {
						t.Errorf("without a fault: %v, %v is left", err, left(t, dir))
					}
					break
				}
				if !errors.Is(err, errFault) || errors.Is(err, anonymize.ErrUnsatisfied) {
					t.Errorf("call %d: %v", n, err)
				}
				if files := left(t, dir); len(files) > 0 {
					t.Errorf("call %d: %v is left", n, files)
				}
			}
			if n < 4 {
				t.Errorf("only %d calls", n)
			}
		})
	}
}

// TestEveryCancellation cancels each stage whenever it, or what it calls, looks
// at its context, and at each call of its source and its sink: the error is the
// cancellation and nothing is left, or all was done.
func TestEveryCancellation(t *testing.T) {
	for name, stage := range stagesOf(t) {
		t.Run(name, func(t *testing.T) {
			cancelled := 0
			for n := int64(1); ; n += 1 + n/8 {
				ctx, cancel := context.WithCancel(t.Context())
				f, dir := &fuse{blow: cancel}, t.TempDir()
				f.left.Store(n)
				err := stage(fusedContext{ctx, f}, f, dir)
				done := f.left.Load() > 0
				cancel()
				files := left(t, dir)
				switch {
				case err == nil:
					if writes[name] != (fmt.Sprint(files) == "[out]") {
						t.Errorf("look %d: no error, and %v is left", n, files)
					}
				case !errors.Is(err, context.Canceled):
					t.Errorf("look %d: %v", n, err)
				case len(files) > 0:
					t.Errorf("look %d: %v is left", n, files)
				default:
					cancelled++
				}
				if done {
					break
				}
			}
			if cancelled == 0 {
				t.Error("it was never cancelled")
			}
		})
	}
}

// TestInputThatChanges replaces the input between the passes: the error says that
// it changed, and nothing is written.
func TestInputThatChanges(t *testing.T) {
	table, other := visitsTable(700), visitsTable(699)
	defer table.Release()
	defer other.Release()
	write := func(path string, table arrow.Table) {
		t.Helper()
		opts := &tableio.Options{Format: tableio.Parquet}
		if err := tableio.WriteTable(t.Context(), path, table, opts); err != nil {
			t.Fatal(err)
		}
	}
	p := newPipeline(t, protectedPolicy, newKeys(t))
	for name, change := range map[string]func(path string) error{
		"is another file": func(path string) error {
			write(path+".new", other)
			return os.Rename(path+".new", path)
		},
		"is cut short": func(path string) error { return os.Truncate(path, 1000) },
		"has grown": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("and more")
			return errors.Join(err, f.Close())
		},
		"is gone": os.Remove,
	} {
		path, dir := filepath.Join(t.TempDir(), "in.parquet"), t.TempDir()
		write(path, table)
		in, err := tableio.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		dst, err := tableio.Create(filepath.Join(dir, "out.csv"), nil)
		if err != nil {
			t.Fatal(err)
		}
		once := false
		_, err = p.Run(t.Context(), in, dst, &anonymize.RunOptions{Progress: func(at anonymize.Progress) {
			if at.Stage == "searching" && !once {
				once = true
				if err := change(path); err != nil {
					t.Error(err)
				}
			}
		}})
		want := "in.parquet changed since it was opened"
		if name == "is gone" {
			want = "in.parquet: no such file"
		}
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, anonymize.ErrUnsatisfied) {
			t.Errorf("the input %s: %v", name, err)
		}
		wantEmpty(t, dir)
	}
}
