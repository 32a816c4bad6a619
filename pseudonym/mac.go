package pseudonym

import (
	"errors"
	"sync"

	"github.com/lethe-go/lethe/internal/hmac256"
)

// textBytes is room for the canonical text of any integer or date.
const textBytes = 32

// macs lends HMAC states of one sub-key to concurrent callers. As in a Keyring
// the key is in a closure.
type macs struct{ pool *sync.Pool }

func newMACs(key []byte) (macs, error) {
	first, err := hmac256.New(key)
	if err != nil {
		return macs{}, errors.New("HMAC-SHA256 cannot be set up")
	}
	p := macs{&sync.Pool{New: func() any {
		m, _ := hmac256.New(key) // as above
		return m
	}}}
	p.put(first)
	return p, nil
}

func (p macs) get() *hmac256.MAC  { return p.pool.Get().(*hmac256.MAC) }
func (p macs) put(m *hmac256.MAC) { p.pool.Put(m) }
