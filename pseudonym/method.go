package pseudonym

import "github.com/lethe-go/lethe/internal/hmac256"

// Method is how a column is pseudonymized. The set is closed. A policy
// file holds a pointer to a method; both forms mean the same.
type Method interface {
	// check returns all that is wrong with the method by itself.
	check() []error
	// compile makes the kernel for a column, whose field is good, under the
	// primary key of kr. It is called after check has found nothing.
	compile(kr *Keyring, c Column) (kernel, error)
}

// HMAC replaces a value by the first 128 bits of its HMAC-SHA256 under the
// sub-key of the column's field. It cannot be reversed without trying values
// under the key. With 128 bits the chance of any collision stays below 1e-9 up
// to 8e14 distinct values; as a UUID, which keeps 122 of them, up to 1e14.
type HMAC struct {
	// Format is how the bits are written. Columns of one field that differ in
	// Format hold the same bits.
	Format Format `yaml:"format,omitempty"`
}

// opHMAC names the derivation of token keys.
const opHMAC = "hmac-sha256"

func (h HMAC) check() []error { return h.Format.check() }

func (h HMAC) compile(kr *Keyring, c Column) (kernel, error) {
	enc, err := h.Format.encoding()
	if err != nil {
		return nil, err
	}
	m, err := kr.macs(opHMAC, c.Field, "")
	if err != nil {
		return nil, err
	}
	return newTextKernel(enc.typ, enc.bits, func() maker {
		return &hmacMaker{mac: m.get(), enc: enc}
	}), nil
}

// hmacMaker writes HMAC tokens.
type hmacMaker struct {
	mac *hmac256.MAC
	enc encoding
	buf [chunkRows]token
}

func (m *hmacMaker) make(out *outputs, c chunk) (int, error) {
	buf := m.buf[:len(c.rows)]
	m.mac.Prefixes(buf, c.data, c.spans)
	out.tokens(m.enc, c.rows, buf)
	return 0, nil
}
