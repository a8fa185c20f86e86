package operations

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"onedoor/app/clinical"
	"onedoor/app/integrations"
	"onedoor/app/wording"
	"onedoor/ui/pages"
)

// connectionState is how a connection stands, in a word and in a sentence.
func connectionState(x integrations.Connection) (pages.Label, string) {
	switch {
	case x.Paused:
		return pages.Label{Text: "Paused", Colour: "orange"}, "It is paused: what is for it waits here until somebody resumes it."
	case x.RecordOnly:
		return pages.Label{Text: "Only records", Colour: "yellow"}, "It sends to nobody. What it would send is kept, and each outcome waits for a person."
	case len(x.Uses) == 0:
		return pages.Label{Text: "Not used", Colour: "grey"}, "It is switched on for nothing."
	}
	return pages.Label{Text: "On", Colour: "green"}, "It is in use."
}

// connectionActs are what can be done by pressing a button.
func connectionActs(x integrations.Connection, at func(string) string) []pages.ConnectionAct {
	var acts []pages.ConnectionAct
	if x.Paused {
		acts = append(acts, pages.ConnectionAct{Text: "Resume", Says: "Let what waits go, in its order.", Action: at(integrationResumePath)})
	} else {
		acts = append(acts, pages.ConnectionAct{Text: "Pause", Says: "Send nothing for now. What is for this connection waits, and nothing is lost.", Action: at(integrationPausePath), Variant: "secondary"})
	}
	if x.RecordOnly {
		return append(acts, pages.ConnectionAct{Text: "Send for real", Says: "Send to the clinical system from now on. What was only recorded is replayed by a person.", Action: at(integrationSendPath), Variant: "warning"})
	}
	return append(acts, pages.ConnectionAct{Text: "Only record", Says: "Send to nobody, and keep what would have been sent, to look at it first.", Action: at(integrationRecordPath), Variant: "secondary"})
}

func connectionDone(code string) string {
	switch code {
	case "added":
		return "The connection is added, and paused. Set its credentials, test it, and resume it."
	case "changed":
		return "Saved. It holds from the next delivery on."
	case "paused":
		return "It is paused."
	case "resumed":
		return "It is resumed."
	case "recording":
		return "It only records from now on."
	case "sending":
		return "It sends from now on."
	case "test-passed":
		return "The test found nothing wrong."
	case "test-failed":
		return "The test found something wrong: see below."
	case "credential-set":
		return "The credential is set. It is not shown again."
	case "credential-removed":
		return "The credential is removed."
	}
	return ""
}

// setUp is what an administrator wrote.
func (w *Workspace) setUp(x integrations.Connection, d clinical.Description) []pages.ConnectionFact {
	facts := []pages.ConnectionFact{{Title: d.Address, Says: x.BaseURL}}
	for _, s := range d.Settings {
		value := x.Settings[s.Name]
		for _, o := range s.Options {
			if o.Value == value {
				value = o.Text
			}
		}
		if value != "" {
			facts = append(facts, pages.ConnectionFact{Title: s.Label, Says: value})
		}
	}
	return append(facts, pages.ConnectionFact{Title: "Used for", Says: w.usesWords(x.Uses)})
}

// steps are what came of a test.
func steps(t integrations.Test) []pages.ConnectionFact {
	titles := map[integrations.StepName]string{
		integrations.StepAddress: "Address", integrations.StepEncryption: "Encryption", integrations.StepCredential: "Credentials",
		integrations.StepCapabilities: "What it offers", integrations.StepSearch: "A question",
	}
	var list []pages.ConnectionFact
	for _, s := range t.Steps {
		state := pages.Label{Text: "Not tried", Colour: "grey"}
		switch s.State {
		case integrations.Passed:
			state = pages.Label{Text: "Passed", Colour: "green"}
		case integrations.Failed:
			state = pages.Label{Text: "Failed", Colour: "red"}
		case integrations.Skipped:
		}
		list = append(list, pages.ConnectionFact{Title: titles[s.Step], Says: s.Says, State: &state})
	}
	return list
}

// offers say of each thing that a system of the kind can have whether this one said that it has it.
func offers(x integrations.Connection, d clinical.Description, when string) (string, []pages.ConnectionFact) {
	if x.AskedAt.IsZero() {
		return "The system has not been asked yet: a test asks it.", nil
	}
	says := "As the system said " + when + "."
	if x.Offers.Software != "" {
		says = "As " + x.Offers.Software + " said " + when + "."
	}
	var list []pages.ConnectionFact
	for _, c := range d.Offers {
		fact := pages.ConnectionFact{Title: capabilityWords(c), Says: "What needs it is a person’s task.", State: &pages.Label{Text: "No", Colour: "grey"}}
		if slices.Contains(x.Offers.Offers, c) {
			fact.Says, fact.State = "", &pages.Label{Text: "Yes", Colour: "green"}
		}
		list = append(list, fact)
	}
	return says, list
}

func capabilityWords(c clinical.Capability) string {
	switch c {
	case clinical.FileOutcome:
		return "File an outcome"
	case clinical.ReadBack:
		return "Say whether something arrived"
	case clinical.FileRequest:
		return "Take a request as a task or referral"
	case clinical.RequestStatus:
		return "Say what became of that task"
	case clinical.Appointments:
		return "Tell somebody’s appointments"
	case clinical.FindSlots:
		return "Find free appointments"
	case clinical.BookAppointment:
		return "Book an appointment"
	case clinical.MoveAppointment:
		return "Change an appointment’s time"
	case clinical.CancelAppointment:
		return "Cancel an appointment"
	case clinical.AmendAppointment:
		return "Change an appointment’s reason"
	case clinical.FindPatient:
		return "Say whether it has somebody"
	case clinical.ListMedicines:
		return "Tell somebody’s repeat medicines"
	case clinical.AskMedicines:
		return "Take an order for repeat medicines"
	}
	return string(c)
}

// readable is a body as a person can read it: JSON indented, other text as it is, and what is no text by its size.
func readable(body []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, body, "", "  ") == nil {
		return b.String()
	}
	if utf8.Valid(body) {
		return string(body)
	}
	return "Not text: " + wording.Figure(len(body)) + " bytes."
}
