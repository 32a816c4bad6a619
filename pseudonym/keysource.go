package pseudonym

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// maxKeyFile bounds what is read of a key file: some 4,000 keys.
const maxKeyFile = 1 << 20

// KeySource is where a keyring comes from: [KeyFile]. The set is closed. A
// source holds no key itself and can be printed.
type KeySource interface {
	fmt.Stringer
	open(ctx context.Context) (*keyset.Handle, error)
}

// KeyFile names a file that holds a Tink keyset as plain JSON, as
// [CreateKeyFile] and tinkey write it. The keys in it are protected by the
// permissions of the file and by nothing else. [Open] therefore refuses a path
// that is not a regular file (a symbolic link, for one), that belongs to
// another user than the process runs as, or that anybody but its owner may
// read, write or execute. Where the system has no such owners and modes, as on
// Windows, only the kind of file is checked and access control is the caller's.
func KeyFile(path string) KeySource { return keyFile(path) }

type keyFile string

// String returns the kind of source and its path.
func (f keyFile) String() string { return fmt.Sprintf("key file %q", string(f)) }

func (f keyFile) open(context.Context) (*keyset.Handle, error) {
	text, err := f.read()
	defer clear(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f, err)
	}
	h, err := parseKeyset(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f, err)
	}
	return h, nil
}

// read returns the content of the file after the checks that KeyFile promises.
func (f keyFile) read() ([]byte, error) {
	info, err := os.Lstat(string(f))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w; create it with CreateKeyFile or lethe keys new", bare(err))
	case err != nil:
		return nil, bare(err)
	}
	if err := checkKind(info.Mode()); err != nil {
		return nil, err
	}
	file, err := openNoFollow(string(f))
	if err != nil {
		return nil, bare(err)
	}
	defer file.Close()
	// The path may lead elsewhere by now: what counts is the opened file.
	if info, err = file.Stat(); err != nil {
		return nil, bare(err)
	}
	if err := checkKind(info.Mode()); err != nil {
		return nil, err
	}
	if err := checkAccess(string(f), info); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err != nil {
		return text, bare(err)
	}
	if len(text) > maxKeyFile {
		return text, fmt.Errorf("larger than %d bytes; this is not a keyset", maxKeyFile)
	}
	return text, nil
}

func checkKind(mode fs.FileMode) error {
	switch {
	case mode.IsRegular():
		return nil
	case mode&fs.ModeSymlink != 0:
		return errors.New("a symbolic link; name the file itself")
	default:
		return errors.New("not a regular file")
	}
}

// bare strips the path, which the message names already.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// parseKeyset reads a Tink keyset from JSON. The errors of the parser are
// replaced because they quote what they stumble over.
func parseKeyset(text []byte) (*keyset.Handle, error) {
	ks, err := keyset.NewJSONReader(bytes.NewReader(text)).Read()
	if err != nil {
		return nil, errors.New("not a plain Tink keyset in JSON: damaged, or encrypted")
	}
	if err := checkPrimary(ks); err != nil {
		return nil, err
	}
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, errors.New("the keyset is damaged")
	}
	return h, nil
}

func checkPrimary(ks *tinkpb.Keyset) error {
	for _, k := range ks.GetKey() {
		if k.GetKeyId() == ks.GetPrimaryKeyId() && k.GetStatus() == tinkpb.KeyStatusType_ENABLED {
			return nil
		}
	}
	return errors.New("no enabled primary key; choose one with lethe keys or tinkey promote-key")
}

// CreateKeyFile makes a new random key and writes it to path as [KeyFile]
// reads it, readable by the user alone. When it returns without an error the
// file is on disk. It never overwrites: an existing path is an error, and so
// is any other failure, which leaves no file. Losing the file means that no
// table pseudonymized later will join those of today.
func CreateKeyFile(path string) error {
	h, err := keyset.NewHandle(prf.HKDFSHA256PRFKeyTemplate())
	if err != nil {
		return errors.New("pseudonym: no key can be generated")
	}
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&text)); err != nil {
		return errors.New("pseudonym: the key cannot be encoded")
	}
	defer func() { clear(text.Bytes()) }()
	if err := writeNew(path, text.Bytes()); err != nil {
		return fmt.Errorf("pseudonym: create %s: %w", keyFile(path), bare(err))
	}
	return nil
}

func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
