// Package local randomizes the columns of a table row by row, so that each cell
// is protected by itself, before anybody who is not trusted sees it: local
// differential privacy.
//
// Call [New] with the columns and what is done to each, and
// [Randomizer.Transform] for every batch. The estimators, such as
// [RandomizedResponse.Frequencies] and [Noise.Mean], then say what is true of
// the whole table, without bias and with a confidence interval:
//
//	smokes := local.RandomizedResponse{Epsilon: 1, Categories: []string{"no", "yes"}}
//	r, err := local.New(local.Column{Name: "smokes", Method: smokes})
//	safe, err := r.Transform(ctx, rec)
//	shares, err := smokes.Frequencies(0.05, safe.Column(0))
//
// # What is protected
//
// Whatever a cell holds, the probability of what is written in its place differs
// from that for any other content by a factor of at most e^ε, also for a null or
// a value outside the range. A row with several randomized columns is protected
// with the sum of their ε, as [Randomizer.Cost] says.
//
// # What is not promised
//
// Columns that are not randomized are as they were, and so is the number of
// rows. If they tell who a row is about, the cell beside them is protected and
// that there is a row is not.
//
// Every row costs its person anew. A person with ten rows of one value, or one
// value that is randomized and released ten times, is protected with ten times
// ε: the mean of the answers comes ever closer to the truth. So is a table that
// is read twice, since each Transform draws afresh; randomize once, keep what
// came out, and throw the truth away. Remembering one answer for each person and
// giving it every time (memoization) does not help where the truth changes: then
// the change of the answer tells of it.
//
// The error of [New] and the refusal of a value that is in no category tell
// nothing about randomness, but the latter tells that there is such a value;
// nothing is written then.
package local
