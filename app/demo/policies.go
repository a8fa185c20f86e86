// Package demo is the demonstration: the neighbourhoods, people and policies that a first start is seeded with. All of it is
// made up; the seed is fixed, so that every first start is the same.
package demo

import _ "embed"

// Riverside is the live policy of the demonstration's first neighbourhood, in YAML.
//
//go:embed riverside.yaml
var Riverside []byte

// Hillside is that of the second: everything goes to the registered practice, by kind.
//
//go:embed hillside.yaml
var Hillside []byte
