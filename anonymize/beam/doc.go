// Package beam carries out a policy on a table in many files with Apache Beam,
// on the machines of whatever runner the pipeline is submitted to: Flink,
// Dataflow, Spark, or Prism on one's own.
//
// Anonymize is the whole of it. It is made of the stages of package anonymize:
//
//	files ─► Shards ─► Count ─► Solve ─┬─► Apply ─► Release
//	            └──────────────────────┘
//
// A shard is a row group of a Parquet file, or a whole file of another format.
// Counting makes of a shard one element, the counts of its combinations of
// quasi-identifiers: no element is ever a row. One worker merges them and finds
// the plan, and holds in memory what the counts of the whole table are. Each
// shard then becomes one file, under a hidden name, and only when all of them
// together satisfy the policy are they given their names and a file _SUCCESS
// put beside them.
//
// The queries of a policy with statistics have stages beside these:
//
//	Shards ─► Query ─► Tallies ─► Answer
//
// Of a row group Query keeps a bounded sample of the rows of each person, as one
// element for each part of the people; Tallies merges a part of all row groups, where
// the bound holds for all shards together, and sums it up; Answer merges the sums on
// one worker, pays from the ledger once, draws the noise and writes the answers.
// Statistics is these by themselves, and Anonymize has Answer follow the release of
// the table.
// Pseudonymize is for policies without quasi-identifiers, which need no counts.
//
// The plan and the rows are those that a single anonymize.Pipeline would give,
// whatever the runner and the number of workers. What goes between workers is
// confidential: counts hold values of the table, plans rare ones, what is kept
// for queries rows of people, and tallies exact numbers. Encrypt what the runner
// stores and sends.
//
// All workers have to see the same files under the same paths: the policy, the
// key files, the ledger, the input and the folder of the output. A program that submits a
// pipeline calls beam.Init first, as all programs of Apache Beam do.
package beam
