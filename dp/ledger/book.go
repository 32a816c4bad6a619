package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/lethe-go/lethe/dp/budget"
)

// ErrDamaged is matched by the error of a file that is no ledger, or not what
// was written: of a line that was changed, removed, added or moved, and of one
// that is known and no longer there.
var ErrDamaged = errors.New("the ledger is damaged")

// damage is an error that is ErrDamaged without saying so.
type damage struct{ err error }

func (d *damage) Error() string        { return d.err.Error() }
func (d *damage) Unwrap() error        { return d.err }
func (d *damage) Is(target error) bool { return target == ErrDamaged }

// maxLine bounds what is taken for a line.
const maxLine = 16 << 20

// book is a file as far as it was read.
type book struct {
	chain   chain
	terms   Terms
	created time.Time
	entries []Entry
	filter  *budget.Filter
	first   string // hash of the header
	size    int64  // of the complete lines
	last    []byte // text of the last of them
	tail    []byte // what follows: an incomplete line
	file    fs.FileInfo
}

func (b *book) head() Head {
	if n := len(b.entries); n > 0 {
		return Head{N: n, Hash: b.entries[n-1].Hash}
	}
	return Head{Hash: b.first}
}

// holds says whether a line that somebody knows of is there.
func (b *book) holds(h Head) bool {
	switch {
	case h.N == 0:
		return h.Hash == b.first
	case h.N < 0 || h.N > len(b.entries):
		return false
	}
	return b.entries[h.N-1].Hash == h.Hash
}

// readBook reads and checks a whole file, under its lock.
func readBook(path string, c chain) (*book, error) {
	f, info, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := &book{chain: c, file: info}
	return b, b.read(f)
}

func openFile(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, bare(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		f.Close()
		return nil, nil, bare(err)
	}
	return f, info, nil
}

// bare strips the path off an error; the ledger names it.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// refresh reads what was added to the file since, under its lock. Where the
// file is another one, or does not go on where it ended, all of it is read
// again and must hold what was known.
func (b *book) refresh(path string) (*book, error) {
	f, info, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if os.SameFile(info, b.file) && info.Size() >= b.size {
		last := make([]byte, len(b.last))
		if _, err := f.ReadAt(last, b.size-int64(len(last))); err != nil {
			return nil, bare(err)
		}
		if bytes.Equal(last, b.last) {
			if _, err := f.Seek(b.size, io.SeekStart); err != nil {
				return nil, bare(err)
			}
			return b, b.read(f)
		}
	}
	again := &book{chain: b.chain, file: info}
	if err := again.read(f); err != nil {
		return nil, err
	}
	if !again.holds(b.head()) {
		return nil, &damage{fmt.Errorf("line %d is no longer there: the file was put back or replaced",
			b.head().N)}
	}
	return again, nil
}

// read takes in lines from where the last one ended to the end of the file.
func (b *book) read(f io.Reader) error {
	b.tail = nil
	r := bufio.NewReaderSize(f, 1<<16)
	for {
		text, err := r.ReadSlice('\n')
		whole := bytes.Clone(text)
		for errors.Is(err, bufio.ErrBufferFull) && len(whole) <= maxLine {
			text, err = r.ReadSlice('\n')
			whole = append(whole, text...)
		}
		switch {
		case errors.Is(err, io.EOF):
			b.tail = whole
			return b.started()
		case err != nil:
			if len(whole) > maxLine {
				return &damage{fmt.Errorf("line %d: %w", b.lines(), errForm)}
			}
			return fmt.Errorf("line %d: %w", b.lines(), bare(err))
		}
		if blank := bytes.IndexByte(whole, 0) >= 0; blank && atEnd(r) {
			b.tail = whole // the power failed: no line that was synced holds a zero
			return b.started()
		}
		if err := b.take(whole); err != nil {
			err = fmt.Errorf("line %d: %w", b.lines(), err)
			if errors.Is(err, errKey) {
				return err
			}
			return &damage{err}
		}
	}
}

func atEnd(r *bufio.Reader) bool {
	_, err := r.Peek(1)
	return errors.Is(err, io.EOF)
}

// started refuses a file without a complete header. Create makes no such file.
func (b *book) started() error {
	if b.filter == nil {
		return &damage{errors.New("not a ledger: its first line is not complete")}
	}
	return nil
}

// lines is the number of the next line: 0 for the header.
func (b *book) lines() int {
	if b.filter == nil {
		return 0
	}
	return len(b.entries) + 1
}

// take checks one complete line and counts it.
func (b *book) take(text []byte) error {
	take := b.takeLine
	if b.filter == nil {
		take = b.takeHeader
	}
	if err := take(text); err != nil {
		return err
	}
	b.size += int64(len(text))
	b.last = text
	return nil
}

// errKey is no damage: who opens the ledger has the wrong idea of it.
var errKey = errors.New("its chain")

func (b *book) takeHeader(text []byte) error {
	var h header
	err := b.chain.open(text, &h, &h.Hash)
	if (h.Chain == plainChain || h.Chain == keyedChain) && h.Chain != b.chain.kind {
		if b.chain.key == nil {
			return fmt.Errorf("%w has a key; give it", errKey)
		}
		return fmt.Errorf("%w has none, and a key was given", errKey)
	}
	if err != nil {
		return err
	}
	if h.Format != format || h.Chain != b.chain.kind {
		return fmt.Errorf("its format is %d, want %d", h.Format, format)
	}
	if b.created, err = time.Parse(time.RFC3339, h.Created); err != nil {
		return errForm
	}
	b.terms = Terms{Dataset: h.Dataset, Unit: h.Unit, Total: h.Total.total()}
	b.first = h.Hash
	b.filter, err = budget.NewFilter(b.terms.Total)
	return err
}

func (b *book) takeLine(text []byte) error {
	var l line
	if err := b.chain.open(text, &l, &l.Hash); err != nil {
		return err
	}
	if l.N != len(b.entries)+1 || l.Prev != b.head().Hash {
		return errors.New("does not follow the line before it: one was removed, added or moved")
	}
	e, err := l.entry()
	if err != nil {
		return err
	}
	if len(e.Charges) == 0 {
		return errForm
	}
	if err := b.filter.Spend(e.Charges...); err != nil {
		return err
	}
	b.entries = append(b.entries, e)
	return nil
}
