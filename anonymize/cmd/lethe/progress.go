package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/lethe-go/lethe/anonymize"
)

// patience is how long a run may take before it shows how far it has come.
const patience = time.Second

// progress shows how far a run has come on a terminal; nothing anywhere else.
type progress struct {
	w     io.Writer // nil where nothing is shown
	begun time.Time
	stage string
	bar   *progressbar.ProgressBar
}

func newProgress(w io.Writer, quiet bool) *progress {
	p := &progress{begun: time.Now()}
	if f, ok := w.(*os.File); ok && !quiet && term.IsTerminal(int(f.Fd())) {
		p.w = w
	}
	return p
}

func (p *progress) show(at anonymize.Progress) {
	if p.w == nil || time.Since(p.begun) < patience {
		return
	}
	if p.bar == nil || p.stage != at.Stage {
		p.stop()
		p.stage = at.Stage
		options := []progressbar.Option{
			progressbar.OptionSetWriter(p.w),
			progressbar.OptionSetDescription(at.Stage),
			progressbar.OptionThrottle(100 * time.Millisecond),
			progressbar.OptionSetWidth(24),
			progressbar.OptionSetElapsedTime(true),
			progressbar.OptionClearOnFinish(),
		}
		total := at.Total
		if total == 0 {
			total = -1 // a spinner
		}
		if at.Rows > 0 {
			options = append(options, progressbar.OptionShowCount())
		}
		p.bar = progressbar.NewOptions64(total, options...)
	}
	_ = p.bar.Set64(at.Rows) // a bar that cannot be drawn is no reason to stop
}

// watch returns a reader whose rows are shown as they are read.
func (p *progress) watch(r array.RecordReader, stage string) array.RecordReader {
	return &watched{RecordReader: r, progress: p, at: anonymize.Progress{Stage: stage}}
}

type watched struct {
	array.RecordReader
	progress *progress
	at       anonymize.Progress
}

func (w *watched) Next() bool {
	if !w.RecordReader.Next() {
		return false
	}
	w.at.Rows += w.Record().NumRows()
	w.progress.show(w.at)
	return true
}

func (p *progress) stop() {
	if p.bar != nil {
		_ = p.bar.Finish()
		p.bar = nil
	}
}

// summarize prints what a person wants to know at once; the report has the
// rest.
func summarize(w io.Writer, r *anonymize.Report, f *runFlags) error {
	line := func(format string, args ...any) (err error) {
		_, err = fmt.Fprintf(w, format+"\n", args...)
		return err
	}
	err := line("%d rows in, %d out (%d suppressed)", r.Rows.Input, r.Rows.Output, r.Rows.Suppressed)
	if a := r.Anonymity; a != nil && err == nil {
		for _, m := range a.Models {
			if err := line("%s holds in %d classes, reached %v", m.Model, a.After.Classes,
				m.Reached); err != nil {
				return err
			}
		}
		err = line("information lost: %.4f", a.Loss)
	}
	if s := r.Statistics; s != nil && err == nil {
		if s.Total.Rho != 0 {
			err = line("privacy budget spent: ρ=%v of %v", s.Spent.Rho, s.Total.Rho)
		} else {
			err = line("privacy budget spent: ε=%v of %v", s.Spent.Epsilon, s.Total.Epsilon)
		}
		if l := s.Ledger; l != nil && err == nil {
			err = line("ledger entry %s", l.Entry)
		}
	}
	for _, file := range append([]string{f.out, f.statistics, f.plan, f.manifest}, f.reports...) {
		if file != "" && err == nil {
			err = line("wrote %s", file)
		}
	}
	return err
}
