package anonymize

import (
	"github.com/apache/arrow/go/v15/arrow"
)

// aside gives records to a function on a goroutine of its own, in order, while
// the caller goes on. After an error it takes records and does nothing.
type aside struct {
	records chan arrow.Record
	done    chan struct{}
	err     error // once done is closed
}

// waiting is how many records may wait for the function.
const waiting = 2

func newAside(f func(arrow.Record) error) *aside {
	a := &aside{records: make(chan arrow.Record, waiting), done: make(chan struct{})}
	go func() {
		defer close(a.done)
		for rec := range a.records {
			if a.err == nil {
				a.err = f(rec)
			}
			rec.Release()
		}
	}()
	return a
}

// add hands over a record, which the caller keeps too. The function gets a
// view of its own, because arrays remember what they once computed of
// themselves, which two goroutines must not do at a time.
func (a *aside) add(rec arrow.Record) {
	a.records <- rec.NewSlice(0, rec.NumRows())
}

// wait ends the goroutine and returns the function's first error. It must be
// called once.
func (a *aside) wait() error {
	close(a.records)
	<-a.done
	return a.err
}
