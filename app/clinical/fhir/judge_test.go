//go:build !peers

package fhir_test

import "testing"

// judge asks nobody: `make test-peers` does.
func judge(*testing.T, []byte) {}
