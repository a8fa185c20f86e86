// Package dmn reads decision models of OMG's Decision Model and Notation, versions 1.2 to 1.5, evaluates their decisions,
// and exchanges decision tables with the neighbourhood's policies.
//
// Parse refuses what is not plain XML of a sensible size before it looks at any of it: document types, entities and
// imports of other files. A Model is immutable; Evaluate is a pure function of it, the inputs and a moment. What DMN
// itself calls an error, such as two hits in a table of single hits, gives null with a reason. Import turns decision
// tables into a policy document and Export turns a policy into a model; what either side cannot say is refused with the
// table, row and cell. The package reads no file and no network: bytes come from the command line, and go there.
package dmn
