// Package tempfile makes files that nobody is to find.
package tempfile

import (
	"errors"
	"io/fs"
	"os"
)

// Unnamed makes a file for reading and writing that only its owner may open, in
// dir, or where the system keeps temporary files if dir is empty. Where the
// system allows it, as Unix does, the file has no name when Unnamed returns and
// is gone with the process; elsewhere its name begins with prefix. Errors do
// not hold the name.
func Unnamed(dir, prefix string) (*os.File, error) {
	f, err := os.CreateTemp(dir, prefix+"-")
	if err != nil {
		return nil, plain(err)
	}
	if err := removeOpen(f.Name()); err != nil {
		return nil, errors.Join(plain(err), f.Close())
	}
	return f, nil
}

// Discard closes a file of Unnamed and removes it where it has a name.
func Discard(f *os.File) error {
	return errors.Join(plain(f.Close()), plain(removeClosed(f.Name())))
}

// plain strips the path off an error.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
