// Package quality measures how much a released table still says, given the
// table it was made from and the hierarchies of its columns.
//
// Call Measure with the two tables. All statistics are scores from 0 to 1, of
// which 1 is the original table and 0 a table of which nothing is left. They
// say nothing of privacy, and none of them says how well a model trains on the
// table: compare releases of one table with them, not tables.
//
// The definitions are those of the literature as ARX implements them, whose
// values they reproduce, but for two defects: a table of one quasi-identifier
// is measured like others, and a label that no hierarchy has is refused and
// not counted as an exact value.
package quality
