package ledger

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lethe-go/lethe/dp/budget"
)

// format is the version of the file.
const format = 1

// The two kinds of chain.
const (
	plainChain = "sha256"
	keyedChain = "hmac-sha256"
)

// header is the first line of the file.
type header struct {
	Format  int    `json:"lethe_ledger"`
	Dataset string `json:"dataset"`
	Unit    string `json:"unit"`
	Total   cost   `json:"total"`
	Chain   string `json:"chain"`
	ID      string `json:"id"` // random, so that no line fits two ledgers
	Created string `json:"created"`
	Hash    string `json:"hash,omitempty"`
}

// line is any other.
type line struct {
	N       int      `json:"n"` // 1, 2, …
	Time    string   `json:"time"`
	By      string   `json:"by,omitempty"`
	Charges []charge `json:"charges"`
	Torn    *torn    `json:"torn,omitempty"`
	Prev    string   `json:"prev"`
	Hash    string   `json:"hash,omitempty"`
}

// charge is a budget.Charge.
type charge struct {
	Name string `json:"name"`
	cost
}

// cost is a budget.Cost, or a total, which has no RhoDelta.
type cost struct {
	Epsilon  float64 `json:"epsilon,omitempty"`
	Delta    float64 `json:"delta,omitempty"`
	Rho      float64 `json:"rho,omitempty"`
	RhoDelta float64 `json:"rho_delta,omitempty"`
	Gaussian bool    `json:"gaussian,omitempty"`
}

// torn is an incomplete line that was removed before this one was written.
type torn struct {
	Bytes int    `json:"bytes"`
	Hash  string `json:"sha256"`
}

// chain hashes lines.
type chain struct {
	kind string
	key  []byte
}

func newChain(key []byte) chain {
	if key == nil {
		return chain{kind: plainChain}
	}
	return chain{kind: keyedChain, key: bytes.Clone(key)}
}

func (c chain) hash(body []byte) string {
	if c.key == nil {
		sum := sha256.Sum256(body)
		return hex.EncodeToString(sum[:])
	}
	mac := hmac.New(sha256.New, c.key)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// seal is the text of a line, which must have no hash yet: a JSON object whose
// last member is the hash of all that is before it.
func (c chain) seal(v any) (text []byte, hash string, err error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, "", err
	}
	body := bytes.TrimSuffix(b.Bytes(), []byte("}\n"))
	hash = c.hash(body)
	return fmt.Appendf(bytes.Clone(body), ",\"hash\":%q}\n", hash), hash, nil
}

var (
	errForm = errors.New("is not in the form that a ledger has")
	errHash = errors.New("was changed: its hash is another")
)

// open decodes the text of a line into v, whose hash is at hash. It takes only
// the very bytes that seal makes, so that a person who reads the file sees what
// the program sees.
func (c chain) open(text []byte, v any, hash *string) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return errForm // the decoder's error may hold a value
	}
	had := *hash
	*hash = ""
	again, want, err := c.seal(v)
	if err != nil {
		return errForm
	}
	*hash = had
	if !hmac.Equal([]byte(had), []byte(want)) {
		return errHash
	}
	if !bytes.Equal(again, text) {
		return errForm
	}
	return nil
}

func (c cost) total() budget.Budget {
	return budget.Budget{Epsilon: c.Epsilon, Delta: c.Delta, Rho: c.Rho, Gaussian: c.Gaussian}
}

func (l *line) entry() (Entry, error) {
	at, err := time.Parse(time.RFC3339, l.Time)
	if err != nil {
		return Entry{}, errForm
	}
	e := Entry{N: l.N, Time: at.UTC(), By: l.By, Hash: l.Hash}
	for _, c := range l.Charges {
		e.Charges = append(e.Charges, budget.Charge{Name: c.Name, Cost: budget.Cost(c.cost)})
	}
	if l.Torn != nil {
		e.TornBytes = l.Torn.Bytes
	}
	return e, nil
}
