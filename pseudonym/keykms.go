package pseudonym

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/core/registry"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// KMSFile names a file that holds a Tink keyset in JSON, encrypted by the key
// uri of a key management service, as tinkey writes it with --master-key-uri.
// Whoever may use that key can open the file; its own permissions protect
// nothing. The client comes from the program, such as those of Tink's modules
// for AWS, Google Cloud and HashiCorp Vault, so that this package links none.
// It is asked once a call of [Open], and twice by what changes the keys. Some
// services encrypt at most 4 KiB, which is enough for some 40 keys.
//
// The text of what the service answers to a decryption is part of errors. Its
// answer to an encryption is not, because it has seen keys then; errors.As
// finds it.
func KMSFile(path, uri string, client registry.KMSClient) KeySource {
	return fileSource{
		name: fmt.Sprintf("key file %q encrypted by %q", path, uri),
		path: path,
		decode: func(ctx context.Context, text []byte) (*keyset.Handle, error) {
			k, err := newKMSKey(uri, client)
			if err != nil {
				return nil, err
			}
			return k.decrypt(ctx, text)
		},
		encode: func(ctx context.Context, h *keyset.Handle) ([]byte, error) {
			k, err := newKMSKey(uri, client)
			if err != nil {
				return nil, err
			}
			return k.encrypt(ctx, h)
		},
	}
}

// kmsKey is a key of a service. It keeps what the service answered, because
// Tink makes one text of all that can go wrong.
type kmsKey struct {
	tink.AEAD
	refusal error
}

func newKMSKey(uri string, client registry.KMSClient) (*kmsKey, error) {
	switch {
	case uri == "":
		return nil, errors.New("no key of a key management service is named")
	case client == nil:
		return nil, errors.New("no client of a key management service")
	case !client.Supported(uri):
		return nil, errors.New("the client does not know this kind of key")
	}
	a, err := client.GetAEAD(uri)
	if err != nil {
		return nil, fmt.Errorf("the key management service: %w", err)
	}
	if a == nil {
		return nil, errors.New("the client of the key management service returned no key")
	}
	return &kmsKey{AEAD: a}, nil
}

func (k *kmsKey) decrypt(ctx context.Context, text []byte) (*keyset.Handle, error) {
	h, err := keyset.ReadWithContext(ctx, keyset.NewJSONReader(bytes.NewReader(text)), k, nil)
	switch {
	case k.refusal != nil:
		return nil, fmt.Errorf("the key management service cannot decrypt: %w", k.refusal)
	case err != nil:
		return nil, errors.New("not an encrypted Tink keyset in JSON: damaged, or plain")
	}
	return h, nil
}

func (k *kmsKey) encrypt(ctx context.Context, h *keyset.Handle) ([]byte, error) {
	var text bytes.Buffer
	err := h.WriteWithContext(ctx, keyset.NewJSONWriter(&text), k, nil)
	switch {
	case k.refusal != nil:
		return nil, withheld{"the key management service cannot encrypt", k.refusal}
	case err != nil:
		return nil, errors.New("the keyset cannot be encoded")
	}
	return text.Bytes(), nil
}

// EncryptWithContext implements tink.AEADWithContext.
func (k *kmsKey) EncryptWithContext(ctx context.Context, plain, data []byte) (
	out []byte, err error) {
	if k.refusal = ctx.Err(); k.refusal != nil {
		return nil, k.refusal
	}
	if a, ok := k.AEAD.(tink.AEADWithContext); ok {
		out, k.refusal = a.EncryptWithContext(ctx, plain, data)
	} else {
		out, k.refusal = k.Encrypt(plain, data)
	}
	return out, k.refusal
}

// DecryptWithContext implements tink.AEADWithContext.
func (k *kmsKey) DecryptWithContext(ctx context.Context, text, data []byte) (
	out []byte, err error) {
	if k.refusal = ctx.Err(); k.refusal != nil {
		return nil, k.refusal
	}
	if a, ok := k.AEAD.(tink.AEADWithContext); ok {
		out, k.refusal = a.DecryptWithContext(ctx, text, data)
	} else {
		out, k.refusal = k.Decrypt(text, data)
	}
	return out, k.refusal
}

// withheld is an error whose cause has seen keys: its text is not shown, but
// errors.Is and errors.As find it.
type withheld struct {
	text  string
	cause error
}

func (w withheld) Error() string { return w.text }
func (w withheld) Unwrap() error { return w.cause }
