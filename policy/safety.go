package policy

import (
	_ "embed"
)

//go:embed safety.yaml
var safetyDocument []byte

// safety is never changed: it is the stage that this version of the product carries.
var safety = mustSafety()

func mustSafety() *Policy {
	p, err := ParseSafety(safetyDocument)
	if err != nil {
		panic("the embedded safety stage is tested, and yet: " + err.Error())
	}
	return p
}

// Safety is the platform's own stage, which runs before any neighbourhood's rules.
func Safety() *Policy { return safety }

// ParseSafety reads a version of the safety stage, so that a decision taken under an earlier one can be replayed.
func ParseSafety(document []byte) (*Policy, error) {
	return parse(document, platform, nil)
}
