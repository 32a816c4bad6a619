// Package crosswalk keeps the random tokens of [pseudonym.Crosswalk] columns in
// a file:
//
//	err := crosswalk.Create("ward.crosswalk") // once
//	table, err := crosswalk.Open("ward.crosswalk", nil)
//	p, err := pseudonym.New(kr, pseudonym.Column{
//		Name:   "patient_id",
//		Field:  pseudonym.Field{Domain: "ward-study", Entity: "patient"},
//		Method: pseudonym.Crosswalk{Table: table},
//	})
//
// The file is a bbolt database (go.etcd.io/bbolt) of sealed rows under keyed
// hashes. Without the keyring it shows how many values there are, roughly how
// long each is, and the ids of the keys; with it, everything: keep the two
// apart, and back both up. Losing the file means that known people get new
// tokens; so does an old copy for those who came later, which nothing can
// detect.
//
// # Crashes
//
// A token is on disk before it is handed out. A process may be killed, and the
// machine lose power, at any moment: the batch it was working on is stored
// whole or not at all.
//
// # Many processes
//
// A table is open only while a batch is looked up or stored, so any number of
// processes and goroutines may use one file. Lookups run side by side; a batch
// with new values waits until it is alone. Who waits longer than
// [Options].Wait, or than its context lasts, gets an error and has changed
// nothing. The lock is the advisory one of the system (flock); file systems
// without it, such as some network ones, must not hold a table.
//
// # Speed
//
// A batch of new values is one transaction with two syncs of the disk, so
// larger batches are faster. Two shared cores, batches of 65,536 rows of 16-byte
// identifiers, a file of up to a million values:
//
//	known values   150,000 rows a second
//	new values      45,000
package crosswalk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// DefaultWait is how long a batch waits for other processes where Options do
// not say it.
const DefaultWait = 30 * time.Second

// Options are choices for [Open]. The zero Options are the defaults.
type Options struct {
	// Wait is how long a batch waits for other processes; 0 is [DefaultWait].
	Wait time.Duration `yaml:"wait,omitempty"`
}

// Table is a file of tokens. It implements [pseudonym.CrosswalkTable], is safe
// for concurrent use, keeps nothing open and needs no closing.
//
// [pseudonym.CrosswalkTable]: https://pkg.go.dev/github.com/lethe-go/lethe/pseudonym#CrosswalkTable
type Table struct {
	path string
	wait time.Duration
	// mu spares the goroutines of this process the polling of the file lock.
	mu sync.RWMutex
}

// The buckets: rows and tokens hold one bucket for each key of the keyring.
var (
	bucketMeta   = []byte("meta")
	bucketRows   = []byte("rows")   // hash of the value -> sealed row
	bucketTokens = []byte("tokens") // hash of the token -> key of the row
	keyFormat    = []byte("format")
	format       = []byte("lethe.crosswalk/1")
)

// Create makes an empty table at path, readable and writable by the user alone.
// When it returns without an error the table is on disk. It never overwrites:
// an existing path is an error.
func Create(path string) error {
	if err := create(path); err != nil {
		return fmt.Errorf("crosswalk: create %s: %w", path, plain(err))
	}
	return nil
}

func create(path string) (err error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".lethe-crosswalk-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plain(os.RemoveAll(dir))) }()
	name := filepath.Join(dir, "table")
	db, err := bolt.Open(name, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketMeta, bucketRows, bucketTokens} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketMeta).Put(keyFormat, format)
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	// A link, unlike a rename, replaces nothing.
	if err := os.Link(name, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// Open returns the table at path, which [Create] has made. It fails if path is
// not a regular file or not a table. A nil opts are the zero Options.
func Open(path string, opts *Options) (*Table, error) {
	if opts == nil {
		opts = &Options{}
	}
	t := &Table{path: path, wait: opts.Wait}
	if opts.Wait < 0 {
		return nil, fmt.Errorf("crosswalk: wait is %s, want 0 or more", opts.Wait)
	}
	if t.wait == 0 {
		t.wait = DefaultWait
	}
	err := t.view(context.Background(), func(*bolt.Tx) error { return nil })
	if err != nil {
		return nil, err
	}
	return t, nil
}

// String returns the kind of table and its path.
func (t *Table) String() string { return fmt.Sprintf("crosswalk %q", t.path) }

// view runs f in a transaction that reads.
func (t *Table) view(ctx context.Context, f func(tx *bolt.Tx) error) error {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.with(ctx, true, f)
}

// update runs f in a transaction that is durable when update returns nil, and
// has changed nothing otherwise.
func (t *Table) update(ctx context.Context, f func(tx *bolt.Tx) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.with(ctx, false, f)
}

func (t *Table) with(ctx context.Context, readOnly bool, f func(tx *bolt.Tx) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", t, plain(err))
		}
	}()
	// The database is mapped into memory and trusts its pages: what a damaged
	// file makes of that is an error here and not the end of the process.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var db *bolt.DB
	defer func() {
		if recover() != nil {
			err = errDamaged
		}
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if db, err = t.open(ctx, readOnly); err != nil {
		return err
	}
	checked := func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if meta == nil || string(meta.Get(keyFormat)) != string(format) ||
			tx.Bucket(bucketRows) == nil || tx.Bucket(bucketTokens) == nil {
			return errors.New("a database, but not a crosswalk table of this version")
		}
		return f(tx)
	}
	if readOnly {
		return db.View(checked)
	}
	return db.Update(checked)
}

var errDamaged = errors.New("the file is damaged; restore a copy of it")

// flockPatience is how long the database itself waits for the lock of its file
// before the context is looked at.
const flockPatience = 100 * time.Millisecond

// open opens the database as soon as no other process is in the way.
func (t *Table) open(ctx context.Context, readOnly bool) (*bolt.DB, error) {
	opts := &bolt.Options{
		Timeout:      flockPatience,
		ReadOnly:     readOnly,
		FreelistType: bolt.FreelistMapType,
		NoStatistics: true,
		// A missing file is not created here, for that would forget all tokens.
		OpenFile: func(name string, flag int, perm os.FileMode) (*os.File, error) {
			return openExisting(name, flag&^os.O_CREATE)
		},
	}
	deadline := time.Now().Add(t.wait)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := t.look(); err != nil {
			return nil, err
		}
		db, err := bolt.Open(t.path, 0o600, opts)
		switch {
		case err == nil:
			return db, nil
		case !errors.Is(err, berrors.ErrTimeout):
			var p *fs.PathError
			if errors.As(err, &p) {
				return nil, err
			}
			return nil, errors.New("not a crosswalk table, or damaged")
		case time.Now().After(deadline):
			return nil, fmt.Errorf("other processes have used it for more than %s; "+
				"try again, or wait longer", t.wait)
		}
	}
}

// look refuses what is not a table before the database sees it: it would make
// a new one of an empty file.
func (t *Table) look() error {
	info, err := os.Lstat(t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; create it with crosswalk.Create", plain(err))
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return errors.New("a symbolic link; name the file itself")
	case !info.Mode().IsRegular():
		return errors.New("not a regular file")
	case info.Size() == 0:
		return errDamaged
	}
	return nil
}

// openExisting opens a file that must not have become empty or something else
// since it was looked at.
func openExisting(name string, flag int) (*os.File, error) {
	f, err := os.OpenFile(name, flag, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.Size() == 0 || !info.Mode().IsRegular() {
		f.Close()
		return nil, errDamaged
	}
	return f, nil
}

// plain strips the path, which the message names already.
func plain(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
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
