package tableio

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/anonymize"
)

// File is a table in a file, to be read as often as needed. It satisfies
// anonymize.Source and anonymize.Digester and is safe for concurrent use.
type File struct {
	place place
	name  string // as errors call it
	opts  options
	size  int64
	table table
}

// table is what a format knows of an open file.
type table interface {
	// names are those of the columns, in order.
	names() []string
	// fields are those of the columns, without a type where one cannot be read.
	fields() []arrow.Field
	// unreadable says of each column why it cannot be read; nil where it can.
	unreadable() []error
	// agree makes the column come as dt from now on: its own type or, where it
	// is a dictionary, that of its values.
	agree(column string, dt arrow.DataType) error
	// open starts a pass over the named columns, all of them without names.
	// It owns c from the call on.
	open(ctx context.Context, c *content, columns []string) (array.RecordReader, error)
}

var (
	_ anonymize.Source   = (*File)(nil)
	_ anonymize.Digester = (*File)(nil)
	_ anonymize.Lister   = (*File)(nil)
)

// Open looks at the file at path and returns the table in it. A file that is
// missing, unreadable, a folder, or of a format it cannot be is an error here;
// damage further inside shows when it is read. The file must stay as it is: a
// later pass over a file whose size or time of modification changed is an
// error.
func Open(path string, opts *Options) (*File, error) {
	return openFile(path, filepath.Base(path), opts, nil)
}

// OpenReaderAt returns the table in the size bytes of r, as those of an object
// in a store. Its format is found by name, which is also what errors call it.
// Calls of ReadAt come from several goroutines at a time. The bytes must stay
// as they are: a pass compares the first and the last 64 KiB with those that
// were there at first, before and after, and is an error where they changed.
func OpenReaderAt(name string, r io.ReaderAt, size int64, opts *Options) (*File, error) {
	if r == nil || size < 0 {
		return nil, fmt.Errorf("tableio: %s: a reader of %d bytes, want one", name, size)
	}
	return openPlace(&elsewhere{at: r, size: size}, name, opts, nil)
}

// openFile opens the file at path under the name that errors use. names are
// those of the columns of a CSV file without header, nil where nobody knows.
func openFile(path, name string, opts *Options, names []string) (*File, error) {
	return openPlace(&onDisk{path: path}, name, opts, names)
}

func openPlace(at place, name string, opts *Options, names []string) (*File, error) {
	o, err := resolve(opts, name)
	o.names = names
	if err != nil {
		return nil, fmt.Errorf("tableio: %s: %w", name, err)
	}
	t := &File{place: at, name: name, opts: o}
	c, err := at.open()
	if errors.Is(err, errIrregular) {
		return nil, fmt.Errorf("tableio: %s %w", name, err)
	}
	if err != nil {
		return nil, t.wrap(err)
	}
	defer c.Close()
	t.size = c.size
	switch o.Format {
	case Parquet:
		t.table, err = openParquet(t, c)
	case Arrow, ArrowStream:
		t.table, err = openIPC(t, c)
	case CSV:
		t.table, err = openCSV(t, c)
	}
	if err != nil {
		return nil, t.wrap(err)
	}
	return t, nil
}

// Open starts a pass over the named columns in that order, or over all of them
// without names. The rows are the same, in the same order, in every pass.
func (t *File) Open(ctx context.Context, columns ...string) (array.RecordReader, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if err := once(columns); err != nil {
		return nil, t.wrap(err)
	}
	c, err := t.reopen()
	if err != nil {
		return nil, err
	}
	r, err := t.table.open(ctx, c, columns)
	if err != nil {
		return nil, t.wrap(err)
	}
	return r, nil
}

// Columns are the names of the columns, in order. Of those that cannot be read,
// as nested ones, unreadable says why; the others can be read by name.
func (t *File) Columns() (names []string, unreadable map[string]error) {
	unreadable = map[string]error{}
	for i, err := range t.table.unreadable() {
		if err != nil {
			unreadable[t.table.names()[i]] = err
		}
	}
	return slices.Clone(t.table.names()), unreadable
}

// Remarks say of columns of a CSV file why they came as text though they look
// like something else, as dates of which nobody knows whether the day is first.
// They are known once a pass was opened; until then, and for other formats, there
// are none.
func (t *File) Remarks() map[string]string {
	c, text := t.table.(*csvTable)
	if !text {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.remarks)
}

// refused joins why columns that were asked for cannot be read.
func refused(unreadable []error, picked []int) error {
	var errs []error
	for _, i := range picked {
		errs = append(errs, unreadable[i])
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w; read the others by name, or write it flat and of a type that "+
			"is supported", err)
	}
	return nil
}

// once refuses a column that is named twice.
func once(columns []string) error {
	seen := make(map[string]bool, len(columns))
	for _, c := range columns {
		if seen[c] {
			return fmt.Errorf("column %q is asked for twice", c)
		}
		seen[c] = true
	}
	return nil
}

// reopen opens the bytes once more, which must be those of the first time.
func (t *File) reopen() (*content, error) {
	c, err := t.place.open()
	if err != nil {
		return nil, t.wrap(err)
	}
	if err := t.unchanged(c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// SHA256 reads the whole file and returns the hash of its bytes.
func (t *File) SHA256() (string, error) {
	c, err := t.reopen()
	if err != nil {
		return "", err
	}
	defer c.Close()
	h := sha256.New()
	if _, err := io.Copy(h, c.text()); err != nil {
		return "", t.wrap(err)
	}
	if err := t.unchanged(c); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// unchanged compares c with the bytes Open saw.
func (t *File) unchanged(c *content) error {
	same, err := c.same()
	if err != nil {
		return t.wrap(err)
	}
	if !same {
		return fmt.Errorf("tableio: %s changed since it was opened; open it again and start over",
			t.name)
	}
	return nil
}

// damaged is an error in the bytes of a file.
type damaged struct{ err error }

func (d *damaged) Error() string { return "is damaged: " + d.err.Error() }
func (d *damaged) Unwrap() error { return d.err }

// line is an error at a line of a text file.
type line struct {
	number int64
	err    error
}

func (l *line) Error() string { return fmt.Sprintf("line %d: %v", l.number, l.err) }
func (l *line) Unwrap() error { return l.err }

// final is an error that names the file already.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// wrap puts the package and the file before an error, once.
func (t *File) wrap(err error) error { return wrap(t.name, err) }

func wrap(name string, err error) error {
	var done final
	var p *fs.PathError
	var d *damaged
	var l *line
	switch {
	case err == nil, err == io.EOF, errors.As(err, &done):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &p):
		return final{fmt.Errorf("tableio: %s: %w", name, p.Err)}
	case errors.As(err, &d), errors.As(err, &l):
		return final{fmt.Errorf("tableio: %s %w", name, err)}
	}
	return final{fmt.Errorf("tableio: %s: %w", name, err)}
}

// pick finds the named columns, or all of them without names.
func pick(all []string, names []string) ([]int, error) {
	at := make(map[string]int, len(all))
	for i, n := range all {
		at[n] = i
	}
	if len(names) == 0 {
		names = all
	}
	picked := make([]int, len(names))
	for k, n := range names {
		i, ok := at[n]
		if !ok {
			return nil, fmt.Errorf("there is no column %q", n)
		}
		picked[k] = i
	}
	return picked, nil
}

// distinct refuses a table without columns and two columns of one name.
func distinct(names []string) error {
	if len(names) == 0 {
		return errors.New("the table has no columns")
	}
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		if seen[n] {
			return fmt.Errorf("two columns are named %q; rename one", n)
		}
		seen[n] = true
	}
	return nil
}
