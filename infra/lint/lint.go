// Package lint holds the tests of the house itself: that each rule of who may import whom is enforced, and that what is
// committed keeps the habits that no linter knows. It has nothing to import.
package lint
