package pseudonym

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"golang.org/x/net/publicsuffix"

	"github.com/lethe-go/lethe/internal/base32rows"
	"github.com/lethe-go/lethe/internal/hmac256"
)

// Email replaces an e-mail address by one that has a token in place of the
// local part: 26 characters a-z, 2-7, the first 128 bits of an HMAC-SHA256 of
// the whole address, its domain in lower case. Equal local parts of different
// domains have unrelated tokens. What becomes of the domain is to be chosen. It
// cannot be reversed without trying addresses under the key.
//
// A value that is no address of the form local@domain is an error, and so is a
// domain that is not written in ASCII (in its xn-- form, that is).
type Email struct {
	// Host says what becomes of the domain. It must be set.
	Host EmailHost `yaml:"host"`
}

// EmailHost is what becomes of the domain of an address. The zero EmailHost is
// refused.
type EmailHost string

const (
	// KeepHost leaves the domain, in lower case. A domain of one person, such as
	// the name of a family, tells who they are; and the address may exist.
	KeepHost EmailHost = "keep"
	// SuffixHost leaves the public suffix only, such as "com" or "co.uk": what
	// is registered below it, and the names that companies let out to others,
	// are removed. The list is that of publicsuffix.org as of the version of
	// golang.org/x/net, so a new version of it can change a token's ending.
	SuffixHost EmailHost = "suffix"
	// TokenHost puts a token in place of the domain, by which addresses of
	// one domain can be told, below the top-level domain "invalid", which
	// RFC 2606 reserves.
	TokenHost EmailHost = "token"
)

const (
	opEmail     = "email"
	opEmailHost = "email-host"
	maxLocal    = 64  // RFC 5321
	maxHost     = 253 // RFC 1035
)

func (e Email) check() []error {
	switch e.Host {
	case KeepHost, SuffixHost, TokenHost:
		return nil
	case "":
		return []error{errors.New("host is not set, want keep, suffix or token")}
	}
	return []error{fmt.Errorf("host is %q, want keep, suffix or token", string(e.Host))}
}

func (e Email) compile(kr *Keyring, c Column) (kernel, error) {
	local, err := kr.macs(opEmail, c.Field, "")
	if err != nil {
		return nil, err
	}
	host, err := kr.macs(opEmailHost, c.Field, "")
	if err != nil {
		return nil, err
	}
	return newTextKernel(arrow.BinaryTypes.String, 128, func() maker {
		return &emailMaker{host: e.Host, local: local.get(), hosts: host.get()}
	}), nil
}

// emailMaker writes tokens of addresses.
type emailMaker struct {
	host         EmailHost
	local, hosts *hmac256.MAC
	address      []byte
	text         []byte
	suffixes     map[string]string // of the domains met, which are few
}

// maxSuffixes bounds what a goroutine remembers.
const maxSuffixes = 4096

const base32Chars = 26

func (m *emailMaker) make(out *outputs, c chunk) (int, error) {
	for i, row := range c.rows {
		text := c.text(i)
		at := bytes.LastIndexByte(text, '@')
		if err := checkAddress(text, at); err != nil {
			return i, err
		}
		m.address = append(m.address[:0], text...)
		host := m.address[at+1:]
		for k, c := range host {
			if c >= 'A' && c <= 'Z' {
				host[k] = c + 'a' - 'A'
			}
		}
		m.text = appendLower(m.text[:0], m.local.Digest(m.address))
		m.text = append(m.text, '@')
		switch m.host {
		case SuffixHost:
			m.text = append(m.text, m.suffix(host)...)
		case TokenHost:
			m.text = appendLower(m.text, m.hosts.Digest(host))
			m.text = append(m.text, ".invalid"...)
		default:
			m.text = append(m.text, host...)
		}
		copy(out.room(row, len(m.text)), m.text)
	}
	return 0, nil
}

// appendLower appends the first 128 bits in base32 of small letters.
func appendLower(dst []byte, sum *[32]byte) []byte {
	var text [base32Chars]byte
	base32rows.Append(text[:0], sum[:tokenBytes])
	for i, c := range text {
		if c >= 'A' {
			text[i] = c + 'a' - 'A'
		}
	}
	return append(dst, text[:]...)
}

// suffix remembers the suffixes of domains.
func (m *emailMaker) suffix(host []byte) string {
	suffix, ok := m.suffixes[string(host)]
	if !ok {
		if len(m.suffixes) >= maxSuffixes || m.suffixes == nil {
			m.suffixes = make(map[string]string)
		}
		name := string(host)
		suffix = registrySuffix(name)
		m.suffixes[name] = suffix
	}
	return suffix
}

// registrySuffix returns the part of a domain below which a registry, and not a
// company, lets names.
func registrySuffix(host string) string {
	for {
		suffix, icann := publicsuffix.PublicSuffix(host)
		_, above, more := strings.Cut(suffix, ".")
		if icann || !more {
			return suffix
		}
		host = above
	}
}

// checkAddress returns why a text whose last @ is at the given place is no
// address.
func checkAddress(text []byte, at int) error {
	if at < 0 {
		return errors.New("an address without @")
	}
	local, host := text[:at], text[at+1:]
	switch {
	case len(local) == 0 || len(local) > maxLocal:
		return errors.New("the local part of the address is empty or too long")
	case len(host) == 0 || len(host) > maxHost:
		return errors.New("the domain of the address is empty or too long")
	case !utf8.Valid(local):
		return errForeign
	}
	for _, c := range local {
		if c <= ' ' || c == 0x7f || strings.IndexByte(`"(),:;<>@[\]`, c) >= 0 {
			return errForeign
		}
	}
	label := 0
	for i, c := range host {
		switch {
		case c >= 0x80:
			return errors.New("the domain of the address is not in ASCII; write it in its xn-- form")
		case c == '.' && label > 0 && host[i-1] != '-':
			label = 0
			continue
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
		case c == '-' && label > 0:
		default:
			return errors.New("the domain of the address is none")
		}
		if label++; label > 63 {
			return errors.New("the domain of the address is none")
		}
	}
	if label == 0 || host[len(host)-1] == '-' {
		return errors.New("the domain of the address is none")
	}
	return nil
}
