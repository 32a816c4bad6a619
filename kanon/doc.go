// Package kanon generalizes the quasi-identifiers of a table until every
// combination of them that remains is shared by at least k rows, or k people
// where the column that says whose a row is is named.
//
// For a table in memory call [Apply]. A table that comes in batches, or in
// shards, takes the parts that Apply is made of:
//
//	a, err := kanon.New(kanon.Config{…})
//	counts, err := a.NewCounts(schema) // per shard
//	err = counts.Add(rec)              // every batch; then counts.Merge
//	plan, err := a.Solve(ctx, counts)
//	out, err := plan.Transform(ctx, rec) // every batch again
//	audit, err := kanon.Check(ctx, reader, …)
//
// Counts hold the distinct combinations and never the table. A plan is a pure
// function of what was counted: the same rows give the same plan, byte for
// byte, in any order, batching, sharding and encoding. The check shares no
// code with the search.
//
// [Global] recoding gives a column one level in all rows, and its optimum is
// found. [Local] recoding gives each combination of values labels of its own and
// loses a fraction of that; its plan lists every combination. What outgrows the
// memory that [Counts.SpillBeyond] allows goes to files, and is recoded in parts.
//
// # What is not promised
//
// k-anonymity hides a row among k as far as the columns named go. It does not
// hide what all k have in common, for which there are [AlphaK], [LDiversity],
// [TCloseness], [BetaLikeness] and [DeltaDisclosure] of the columns that they
// name, nor that somebody is in the table, for which there is [DeltaPresence];
// it does not protect against somebody who knows more columns, and it says
// nothing of two releases of one table taken together, for which there is
// [SafePub]. Counts and plans hold values of the table and rare combinations of
// them; they are as confidential as the table.
package kanon
