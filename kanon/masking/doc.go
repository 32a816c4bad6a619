// Package masking holds the masking methods of statistical disclosure control
// that change or rearrange values instead of generalizing them.
//
//   - Microaggregation replaces numbers by the means of classes of at least K
//     rows: every combination of them then occurs K times.
//   - RankSwap exchanges each number with one of near rank.
//   - PRAM changes categories at random by a published transition matrix.
//   - Anatomy separates the sensitive column from the others.
//
// Top and bottom coding is anonymize.Clamp; generalization is package kanon.
//
// # What they do not promise
//
// Only Microaggregation makes rows indistinguishable, in its own columns and
// counting rows: the rows of one person are not put into different classes.
// RankSwap and PRAM leave most values near to or at what they were; they make
// an attacker uncertain and prove nothing, and their protection must not rest
// on keeping the parameters secret. Anatomy publishes quasi-identifiers as they
// are: who is in the table, and each person's row but for the sensitive value,
// is disclosed. None of them is differential privacy.
//
// The methods work on whole tables in memory and are safe for concurrent use.
// Their results carry no metadata of the input's schema.
package masking
