package reid

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// asked are the tokens of a batch.
type asked struct {
	tokens []string // each once, in the order of their first row
	rows   []int    // the position of each row's token, -1 for null
	nulls  int
}

// tokensOf reads an array of tokens.
func tokensOf(a arrow.Array) (*asked, error) {
	at, err := reader(a)
	if err != nil {
		return nil, err
	}
	q := &asked{rows: make([]int, a.Len())}
	seen := map[string]int{}
	for row := range q.rows {
		token, null := at(row)
		if null {
			q.rows[row] = -1
			q.nulls++
			continue
		}
		i, known := seen[token]
		if !known {
			i = len(q.tokens)
			seen[token] = i
			q.tokens = append(q.tokens, token)
		}
		q.rows[row] = i
	}
	return q, nil
}

// reader returns what reads a row of the array.
func reader(a arrow.Array) (func(row int) (token string, null bool), error) {
	plain := func(value func(int) string) func(int) (string, bool) {
		return func(row int) (string, bool) {
			if a.IsNull(row) {
				return "", true
			}
			return value(row), false
		}
	}
	switch a := a.(type) {
	case *array.String:
		return plain(a.Value), nil
	case *array.LargeString:
		return plain(a.Value), nil
	case *array.Binary:
		return plain(func(row int) string { return string(a.Value(row)) }), nil
	case *array.LargeBinary:
		return plain(func(row int) string { return string(a.Value(row)) }), nil
	case *array.FixedSizeBinary:
		return plain(func(row int) string { return string(a.Value(row)) }), nil
	case *array.Null:
		return plain(nil), nil
	case *array.Dictionary:
		entries := a.Dictionary()
		at, err := reader(entries)
		if err != nil {
			return nil, err
		}
		return func(row int) (string, bool) {
			if a.IsNull(row) {
				return "", true
			}
			if i := a.GetValueIndex(row); i < entries.Len() {
				return at(i)
			}
			return "", false // an index out of range, which opens to nothing
		}, nil
	}
	return nil, fmt.Errorf("%s holds no tokens, want utf8, binary or a dictionary of them",
		a.DataType())
}
