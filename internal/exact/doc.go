// Package exact samples discrete distributions without any error of rounding:
// the probability of every outcome is the real number that the definition
// says, not a floating-point neighbour of it. A privacy guarantee that rests on
// these samplers therefore needs no allowance for arithmetic.
//
// Parameters are rationals. Random choices are integer comparisons of uniform
// words with bounds that are proved in the comments; where a word cannot decide
// (about once in a thousand million) more digits are drawn and compared in
// big integers. Where an exponent has too many digits to be computed each time, a
// float64 with a proved error says which words decide; it never decides itself.
//
// Nothing here runs in constant time. The time taken depends on the noise
// drawn.
package exact
