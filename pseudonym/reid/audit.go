package reid

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/lethe-go/lethe/internal/filelock"
)

// Record says that somebody asked for the values of tokens. It is written
// before any value is returned and holds none.
type Record struct {
	// Sequence and Previous are set by an [AuditFile]: the number of the
	// record, from 1, and the SHA-256 in hexadecimal of the line before, which
	// is empty in the first.
	Sequence int64  `json:"sequence"`
	Previous string `json:"previous"`
	// Time is when the values were asked for, in UTC.
	Time    time.Time `json:"time"`
	Actor   string    `json:"actor"`
	Purpose string    `json:"purpose"`
	// Column, Domain, Entity and Method say what the tokens are; Method is the
	// specification of the column, with a digest of its data set.
	Column string `json:"column"`
	Domain string `json:"domain"`
	Entity string `json:"entity"`
	Method string `json:"method"`
	// KeyIDs are the keys under which the tokens may be opened.
	KeyIDs []uint32 `json:"key_ids"`
	// Rows is how many rows hold a token, Tokens how many different tokens
	// there are, and Digests the SHA-256 of each of them in hexadecimal, in the
	// order of their first row.
	Rows    int      `json:"rows"`
	Tokens  int      `json:"tokens"`
	Digests []string `json:"digests"`
}

// AuditSink receives the records. When Append returns nil the record must be
// where neither a crash nor the actor can remove it. It must be safe for
// concurrent use.
type AuditSink interface {
	Append(ctx context.Context, r Record) error
}

// AuditFile is an AuditSink in a file of JSON lines, each of which names the
// hash of the one before, so that [VerifyAudit] finds a line that was changed,
// removed or put in between. It cannot find that the last lines were removed or
// that the whole file was written anew: keep the file where the actors cannot
// write, or note the number and the hash of its last line elsewhere. Records
// are appended and synced under a lock of the file; many processes may use one.
type AuditFile struct{ path string }

// maxLine bounds a record: MaxBatch digests and names of reasonable length.
const maxLine = 1 << 20

// OpenAudit returns the audit file at path. It creates the file, for the user
// alone, if there is none; an existing one is verified first, and refused if
// its chain is broken.
func OpenAudit(path string) (*AuditFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case err == nil:
		err = errors.Join(f.Sync(), f.Close(), syncDir(filepath.Dir(path)))
	case errors.Is(err, fs.ErrExist):
		err = verifyFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("reid: audit file %s: %w", path, plain(err))
	}
	return &AuditFile{path}, nil
}

func verifyFile(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = verify(f)
	return err
}

// Append adds a record to the file. It is on disk when Append returns nil. It
// fails if the last line is not a complete record, as a crash may leave it:
// no value was returned for such a line.
func (a *AuditFile) Append(ctx context.Context, r Record) error {
	if err := a.append(ctx, r); err != nil {
		return fmt.Errorf("reid: audit file %s: %w", a.path, plain(err))
	}
	return nil
}

func (a *AuditFile) append(ctx context.Context, r Record) (err error) {
	unlock, err := filelock.Lock(ctx, a.path)
	if err != nil {
		return err
	}
	defer unlock()
	f, err := os.OpenFile(a.path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r.Sequence, r.Previous = 1, ""
	last, err := lastLine(f)
	if err != nil {
		return err
	}
	if last != nil {
		before, err := parse(last)
		if err != nil {
			return fmt.Errorf("its last line %w", err)
		}
		r.Sequence, r.Previous = before.Sequence+1, digest(last)
	}
	line, err := json.Marshal(r)
	if err != nil {
		return errors.New("the record cannot be encoded")
	}
	if len(line) >= maxLine {
		return fmt.Errorf("a record of %d bytes is too long", len(line))
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return err
	}
	return f.Sync()
}

// lastLine returns the last line without its end, or nil of an empty file.
func lastLine(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return nil, err
	}
	from := max(0, info.Size()-maxLine-1)
	tail := make([]byte, info.Size()-from)
	if _, err := f.ReadAt(tail, from); err != nil {
		return nil, err
	}
	end := len(tail) - 1
	if tail[end] != '\n' {
		begin := from + int64(bytes.LastIndexByte(tail, '\n')) + 1
		return nil, fmt.Errorf("%w; no value was returned for it: see to it that nothing is "+
			"missing, then shorten the file to %d bytes", errCut, begin)
	}
	return tail[bytes.LastIndexByte(tail[:end], '\n')+1 : end], nil
}

var errCut = errors.New("the last record is cut off")

func parse(line []byte) (Record, error) {
	var r Record
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || r.Sequence < 1 || d.More() {
		return r, errors.New("is not an audit record")
	}
	return r, nil
}

func digest(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// VerifyAudit reads a file that an [AuditFile] has written and returns how many
// records it holds. It fails at the first line that is not a record, whose
// number is not the next, or that does not name the hash of the line before.
func VerifyAudit(r io.Reader) (records int64, err error) {
	n, err := verify(r)
	if err != nil {
		return n, fmt.Errorf("reid: audit: %w", err)
	}
	return n, nil
}

func verify(r io.Reader) (int64, error) {
	lines := bufio.NewReaderSize(r, 1<<16)
	previous := ""
	for n := int64(1); ; n++ {
		line, err := lines.ReadBytes('\n')
		switch {
		case err == io.EOF && len(line) == 0:
			return n - 1, nil
		case err == io.EOF:
			return n - 1, errCut
		case err != nil:
			return n - 1, err
		}
		line = line[:len(line)-1]
		record, err := parse(line)
		switch {
		case err != nil:
			return n - 1, fmt.Errorf("line %d %w", n, err)
		case record.Sequence != n:
			return n - 1, fmt.Errorf("line %d has the number %d: lines were removed or added",
				n, record.Sequence)
		case record.Previous != previous:
			return n - 1, fmt.Errorf("line %d does not follow the line before: one was changed", n)
		}
		previous = digest(line)
	}
}

// plain strips the path, which the message names already.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// syncDir makes the name of a new file durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
