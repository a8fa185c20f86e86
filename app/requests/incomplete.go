package requests

import "github.com/google/uuid"

// Incomplete is what somebody had answered before they left: a call that ended early, above all. It is kept with the
// callback request that it became, for staff to read, and decides nothing.
type Incomplete struct {
	Kind    string             `json:"kind,omitempty"` // of the request that was begun; empty when none was chosen
	Answers []IncompleteAnswer `json:"answers,omitempty"`
}

// IncompleteAnswer is one question that was asked, and what was said.
type IncompleteAnswer struct {
	Question string   `json:"question"`
	Answers  []string `json:"answers,omitempty"`
	// Recording is what was spoken in place of words; zero for none.
	Recording uuid.UUID `json:"recording,omitzero"`
}
