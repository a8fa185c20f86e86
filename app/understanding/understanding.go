// Package understanding turns what a person says in their own words into a proposal: the kind of request that they may mean,
// and answers that they may have given already. It is opt-in for each organisation, and off until somebody turns it on: first
// in the shadow, where it listens beside the rules and is only compared with what people choose themselves; then on, once
// enough agreement was seen there and for the kinds that earned it.
//
// A proposal is put to the person, who confirms or refuses it: nothing here is ever done by itself. It never sets an urgency
// and never answers a safety question. The rules that find emergencies (catalogue.Screen) run first and apart from any model,
// and a model that is late, fails or says what the catalogue does not hold is as if there were none: the menus remain.
//
// Words come from channels and are kept nowhere. What is kept of a use are codes: model, version, confidence, what was
// proposed and what was chosen. Words go to another machine only through a model that says so, and without numbers, names,
// dates and addresses unless the organisation agreed to that. Models are adapters below (local, openai); a store keeps the rest.
package understanding

import (
	"context"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/nhs"
)

// Text is what a person said or wrote.
type Text struct {
	Words    string
	Language string   // BCP 47: en, cy
	Today    nhs.Date // for "next Tuesday"
}

// Model understands words, well or badly: what it says is checked against the catalogue by whoever asks it.
type Model interface {
	// Understand proposes a kind and answers. No kind means that it does not know. It gives up when ctx is done.
	Understand(ctx context.Context, t Text) (Proposal, error)
	// About says which model answers.
	About() About
}

// About names a model as records do.
type About struct {
	// Name is what a setting chooses it by: local, endpoint.
	Name string
	// Model and Version tell one from the next. When either changes, agreement has to be seen anew.
	Model, Version string
	// Outside is true when words leave this process for another machine.
	Outside bool
}

// Proposal is what a person may have meant. They confirm it, or it counts for nothing.
type Proposal struct {
	// Use is the record of this proposal, for Service.Chose. Models leave it out.
	Use uuid.UUID
	// Kind is a code of the catalogue; empty when nothing is proposed.
	Kind string
	// Answers hold nothing that the Questionnaire of Kind would refuse, and never an answer to a safety question. They are
	// shown to the person as they come to each question, and are answers only when the person says so.
	Answers catalogue.Answers
	// Confidence is the chance that Kind is right, 0 to 1, as far as the model is calibrated.
	Confidence     float64
	Model, Version string
	// Crisis is true of an Emergency that is a mental-health crisis alone.
	Crisis bool
}

// Outcome is what became of one attempt to understand.
type Outcome string

const (
	Proposed  Outcome = "proposed"  // put the proposal to the person
	Unsure    Outcome = "unsure"    // nothing is proposed: ask by the menus
	Emergency Outcome = "emergency" // the rules found an emergency in the words: stop, 999. No model was asked
	Late      Outcome = "late"      // the model took too long: ask by the menus
	Failed    Outcome = "failed"    // the model failed, or said what cannot be: ask by the menus
	Off       Outcome = "off"       // nobody was asked: the organisation has not turned it on
)
