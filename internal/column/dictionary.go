package column

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// codeDictionary codes the entries that occur, once each, in the order in
// which rows meet them, and then the rows by their indices.
func (c *Coder) codeDictionary(
	d *array.Dictionary, codes []uint32, m *Memo, add bool,
) (missing int, err error) {
	if d.Len() == 0 {
		return 0, nil
	}
	// d.Dictionary would write to d, which others may be reading.
	dict := array.MakeFromData(d.Data().Dictionary())
	defer dict.Release()
	if dict.Len() > maxCodes {
		return 0, fmt.Errorf("a dictionary of more than %d entries", maxCodes)
	}
	m.start(dict.Len())
	// Indices of null rows are of no meaning and may be out of range.
	var valid arrow.Array
	if hasNulls(d) {
		valid = d
	}
	if !collect(d.Indices(), valid, m) {
		return 0, fmt.Errorf("a dictionary index is out of range")
	}
	if cap(m.found) < len(m.used) {
		m.found = make([]uint32, len(m.used))
	}
	found := m.found[:len(m.used)]
	missing, err = c.codeRows(dict, rows{list: m.used}, found, add)
	if err != nil {
		return 0, err
	}
	for i, e := range m.used {
		if e >= 0 {
			m.code[e] = found[i]
		}
	}
	spread(d.Indices(), valid, m.code, c.nullCode(), codes)
	if missing == 0 {
		return 0, nil
	}
	missing = 0
	for _, code := range codes {
		if code == None {
			missing++
		}
	}
	return missing, nil
}

// start forgets the last dictionary.
func (m *Memo) start(entries int) {
	m.size = entries
	m.epoch++
	if len(m.seen) < entries || m.epoch == 0 {
		m.seen, m.code, m.epoch = make([]uint32, entries), make([]uint32, entries), 1
	}
	m.used = m.used[:0]
}

type integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// collect lists in m.used the entries that occur, in order, and -1 at the
// first null. It reports whether all indices are in range.
func collect(indices, valid arrow.Array, m *Memo) bool {
	switch x := indices.(type) {
	case *array.Int8:
		return collectOf(x.Int8Values(), valid, m)
	case *array.Int16:
		return collectOf(x.Int16Values(), valid, m)
	case *array.Int32:
		return collectOf(x.Int32Values(), valid, m)
	case *array.Int64:
		return collectOf(x.Int64Values(), valid, m)
	case *array.Uint8:
		return collectOf(x.Uint8Values(), valid, m)
	case *array.Uint16:
		return collectOf(x.Uint16Values(), valid, m)
	case *array.Uint32:
		return collectOf(x.Uint32Values(), valid, m)
	case *array.Uint64:
		return collectOf(x.Uint64Values(), valid, m)
	}
	return false
}

func collectOf[T integer](indices []T, valid arrow.Array, m *Memo) bool {
	entries := uint64(m.size)
	null := false
	for i, x := range indices {
		if valid != nil && valid.IsNull(i) {
			if !null {
				null = true
				m.used = append(m.used, -1)
			}
			continue
		}
		e := uint64(x)
		if e >= entries {
			return false
		}
		if m.seen[e] != m.epoch {
			m.seen[e] = m.epoch
			m.used = append(m.used, int32(e))
		}
	}
	return true
}

func spread(indices, valid arrow.Array, code []uint32, null uint32, out []uint32) {
	switch x := indices.(type) {
	case *array.Int8:
		spreadOf(x.Int8Values(), valid, code, null, out)
	case *array.Int16:
		spreadOf(x.Int16Values(), valid, code, null, out)
	case *array.Int32:
		spreadOf(x.Int32Values(), valid, code, null, out)
	case *array.Int64:
		spreadOf(x.Int64Values(), valid, code, null, out)
	case *array.Uint8:
		spreadOf(x.Uint8Values(), valid, code, null, out)
	case *array.Uint16:
		spreadOf(x.Uint16Values(), valid, code, null, out)
	case *array.Uint32:
		spreadOf(x.Uint32Values(), valid, code, null, out)
	case *array.Uint64:
		spreadOf(x.Uint64Values(), valid, code, null, out)
	}
}

func spreadOf[T integer](indices []T, valid arrow.Array, code []uint32, null uint32, out []uint32) {
	if valid == nil {
		for i, x := range indices {
			out[i] = code[x]
		}
		return
	}
	for i, x := range indices {
		if valid.IsNull(i) {
			out[i] = null
		} else {
			out[i] = code[x]
		}
	}
}
