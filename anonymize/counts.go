package anonymize

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/lethe-go/lethe/kanon"
)

// Counts are what a plan is solved from: the distinct combinations of
// quasi-identifiers of the rows of a table or of a shard, after the
// minimization, with their numbers. They are as confidential as the table.
//
// The zero value is of no rows and takes those of any policy. Counts are not
// safe for concurrent use; after an error they are of no use.
type Counts struct {
	head     countsHead
	rows     *kanon.Counts // nil without quasi-identifiers
	memory   int64
	spillDir string
}

// countsHead is what counts say of themselves.
type countsHead struct {
	Policy string  `json:"policy"`         // its SHA-256; empty of no rows
	Input  int64   `json:"input"`          // rows, before the minimization
	Keys   string  `json:"keys,omitempty"` // under which people have their tokens
	Fitted *Fitted `json:"fitted"`
}

// SpillBeyond bounds the memory of the combinations, see kanon.Counts.
func (c *Counts) SpillBeyond(bytes int64, dir string) error {
	c.memory, c.spillDir = bytes, dir
	if c.rows == nil {
		return nil
	}
	return c.rows.SpillBeyond(bytes, dir)
}

// Close frees the files of counts that outgrew their memory.
func (c *Counts) Close() error {
	if c.rows == nil {
		return nil
	}
	return c.rows.Close()
}

// Rows is how many rows of the input were counted, before the minimization.
func (c *Counts) Rows() int64 { return c.head.Input }

// Merge adds what was counted of another shard under the same policy, which it
// leaves as it is.
func (c *Counts) Merge(other *Counts) error {
	fresh, err := c.mergeHead(other.head)
	if err != nil {
		return err
	}
	if other.rows == nil {
		return nil
	}
	if !fresh {
		return c.rows.Merge(other.rows)
	}
	data, err := other.rows.MarshalBinary()
	if err != nil {
		return err
	}
	return c.readRows(bytes.NewReader(data))
}

// mergeHead adds the numbers of another shard; fresh says that this is the
// first.
func (c *Counts) mergeHead(o countsHead) (fresh bool, err error) {
	switch {
	case o.Policy == "":
		return false, errors.New("anonymize: counts of no rows cannot be merged")
	case c.head.Policy == "":
		fitted := *o.Fitted
		if fitted.Combinations != nil {
			fitted.Combinations = new(kanon.Fingerprint)
			fitted.Combinations.Merge(o.Fitted.Combinations)
		}
		c.head = countsHead{Policy: o.Policy, Input: o.Input, Keys: o.Keys, Fitted: &fitted}
		return true, nil
	case c.head.Policy != o.Policy:
		return false, errors.New("anonymize: counts under another policy cannot be merged; count again")
	case c.head.Fitted.Schema != o.Fitted.Schema:
		return false, errors.New("anonymize: counts of a table whose columns have other names or types " +
			"cannot be merged")
	case c.head.Keys != o.Keys:
		return false, errors.New("anonymize: counts under other keys cannot be merged, since one person " +
			"would count for two; count all shards under the same keys")
	}
	c.head.Input += o.Input
	c.head.Fitted.Rows += o.Fitted.Rows
	if f := c.head.Fitted.Combinations; f != nil {
		f.Merge(o.Fitted.Combinations)
	}
	return false, nil
}

func (c *Counts) readRows(r io.Reader) error {
	if c.rows == nil {
		c.rows = new(kanon.Counts)
		if c.memory > 0 {
			if err := c.rows.SpillBeyond(c.memory, c.spillDir); err != nil {
				return err
			}
		}
	}
	_, err := c.rows.ReadFrom(r)
	return err
}

// A file of counts is a line that says what it is, the head as JSON behind its
// length, the rows as package kanon writes them, and the SHA-256 of all that.
const countsMagic = "lethe counts 1\n"

// WriteTo writes the counts for another process to read. The bytes hold values
// of the table.
func (c *Counts) WriteTo(w io.Writer) (int64, error) {
	if c.head.Policy == "" {
		return 0, errors.New("anonymize: counts of no rows cannot be written")
	}
	out := &hashedWriter{w: w, h: sha256.New()}
	head, err := json.Marshal(c.head)
	if err != nil {
		return 0, fmt.Errorf("anonymize: counts: %w", err)
	}
	start := binary.AppendUvarint([]byte(countsMagic), uint64(len(head)))
	if _, err := out.Write(append(start, head...)); err != nil {
		return out.n, fmt.Errorf("anonymize: counts: %w", err)
	}
	if c.rows != nil {
		if _, err := c.rows.WriteTo(out); err != nil {
			return out.n, err
		}
	}
	if _, err := out.Write(out.h.Sum(nil)); err != nil {
		return out.n, fmt.Errorf("anonymize: counts: %w", err)
	}
	return out.n, nil
}

// ReadFrom merges the counts of a shard that WriteTo wrote.
func (c *Counts) ReadFrom(r io.Reader) (int64, error) {
	in := newSealedReader(r)
	err := c.readFrom(in)
	if err == nil {
		err = in.check()
	}
	return in.n, err
}

// maxCountsHead bounds the head, which is some kilobytes.
const maxCountsHead = 1 << 20

func (c *Counts) readFrom(in *sealedReader) error {
	bad := errors.New("anonymize: not a file of counts, or a damaged one")
	r := bufio.NewReader(in)
	magic := make([]byte, len(countsMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != countsMagic {
		return bad
	}
	n, err := binary.ReadUvarint(r)
	if err != nil || n > maxCountsHead {
		return bad
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return bad
	}
	var head countsHead
	if json.Unmarshal(text, &head) != nil || head.Policy == "" || head.Fitted == nil ||
		head.Input < 0 || head.Fitted.Rows < 0 || head.Fitted.Rows > head.Input {
		return bad
	}
	if _, err := c.mergeHead(head); err != nil {
		return err
	}
	if head.Fitted.Combinations == nil {
		if _, err := r.ReadByte(); err != io.EOF {
			return bad
		}
		return nil
	}
	return c.readRows(r)
}

type hashedWriter struct {
	w io.Writer
	h hash.Hash
	n int64
}

func (h *hashedWriter) Write(p []byte) (int, error) {
	n, err := h.w.Write(p)
	h.h.Write(p[:n])
	h.n += int64(n)
	return n, err
}

// sealedReader reads all but the hash at the end.
type sealedReader struct {
	r *bufio.Reader
	h hash.Hash
	n int64
}

func newSealedReader(r io.Reader) *sealedReader {
	return &sealedReader{r: bufio.NewReaderSize(r, 1<<16), h: sha256.New()}
}

func (s *sealedReader) Read(p []byte) (int, error) {
	ahead, err := s.r.Peek(min(len(p), s.r.Size()-sha256.Size) + sha256.Size)
	n := len(ahead) - sha256.Size
	if n <= 0 {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.EOF
		}
		return 0, err
	}
	n, err = s.r.Read(p[:n])
	s.h.Write(p[:n])
	s.n += int64(n)
	return n, err
}

// check compares the hash once everything was read.
func (s *sealedReader) check() error {
	sum := make([]byte, sha256.Size)
	n, err := io.ReadFull(s.r, sum)
	s.n += int64(n)
	if err != nil || !bytes.Equal(sum, s.h.Sum(nil)) {
		return errors.New("anonymize: a file of counts is damaged: its hash does not match")
	}
	return nil
}
