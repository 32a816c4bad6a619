package crosswalk

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/lethe-go/lethe/pseudonym"
)

var _ pseudonym.CrosswalkTable = (*Table)(nil)

// rowKeyBytes is the length of a stored pseudonym.RowKey.
const rowKeyBytes = 4 + 16

// Find returns the row under each of keys, nil where there is none; see
// [pseudonym.CrosswalkTable].
func (t *Table) Find(ctx context.Context, ids []uint32, keys []pseudonym.RowKey) (
	rows [][]byte, err error) {
	rows = make([][]byte, len(keys))
	order := sorted(len(keys), func(i int) *pseudonym.RowKey { return &keys[i] })
	err = t.view(ctx, func(tx *bolt.Tx) error {
		all := tx.Bucket(bucketRows)
		if err := known(all, ids); err != nil {
			return err
		}
		var b bucket
		for _, i := range order {
			b.turn(all, keys[i].KeyID)
			rows[i] = bytes.Clone(b.get(&keys[i].Hash))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Add stores new rows; see [pseudonym.CrosswalkTable].
func (t *Table) Add(ctx context.Context, ids []uint32, rows []pseudonym.CrosswalkRow) (
	kept [][]byte, err error) {
	for i := range rows {
		if len(rows[i].Keys) == 0 || len(rows[i].Sealed) == 0 {
			return nil, fmt.Errorf("%s: row %d has no key or no content", t, i)
		}
	}
	kept = make([][]byte, len(rows))
	err = t.update(ctx, func(tx *bolt.Tx) error {
		all := tx.Bucket(bucketRows)
		if err := known(all, ids); err != nil {
			return err
		}
		for i := range rows {
			for _, key := range rows[i].Keys {
				var b bucket
				b.turn(all, key.KeyID)
				if row := b.get(&key.Hash); row != nil {
					kept[i] = bytes.Clone(row)
					break
				}
			}
		}
		order := sorted(len(rows), func(i int) *pseudonym.RowKey { return &rows[i].Keys[0] })
		err := insert(all, order, kept, func(i int) (*pseudonym.RowKey, []byte) {
			return &rows[i].Keys[0], rows[i].Sealed
		})
		if err != nil {
			return err
		}
		order = sorted(len(rows), func(i int) *pseudonym.RowKey { return &rows[i].Token })
		tokens := tx.Bucket(bucketTokens)
		return insert(tokens, order, kept, func(i int) (*pseudonym.RowKey, []byte) {
			return &rows[i].Token, appendKey(nil, &rows[i].Keys[0])
		})
	})
	if err != nil {
		return nil, err
	}
	return kept, nil
}

// Resolve returns the row with a token; see [pseudonym.CrosswalkTable].
func (t *Table) Resolve(ctx context.Context, ids []uint32, token pseudonym.RowKey) (
	key pseudonym.RowKey, row []byte, err error) {
	err = t.view(ctx, func(tx *bolt.Tx) error {
		rows := tx.Bucket(bucketRows)
		if err := known(rows, ids); err != nil {
			return err
		}
		var tokens, found bucket
		tokens.turn(tx.Bucket(bucketTokens), token.KeyID)
		at := tokens.get(&token.Hash)
		if at == nil {
			return nil
		}
		if len(at) != rowKeyBytes {
			return errDamaged
		}
		key.KeyID = binary.BigEndian.Uint32(at)
		copy(key.Hash[:], at[4:])
		found.turn(rows, key.KeyID)
		if row = bytes.Clone(found.get(&key.Hash)); row == nil {
			return errDamaged
		}
		return nil
	})
	if err != nil {
		return pseudonym.RowKey{}, nil, err
	}
	return key, row, nil
}

// insert puts what entry returns for each i in order for which nothing was
// kept.
func insert(all *bolt.Bucket, order []int, kept [][]byte,
	entry func(i int) (*pseudonym.RowKey, []byte)) error {
	var b *bolt.Bucket
	var id uint32
	for _, i := range order {
		if kept[i] != nil {
			continue
		}
		key, value := entry(i)
		if b == nil || id != key.KeyID {
			var err error
			id = key.KeyID
			if b, err = all.CreateBucketIfNotExists(bucketName(id)); err != nil {
				return err
			}
		}
		if b.Get(key.Hash[:]) != nil {
			return errors.New("two rows of a batch have one key or one token")
		}
		if err := b.Put(key.Hash[:], value); err != nil {
			return err
		}
	}
	return nil
}

// known fails if there are rows under a key that is not among ids.
func known(rows *bolt.Bucket, ids []uint32) error {
	return rows.ForEachBucket(func(name []byte) error {
		if len(name) != 4 {
			return errDamaged
		}
		if id := binary.BigEndian.Uint32(name); !slices.Contains(ids, id) {
			return fmt.Errorf("has rows under key %d, which is disabled or not in the keyring; "+
				"enable it, or known values would get new tokens", id)
		}
		return nil
	})
}

// bucket is the part of one key of the keyring in one of the two indexes;
// without rows it is nil.
type bucket struct {
	*bolt.Bucket
	id    uint32
	valid bool
}

// turn changes to the part of a key.
func (b *bucket) turn(all *bolt.Bucket, id uint32) {
	if !b.valid || b.id != id {
		*b = bucket{all.Bucket(bucketName(id)), id, true}
	}
}

func (b *bucket) get(hash *[16]byte) []byte {
	if b.Bucket == nil {
		return nil
	}
	return b.Get(hash[:])
}

func bucketName(id uint32) []byte { return binary.BigEndian.AppendUint32(nil, id) }

func appendKey(dst []byte, key *pseudonym.RowKey) []byte {
	return append(binary.BigEndian.AppendUint32(dst, key.KeyID), key.Hash[:]...)
}

// sorted returns the positions of n keys in the order of the database, in which
// neighbours share a page.
func sorted(n int, key func(i int) *pseudonym.RowKey) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := key(i), key(j)
		if a.KeyID != b.KeyID {
			return int(int64(a.KeyID) - int64(b.KeyID))
		}
		return bytes.Compare(a.Hash[:], b.Hash[:])
	})
	return order
}
