package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/internal/atomicfile"
	"github.com/lethe-go/lethe/internal/filelock"
)

// minKey is the least length of the key of a chain, in bytes.
const minKey = 32

// Options are the choices of who opens a ledger. The zero value is that of a
// ledger without a key.
type Options struct {
	// Key is that of the chain, at least 32 random bytes, which must be kept
	// apart from the ledger; nil for a chain without one. A ledger that was made
	// with a key is refused without it, and the other way round.
	Key []byte
	// By is who spends: a program, a policy, a person. It is in every entry.
	By string
	// Pin, where not zero, is a line that the ledger must hold.
	Pin Head
}

func (o Options) validate() error {
	var errs []error
	if o.Key != nil && len(o.Key) < minKey {
		errs = append(errs, fmt.Errorf("the key has %d bytes, want at least %d", len(o.Key), minKey))
	}
	if !utf8.ValidString(o.By) {
		errs = append(errs, errors.New("by is not valid UTF-8"))
	}
	return errors.Join(errs...)
}

// Ledger is an open ledger. It keeps no file open between calls. It is made by
// Create and Open and safe for concurrent use, by many processes too.
type Ledger struct {
	path string
	by   string

	mu   sync.Mutex
	book *book
}

// Create makes a ledger at path that only its owner may read and write, and
// opens it. It refuses a file that is there. The error names everything that is
// wrong with the terms and options.
func Create(ctx context.Context, path string, terms Terms, opts Options) (*Ledger, error) {
	errs := []error{opts.validate()}
	for _, text := range []struct{ name, value string }{
		{"dataset", terms.Dataset}, {"unit", terms.Unit}} {
		if text.value == "" || !utf8.ValidString(text.value) {
			errs = append(errs, fmt.Errorf("no %s, or one that is not valid UTF-8", text.name))
		}
	}
	if opts.Pin != (Head{}) {
		errs = append(errs, errors.New("a pin is of a ledger that is there"))
	}
	if err := terms.Total.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("total: %w", err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("ledger: create %s: %w", path, err)
	}
	c := newChain(opts.Key)
	text, _, err := c.seal(header{
		Format: format, Dataset: terms.Dataset, Unit: terms.Unit, Chain: c.kind,
		Total: cost{Epsilon: terms.Total.Epsilon, Delta: terms.Total.Delta, Rho: terms.Total.Rho,
			Gaussian: terms.Total.Gaussian},
		ID:      rand.Text(),
		Created: time.Now().UTC().Format(time.RFC3339),
	})
	if err == nil {
		err = atomicfile.WriteNewFile(path, text, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: create %s: %w", path, err)
	}
	return Open(ctx, path, opts)
}

// Open opens a ledger, a regular file, and checks all of it. It waits for others who change it,
// at most ten seconds or as long as ctx lasts, as do all methods that take one.
// What is wrong with the file matches ErrDamaged.
func Open(ctx context.Context, path string, opts Options) (*Ledger, error) {
	if err := opts.validate(); err != nil {
		return nil, fmt.Errorf("ledger: open %s: %w", path, err)
	}
	l := &Ledger{path: path, by: opts.By}
	unlock, err := filelock.Lock(ctx, path)
	if err != nil {
		return nil, l.wrap(bare(err))
	}
	defer unlock()
	if l.book, err = readBook(path, newChain(opts.Key)); err != nil {
		return nil, l.wrap(err)
	}
	if opts.Pin != (Head{}) && !l.book.holds(opts.Pin) {
		return nil, l.wrap(&damage{fmt.Errorf("does not hold line %d as it was pinned: it was put "+
			"back, cut off or replaced", opts.Pin.N)})
	}
	return l, nil
}

func (l *Ledger) wrap(err error) error { return fmt.Errorf("ledger: %s: %w", l.path, err) }

// Terms are those the ledger was made with.
func (l *Ledger) Terms() Terms {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.book.terms
}

// current locks the file and reads what is new in it. The caller unlocks.
func (l *Ledger) current(ctx context.Context) (unlock func(), err error) {
	if unlock, err = filelock.Lock(ctx, l.path); err != nil {
		return nil, l.wrap(bare(err))
	}
	b, err := l.book.refresh(l.path)
	if err != nil {
		unlock()
		return nil, l.wrap(err)
	}
	l.book = b
	return unlock, nil
}

// Statement reads what is new in the file and returns all of it.
func (l *Ledger) Statement(ctx context.Context) (*Statement, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	unlock, err := l.current(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return l.book.statement(), nil
}

// Check says what Spend would and writes nothing.
func (l *Ledger) Check(ctx context.Context, charges ...budget.Charge) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	unlock, err := l.current(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return l.afford(charges)
}

func (l *Ledger) afford(charges []budget.Charge) error {
	if err := l.book.filter.Check(charges...); err != nil {
		return l.wrap(err)
	}
	return nil
}

// Holds says whether the file holds a line, as Spend returned it: not if the
// file was removed, replaced or put back meanwhile.
func (l *Ledger) Holds(ctx context.Context, h Head) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	unlock, err := l.current(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if !l.book.holds(h) {
		return l.wrap(&damage{fmt.Errorf("does not hold line %d as it was written", h.N)})
	}
	return nil
}

// Spend takes the cost of all charges, of which there must be one, or of none
// where they do not all fit; then the error names the first that does not and
// matches budget.ErrExhausted. When it returns nil the charges are on the disk,
// under the number and hash returned. After any other error they may have been
// taken, and nothing may be released.
func (l *Ledger) Spend(ctx context.Context, charges ...budget.Charge) (Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	unlock, err := l.current(ctx)
	if err != nil {
		return Head{}, err
	}
	defer unlock()
	if len(charges) == 0 {
		return Head{}, l.wrap(errors.New("no charge"))
	}
	if err := l.afford(charges); err != nil {
		return Head{}, err
	}
	text, err := l.book.next(l.by, charges)
	if err != nil {
		return Head{}, l.wrap(err)
	}
	if err := l.book.append(l.path, text); err != nil {
		return Head{}, l.wrap(err)
	}
	return l.book.head(), nil
}

// next is the text of the next line.
func (b *book) next(by string, charges []budget.Charge) ([]byte, error) {
	l := line{
		N:    len(b.entries) + 1,
		Time: time.Now().UTC().Format(time.RFC3339),
		By:   by,
		Prev: b.head().Hash,
	}
	for _, c := range charges {
		// Names come from names of columns, which may be anything.
		name := strings.ToValidUTF8(c.Name, "\uFFFD")
		l.Charges = append(l.Charges, charge{Name: name, cost: cost(c.Cost)})
	}
	if len(b.tail) > 0 {
		l.Torn = &torn{Bytes: len(b.tail), Hash: chain{}.hash(b.tail)}
	}
	text, _, err := b.chain.seal(l)
	if err == nil && len(text) > maxLine {
		err = fmt.Errorf("%d charges at once are too many for a line", len(charges))
	}
	return text, err
}

// append writes a line behind the complete ones and takes it in once it is on
// the disk. Where that fails it tries to leave the file as it was; if it cannot,
// what is left is an incomplete line, or a complete one that counts.
func (b *book) append(path string, text []byte) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return bare(err)
	}
	defer func() { err = errors.Join(err, bare(f.Close())) }()
	if info, err := f.Stat(); err != nil || !os.SameFile(info, b.file) {
		return errors.New("the file was replaced under its lock")
	}
	if len(b.tail) > 0 {
		if err := f.Truncate(b.size); err != nil {
			return bare(err)
		}
	}
	_, err = f.WriteAt(text, b.size)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(bare(err), bare(f.Truncate(b.size)))
	}
	b.tail = nil
	return b.take(text)
}
