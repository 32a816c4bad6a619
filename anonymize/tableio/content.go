package tableio

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
)

// place is where the bytes of a table are, to be opened for each pass.
type place interface {
	open() (*content, error)
}

// content is the bytes of a table, open for a pass.
type content struct {
	at    io.ReaderAt
	size  int64
	close func() error
	// same says whether the bytes are those that were seen first.
	same func() (bool, error)
}

// unreadable is an error of reading, as opposed to one in what was read.
type unreadable struct{ err error }

func (u *unreadable) Error() string { return u.err.Error() }
func (u *unreadable) Unwrap() error { return u.err }

// ReadAt fills p or says why not.
func (c *content) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.at.ReadAt(p, off)
	switch {
	case n == len(p), err == io.EOF:
		if n < len(p) {
			return n, io.EOF
		}
		return n, nil
	case err == nil:
		err = io.ErrUnexpectedEOF
	}
	return n, &unreadable{err}
}

// text reads from the first byte to the last.
func (c *content) text() io.Reader { return io.NewSectionReader(c, 0, c.size) }

// Close ends the pass.
func (c *content) Close() error { return c.close() }

// onDisk is a file by its path, which must stay the file it was.
type onDisk struct {
	path string
	info os.FileInfo // of the first time; nil before
}

func (d *onDisk) open() (*content, error) {
	f, err := os.Open(d.path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errIrregular
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	if d.info == nil {
		d.info = info
	}
	return &content{at: f, size: d.info.Size(), close: f.Close, same: func() (bool, error) {
		now, err := f.Stat()
		if err != nil {
			return false, err
		}
		return os.SameFile(now, d.info) && now.Size() == d.info.Size() &&
			now.ModTime().Equal(d.info.ModTime()), nil
	}}, nil
}

var errIrregular = errors.New("is not a regular file")

// elsewhere is an io.ReaderAt. What it reads has no time of modification, so
// its ends are compared, which in Parquet and Arrow files say where all of the
// rest is and how many rows there are.
type elsewhere struct {
	at   io.ReaderAt
	size int64
	sum  [sha256.Size]byte
	seen bool // whether sum is known
}

// endBytes is how many bytes of each end are compared.
const endBytes = 64 << 10

func (e *elsewhere) open() (*content, error) {
	c := &content{at: e.at, size: e.size, close: func() error { return nil }}
	ends := func() (sum [sha256.Size]byte, err error) {
		n := min(e.size, endBytes)
		b := make([]byte, 2*n)
		if _, err = c.ReadAt(b[:n], 0); err == nil {
			_, err = c.ReadAt(b[n:], e.size-n)
		}
		if err == io.EOF {
			err = fmt.Errorf("it has fewer bytes than the %d it was said to have", e.size)
		}
		return sha256.Sum256(b), err
	}
	if !e.seen {
		sum, err := ends()
		if err != nil {
			return nil, err
		}
		e.sum, e.seen = sum, true
	}
	c.same = func() (bool, error) {
		sum, err := ends()
		return sum == e.sum, err
	}
	return c, nil
}
