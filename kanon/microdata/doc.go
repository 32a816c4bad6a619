// Package microdata holds the masking methods of statistical offices that
// change the values of a table instead of generalizing them: microaggregation,
// rank swapping, post-randomization (PRAM) and Anatomy. Each is a plain struct
// whose Apply returns a new table and an account of what was done.
//
// # What is not promised
//
// Only microaggregation of all quasi-identifiers together gives k-anonymity,
// which hides a row among k as far as those columns go. Rank swapping and PRAM
// give no guarantee about any row: they make a match uncertain, by an amount
// that depends on what the attacker knows, and their parameters are not
// secrets. Anatomy publishes quasi-identifiers as they are, and hides only
// which value of a sensitive column belongs to a row of a group. None of them
// bounds what two releases say together.
//
// Top and bottom coding are in package anonymize, as the clamp of a policy.
package microdata
