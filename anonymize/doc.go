// Package anonymize runs the whole of a de-identification: it reads a table,
// gives every column a role, minimizes it row by row, replaces identifiers by
// keyed tokens, answers differentially private queries on the way, generalizes
// the quasi-identifiers until the privacy models hold, checks what it wrote
// with independent code and reports what was done.
//
// Call [ReadPolicy] and [New] first, then [Pipeline.Run]. Files are sources
// and sinks of package tableio.
//
// # A table of any size, on many machines
//
// [Pipeline.Run] is made of stages that may run apart, on shards of a table:
// [Pipeline.Count] makes of each shard what is to be known of it,
// [Pipeline.Solve] one plan of the counts of all, [Pipeline.Apply] a part of the
// output of each shard, and [Pipeline.Check] is the verdict on all parts. The
// plan and the rows are those of Run. The command has the same stages, with
// files between them.
//
// What is held: Count and Apply hold some batches, the distinct values of the
// quasi-identifiers and, Count only, their distinct combinations, at 40
// to 60 bytes each, or as many as [RunOptions].Memory allows, with the others in
// sorted files. Solve holds the combinations twice over, or raises levels until
// they fit. Nobody holds rows. The plan has the combinations that are kept,
// which are at most a k-th of the rows; with a unit, whoever counts holds each
// person once, at 8 bytes for each combination that they have.
//
// What it costs, measured on 3 million rows of five columns in Parquet, three
// of them quasi-identifiers with a million combinations and one pseudonymized,
// in CPU of a shared machine (2026): Count 0.54 µs a row, Apply 0.56 µs, Check
// 0.16 µs, Solve 0.11 µs a combination and shard; a file of counts 3 bytes a
// combination, the plan 12 bytes a class that is kept. A billion rows, simulated
// by the counts of one shard 334 times over, are thus 9, 9 and 3 minutes of CPU for
// Count, Apply and Check. The first two divide by the number of machines; between
// them one machine reads 1 GB of counts, works on them for 38 seconds of CPU in
// 270 MB, and sends a plan of 12 MB to each, as all of the million combinations
// are kept. Check reads all parts in one place.
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
