package pseudonym

import "context"

// CrosswalkTable is where the rows of [Crosswalk] columns are kept. Package
// [github.com/lethe-go/lethe/pseudonym/crosswalk] has one in a file; a program
// may bring its own, on a database for example. It sees keyed hashes and
// sealed rows: it learns neither values nor tokens, only how many there are and
// when each is used. It must be safe for concurrent use.
//
// The ids in each call are those of the enabled keys of the keyring. The table
// must fail if it holds a row under any other key.
type CrosswalkTable interface {
	// Find returns the row under each of keys, nil where there is none.
	Find(ctx context.Context, ids []uint32, keys []RowKey) ([][]byte, error)
	// Add stores each row under the first of its keys and makes it findable
	// by its token, unless there is a row under any of its keys, which it then
	// returns in its place; the result has nil for rows that were stored. All
	// of this is one step: it happens whole, no other Add sees a part of it,
	// and it survives a crash from the moment in which Add returns. A token
	// that is known already is an error.
	Add(ctx context.Context, ids []uint32, rows []CrosswalkRow) ([][]byte, error)
	// Resolve returns the row with a token and the key under which it is
	// stored, or nil if there is none.
	Resolve(ctx context.Context, ids []uint32, token RowKey) (RowKey, []byte, error)
	// Rows returns at most n rows that are stored under the key of from, with
	// hashes from that of from on, in ascending order of their hashes.
	Rows(ctx context.Context, ids []uint32, from RowKey, n int) ([]StoredRow, error)
	// Move replaces rows, as one step that is like that of Add: each Old row and
	// its token give way to the New one. A move whose Old row is gone is left
	// out; a New row that is there already is an error. It returns how many
	// rows were moved. Of a key under which no row is left the table forgets
	// the id.
	Move(ctx context.Context, ids []uint32, moves []CrosswalkMove) (int, error)
}

// RowKey is the keyed hash of a value or a token, with the id of the key of
// the keyring under which it was made.
type RowKey struct {
	KeyID uint32
	Hash  [16]byte
}

// CrosswalkRow is a row to be stored; see [CrosswalkTable].
type CrosswalkRow struct {
	// Keys are where the row may be already: one for each enabled key of the
	// keyring, that of the primary first. None occurs in another row.
	Keys []RowKey
	// Token is the hash of the row's token.
	Token RowKey
	// Sealed is the encrypted row.
	Sealed []byte
}

// StoredRow is a row with the key under which it is stored.
type StoredRow struct {
	Key    RowKey
	Sealed []byte
}

// CrosswalkMove stores a row under another key; see [CrosswalkTable].
type CrosswalkMove struct {
	Old, OldToken RowKey
	New           CrosswalkRow // the first of its Keys is where it goes
}
