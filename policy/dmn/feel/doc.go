// Package feel reads and evaluates FEEL, the Friendly Enough Expression Language of OMG's Decision Model and Notation
// 1.5, chapter 10: expressions and unary tests, over values that keep 34 decimal digits.
//
// Nothing in FEEL fails: what cannot be computed is null, and Run keeps the reasons. The package reads no file, no clock
// and no network; a Run carries the moment that now() and today() give, and a budget, so that no expression runs for
// ever. Texts come from package dmn, which finds them in decision models.
package feel
