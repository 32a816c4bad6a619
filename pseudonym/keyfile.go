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
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// maxKeyFile bounds what is read of a key file: some 4,000 keys.
const maxKeyFile = 1 << 20

// KeyFile names a file that holds a Tink keyset as plain JSON, as
// [CreateKeys] and tinkey write it. The keys in it are protected by the
// permissions of the file and by nothing else. [Open] therefore refuses a path
// that is not a regular file (a symbolic link, for one), that belongs to
// another user than the process runs as, or that anybody but its owner may
// read, write or execute. Where the system has no such owners and modes, as on
// Windows, only the kind of file is checked and access control is the caller's.
func KeyFile(path string) KeySource {
	return fileSource{
		name:    fmt.Sprintf("key file %q", path),
		path:    path,
		private: true,
		decode: func(_ context.Context, text []byte) (*keyset.Handle, error) {
			return parseKeyset(text)
		},
		encode: func(_ context.Context, h *keyset.Handle) ([]byte, error) {
			return formatKeyset(h)
		},
	}
}

// CreateKeyFile is [CreateKeys] of the [KeyFile] at path.
func CreateKeyFile(path string) error {
	return CreateKeys(context.Background(), KeyFile(path))
}

// readKeyFile returns the content of a file after the checks that KeyFile
// promises; those of access only if the content is private.
func readKeyFile(path string, private bool) ([]byte, error) {
	if err := lookAt(path); err != nil {
		return nil, err
	}
	file, err := openNoFollow(path)
	if err != nil {
		return nil, bare(err)
	}
	defer file.Close()
	// The path may lead elsewhere by now: what counts is the opened file.
	info, err := file.Stat()
	if err != nil {
		return nil, bare(err)
	}
	if err := checkKind(info.Mode()); err != nil {
		return nil, err
	}
	if private {
		if err := checkAccess(path, info); err != nil {
			return nil, err
		}
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

// lookAt checks that there is a regular file at path.
func lookAt(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; create it with CreateKeys or lethe keys new", bare(err))
	case err != nil:
		return bare(err)
	}
	return checkKind(info.Mode())
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

// formatKeyset is the inverse of parseKeyset.
func formatKeyset(h *keyset.Handle) ([]byte, error) {
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&text)); err != nil {
		return nil, errors.New("the keyset cannot be encoded")
	}
	return text.Bytes(), nil
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
