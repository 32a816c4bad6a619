// Package anonymize runs the whole of a de-identification: it reads a table,
// gives every column a role, minimizes it row by row, replaces identifiers by
// keyed tokens, answers differentially private queries on the way, generalizes
// the quasi-identifiers until the privacy models hold, checks what it wrote
// with independent code and reports what was done.
//
// Call [ReadPolicy] and [New] first, then [Pipeline.Run]. Files are sources
// and sinks of package tableio.
//
// # What is not promised
//
// A table that is k-anonymous hides a person among k. It does not hide what
// all k have in common, it does not protect against somebody who knows more
// than the columns named quasi-identifiers, and it says nothing of two
// releases of the same people taken together. Differentially private
// statistics taken on the way carry their own (ε, δ) statement; the table and
// the statistics together are not (ε, δ)-differentially private.
package anonymize
