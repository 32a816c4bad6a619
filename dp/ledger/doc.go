// Package ledger keeps a privacy budget on disk, for all programs that release
// something about the same people.
//
// [Create] makes a ledger with the name of the data set, the column that tells
// its people apart, and the total that all releases together may cost; none of
// the three ever changes. [Open] opens it, and [Ledger.Spend] takes the cost of
// releases. A dp.Session that is given a ledger does that by itself:
//
//	book, err := ledger.Open(ctx, "patients.ledger", ledger.Options{By: "weekly report"})
//	session, err := dp.New(dp.Config{Ledger: book, Unit: dp.Unit{Column: "patient_id", MaxRows: 4}})
//
// # What is promised
//
// Spend returns nil only after its charges are in the file and on the disk. It
// refuses what would exceed the total. That holds for any number of goroutines
// and processes on one machine, wherever any of them is killed: each change is
// made under a lock of the system, by one write at the end of the file. Spend
// first reads what others have added.
//
// A line that is not complete, because the process was killed or the power
// failed, is not counted. That is sound: a line ends with a line feed and Spend
// returns after the file is synced, so that of an incomplete one it never has,
// and nothing was released. The next Spend removes it and notes its length and
// hash in its own line. A line that is complete counts, also if its process was
// killed before it could release anything; what is spent may so be more than
// what was released, and never less.
//
// # What is not promised
//
// The lines form a chain: each holds the hash of the one before and of itself.
// Without a key the chain tells what happened by accident or by a careless hand:
// a changed, removed, added or reordered line, unless the last ones are removed.
// Who can write the file can write another chain that is as good. With a key
// ([Options].Key) only who has it can add or change a line; who can write the
// file can still put back an older state of it, or cut off its last lines. Both
// are found by who has kept a [Head], the number and hash of a line, outside
// the file: [Options].Pin refuses a ledger that does not hold it. A report holds
// the head after its run.
//
// A lock of the system may mean nothing on a network file system. Where the
// system has none that ends with the process, as on Windows, a process that is
// killed leaves a file with the suffix .lock, which is to be removed by hand. A data set
// that is in two ledgers has two budgets. The ledger holds names of releases
// with the columns they are about, and no value of the table; who may read it
// is for the permissions of the file to say.
package ledger
