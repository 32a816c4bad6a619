package pseudonym

import (
	"context"
	"errors"
	"fmt"
)

// Rekeyed is what [RekeyCrosswalk] has done.
type Rekeyed struct {
	// Moved is how many rows are stored under the primary key now.
	Moved int
	// Left is how many are still stored under others: rows of other fields
	// than those given, or damaged ones.
	Left int
}

// moveAtOnce is how many rows are moved in one step.
const moveAtOnce = 4096

// RekeyCrosswalk stores the rows that the given fields have in a table under
// older keys of kr anew under its primary key. Tokens stay as they are. After a
// rotation a table needs the old keys for as long as it has rows under them:
// once Left is zero they can be disabled. Rows are moved some thousand at a time:
// a crash, or a ctx that is done, leaves each under its old key or the new one,
// and the next call goes on. Others may use the table meanwhile, under a keyring
// that has both keys.
func RekeyCrosswalk(ctx context.Context, kr *Keyring, table CrosswalkTable, fields ...Field) (
	Rekeyed, error) {
	var done Rekeyed
	var errs []error
	if kr == nil || kr.derive == nil {
		errs = append(errs, errNoKeyring)
	}
	if table == nil {
		errs = append(errs, errNoTable)
	}
	if len(fields) == 0 {
		errs = append(errs, errors.New("no fields"))
	}
	for i, f := range fields {
		for _, err := range f.check() {
			errs = append(errs, fmt.Errorf("field %d of %d: %w", i+1, len(fields), err))
		}
	}
	if len(errs) > 0 {
		return done, join(errs)
	}
	var books []*book
	for _, f := range fields {
		b, err := Crosswalk{Table: table}.book(kr, f)
		if err != nil {
			return done, fmt.Errorf("pseudonym: %w", err)
		}
		books = append(books, b)
	}
	for _, id := range kr.enabled()[1:] {
		if err := rekey(ctx, table, books, id, &done); err != nil {
			return done, fmt.Errorf("pseudonym: rekey: %w", err)
		}
	}
	return done, nil
}

// rekey moves the rows under one key.
func rekey(ctx context.Context, table CrosswalkTable, books []*book, id uint32,
	done *Rekeyed) error {
	ids := books[0].ids
	for from := (RowKey{KeyID: id}); ; {
		rows, err := table.Rows(ctx, ids, from, moveAtOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		var moves []CrosswalkMove
		for _, row := range rows {
			left := true
			for _, b := range books {
				if m, ok := b.move(row); ok {
					moves, left = append(moves, m), false
					break
				}
			}
			if left {
				done.Left++
			}
		}
		if len(moves) > 0 {
			n, err := table.Move(ctx, ids, moves)
			if err != nil {
				return err
			}
			done.Moved += n
		}
		var more bool
		if from, more = rows[len(rows)-1].Key.next(); !more {
			return nil
		}
	}
}

// next returns the key with the next greater hash, unless there is none.
func (k RowKey) next() (RowKey, bool) {
	for i := len(k.Hash) - 1; i >= 0; i-- {
		if k.Hash[i]++; k.Hash[i] != 0 {
			return k, true
		}
	}
	return k, false
}

// move returns how a row is stored under the primary key, if it is a row of this
// field.
func (b *book) move(row StoredRow) (CrosswalkMove, bool) {
	t, value, err := b.unseal(row.Key, row.Sealed)
	if err != nil {
		return CrosswalkMove{}, false
	}
	var old *page
	for i := range b.pages {
		if b.pages[i].id == row.Key.KeyID {
			old = &b.pages[i]
		}
	}
	first := &b.pages[0]
	key := first.key(first.values, value)
	plain := appendRow(nil, t, value)
	defer clear(plain)
	return CrosswalkMove{Old: row.Key, OldToken: old.key(old.tokens, t[:]), New: CrosswalkRow{
		Keys:   []RowKey{key},
		Token:  first.key(first.tokens, t[:]),
		Sealed: first.seal(nil, plain, key.Hash[:]),
	}}, true
}
