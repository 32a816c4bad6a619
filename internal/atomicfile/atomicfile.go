// Package atomicfile writes files that appear under their name complete and
// durable or not at all.
package atomicfile

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a file being written beside the place where it will appear. Until
// Commit only its owner may read it. It is not safe for concurrent use.
type File struct {
	target string
	f      *os.File
	hash   hash.Hash
	mode   fs.FileMode // after Commit
	state  state
}

type state int

const (
	writing state = iota
	sealed
	finished // committed or aborted
)

// marker is part of the name of every temporary file, so that left-overs of a
// crash can be recognized.
const marker = ".lethe-"

// Create starts a file that Commit will publish at path with the permissions
// perm, less the umask. The folder must exist and path must not be a folder; a
// file already there stays as it is until Commit replaces it. What a process
// that was killed left behind of the same path is removed.
func Create(path string, perm fs.FileMode) (*File, error) {
	if path == "" {
		return nil, errors.New("no path")
	}
	dir, base := filepath.Split(filepath.Clean(path))
	if dir == "" {
		dir = "."
	}
	switch info, err := os.Stat(dir); {
	case err != nil:
		return nil, fmt.Errorf("folder %s for %s: %w", dir, base, plain(err))
	case !info.IsDir():
		return nil, fmt.Errorf("%s is no folder, for %s", dir, base)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder", base)
	}
	sweep(dir, base)
	f, err := createBeside(dir, base, perm)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", base, err)
	}
	a := &File{target: path, f: f, hash: sha256.New()}
	// The mode the file was created with has the umask in it.
	info, err := f.Stat()
	if err == nil {
		a.mode = info.Mode().Perm()
		err = f.Chmod(0o600 & a.mode)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", base, plain(err)), a.Abort())
	}
	return a, nil
}

func createBeside(dir, base string, perm fs.FileMode) (*os.File, error) {
	for try := 0; ; try++ {
		name := filepath.Join(dir, "."+base+marker+rand.Text()[:nameBytes])
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if err == nil && claim(f) {
			return f, nil
		}
		if err == nil {
			err = errors.Join(fs.ErrExist, f.Close())
			_ = os.Remove(name) // unless the sweep has done so
		}
		if !errors.Is(err, fs.ErrExist) || try == 10 {
			return nil, plain(err)
		}
	}
}

// plain strips the path of the temporary file off an error; callers know the
// name that matters.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}

// Name returns the path of the temporary file, to read it back after Seal.
func (a *File) Name() string { return a.f.Name() }

// Write appends p. It must not be called after Seal.
func (a *File) Write(p []byte) (int, error) {
	if a.state != writing {
		return 0, errors.New("write after the file was sealed")
	}
	n, err := a.f.Write(p)
	a.hash.Write(p[:n])
	return n, plain(err)
}

// Seal ends the writing: the bytes are on the disk when it returns, still
// under the temporary name.
func (a *File) Seal() error {
	if a.state != writing {
		return errors.New("the file is sealed already")
	}
	if err := a.f.Sync(); err != nil {
		return plain(err)
	}
	a.state = sealed
	return nil
}

// SHA256 returns the hash of the bytes in lower-case hexadecimal, once the
// file is sealed.
func (a *File) SHA256() (string, error) {
	if a.state == writing {
		return "", errors.New("the file is not sealed yet")
	}
	return hex.EncodeToString(a.hash.Sum(nil)), nil
}

// Commit publishes a sealed file: afterwards it has its name, its permissions
// and survives a loss of power. Where it fails the file remains temporary and
// Abort removes it.
func (a *File) Commit() error {
	return a.commit(os.Rename)
}

// commitNew is Commit that never replaces a file: a name is linked to the file
// only where it is free, and the temporary one removed.
func (a *File) commitNew() error {
	return a.commit(func(from, to string) error {
		if err := os.Link(from, to); err != nil {
			return err
		}
		return os.Remove(from)
	})
}

func (a *File) commit(publish func(from, to string) error) error {
	switch a.state {
	case writing:
		return errors.New("commit before seal")
	case finished:
		return errors.New("the file is committed or aborted already")
	}
	if err := a.f.Chmod(a.mode); err != nil {
		return plain(err)
	}
	if err := a.f.Sync(); err != nil {
		return plain(err)
	}
	if err := publish(a.f.Name(), a.target); err != nil {
		return plain(err)
	}
	a.state = finished
	return errors.Join(plain(a.f.Close()), syncFolder(filepath.Dir(a.target)))
}

// Abort removes the temporary file. After Commit or a first Abort it does
// nothing, so it can be deferred.
func (a *File) Abort() error {
	if a.state == finished {
		return nil
	}
	a.state = finished
	err := a.f.Close()
	return errors.Join(plain(err), plain(os.Remove(a.f.Name())))
}

// syncFolder makes a rename in dir durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return plain(err)
	}
	err = d.Sync()
	return errors.Join(plain(err), plain(d.Close()))
}

// WriteFile publishes data at path in one step.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	return writeFile(path, data, perm, (*File).Commit)
}

// WriteNewFile publishes data at path in one step unless there is a file: then
// it changes nothing and the error matches fs.ErrExist.
func WriteNewFile(path string, data []byte, perm fs.FileMode) error {
	return writeFile(path, data, perm, (*File).commitNew)
}

func writeFile(path string, data []byte, perm fs.FileMode, commit func(*File) error) (err error) {
	a, err := Create(path, perm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Abort()) }()
	if _, err := a.Write(data); err != nil {
		return err
	}
	if err := a.Seal(); err != nil {
		return err
	}
	return commit(a)
}

var _ io.Writer = (*File)(nil)
