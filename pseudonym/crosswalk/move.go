package crosswalk

import (
	"bytes"
	"context"
	"errors"

	bolt "go.etcd.io/bbolt"

	"github.com/lethe-go/lethe/pseudonym"
)

// Rows lists rows; see [pseudonym.CrosswalkTable].
func (t *Table) Rows(ctx context.Context, ids []uint32, from pseudonym.RowKey, n int) (
	rows []pseudonym.StoredRow, err error) {
	err = t.view(ctx, func(tx *bolt.Tx) error {
		all := tx.Bucket(bucketRows)
		if err := known(all, ids); err != nil {
			return err
		}
		b := all.Bucket(bucketName(from.KeyID))
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for hash, sealed := c.Seek(from.Hash[:]); hash != nil && len(rows) < n; hash, sealed = c.Next() {
			if len(hash) != len(from.Hash) {
				return errDamaged
			}
			rows = append(rows, pseudonym.StoredRow{
				Key:    pseudonym.RowKey{KeyID: from.KeyID, Hash: [16]byte(hash)},
				Sealed: bytes.Clone(sealed)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Move stores rows under other keys; see [pseudonym.CrosswalkTable].
func (t *Table) Move(ctx context.Context, ids []uint32, moves []pseudonym.CrosswalkMove) (
	moved int, err error) {
	err = t.update(ctx, func(tx *bolt.Tx) error {
		moved = 0
		rows, tokens := tx.Bucket(bucketRows), tx.Bucket(bucketTokens)
		if err := known(rows, ids); err != nil {
			return err
		}
		gone := make([][]byte, len(moves)) // not nil: has been moved before
		for i := range moves {
			m := &moves[i]
			if len(m.New.Keys) == 0 || len(m.New.Sealed) == 0 {
				return errors.New("a row without a key or content")
			}
			found, err := remove(rows, &m.Old)
			if err != nil {
				return err
			}
			if !found {
				gone[i] = []byte{}
				continue
			}
			if found, err = remove(tokens, &m.OldToken); err != nil {
				return err
			} else if !found {
				return errDamaged
			}
			moved++
		}
		order := sorted(len(moves), func(i int) *pseudonym.RowKey { return &moves[i].New.Keys[0] })
		err := insert(rows, order, gone, func(i int) (*pseudonym.RowKey, []byte) {
			return &moves[i].New.Keys[0], moves[i].New.Sealed
		})
		if err != nil {
			return err
		}
		order = sorted(len(moves), func(i int) *pseudonym.RowKey { return &moves[i].New.Token })
		err = insert(tokens, order, gone, func(i int) (*pseudonym.RowKey, []byte) {
			return &moves[i].New.Token, appendKey(nil, &moves[i].New.Keys[0])
		})
		if err != nil {
			return err
		}
		for i := range moves {
			for _, all := range []*bolt.Bucket{rows, tokens} {
				if err := forget(all, moves[i].Old.KeyID); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return moved, nil
}

// remove deletes an entry and tells whether there was one.
func remove(all *bolt.Bucket, key *pseudonym.RowKey) (bool, error) {
	b := all.Bucket(bucketName(key.KeyID))
	if b == nil || b.Get(key.Hash[:]) == nil {
		return false, nil
	}
	return true, b.Delete(key.Hash[:])
}

// forget deletes the part of a key if it is empty.
func forget(all *bolt.Bucket, id uint32) error {
	name := bucketName(id)
	b := all.Bucket(name)
	if b == nil {
		return nil
	}
	if first, _ := b.Cursor().First(); first != nil {
		return nil
	}
	return all.DeleteBucket(name)
}
