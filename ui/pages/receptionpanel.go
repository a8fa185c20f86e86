package pages

import (
	"onedoor/ui/components"
	"onedoor/ui/locales"
)

// RequestPanel is one request, with all that can be done about it now.
type RequestPanel struct {
	Reference string
	Spaced    string
	Version   int
	Href      string // of this request beside its list
	Back      string // of the list alone
	Context   Context
	Focus     bool // it was just opened or changed by this person: the heading takes the focus

	Name    string
	Facts   []Fact // born, sex, NHS number
	Kind    string
	Urgency Label
	Status  Label
	Due     Due
	// Standing says who is accountable, who works on it, and what it waits for.
	Standing []string

	Done     string // what this person has just done
	Changed  string // why what they asked was not done
	Problems []components.Problem

	// Task is what is to be done of which nobody asked; empty for a request. Held is why nothing is sent about this person.
	Task, Held string
	// National is what the national registers say, and Trace asks them; nil when this person may not.
	National []Fact
	Trace    *Command

	Commands []Command // one click each; the first is what is to be done next
	Outcome  *OutcomeForm
	More     []MoreForm // what is done less often, each folded away

	Because []string
	Rule    string
	Policy  string // the version that decided
	Explain string // where the whole explanation is
	// Misrouted are those who said that it was sent to the wrong place; Misroute lets this person say so.
	Misrouted []TimelineLine
	Misroute  *MoreForm

	Appointments []Fact // what was done with appointments, the oldest first
	Book         string // where one is found and booked; empty where that is not to be had

	Answers    []Fact
	Begun      *Begun // what was answered before a call was cut off; nil for a whole request
	Recordings []RecordingLine
	Patient    []Fact
	Result     []Fact // the outcome that was recorded, or why it was closed without
	Deliveries []DeliveryLine
	Timeline   []TimelineLine
	Readers    []TimelineLine
}

// Fact is something known under a name. Several values are several paragraphs.
type Fact struct {
	Key    string
	Values []string
	// Quoted values are a person's own words.
	Quoted bool
	// Raised values are a reason for haste.
	Raised bool
}

// Command is a button.
type Command struct {
	Text, Action string
	Hint         string // what pressing it does, where the word alone does not say
	Primary      bool
	Key          string // its name in the registry of keys
}

// OutcomeForm records what was done for the patient.
type OutcomeForm struct {
	Action   string
	Outcomes []components.Option
	Note     string
	Says     string // where it is sent
	// Practice is the patient's own, where another organisation answers; Urgent is what it is asked to do soon.
	Practice, Urgent string
}

// MoreForm is a command that needs something to be said.
type MoreForm struct {
	ID      string // and the prefix of its controls' ids
	Summary string
	Hint    string
	Action  string
	Open    bool
	Button  string
	Warning bool
	Select  *components.Select
	Radios  *components.Choice
	Reason  components.Field
	Key     string
}

// DeliveryLine is an outcome on its way to one clinical system.
type DeliveryLine struct {
	Organisation string
	Purpose      string
	State        Label
	Says         string
	Why          string // it needs attention, or is tried again
	At           string
}

// TimelineLine is one thing that happened.
type TimelineLine struct {
	At, Stamp string // Stamp is RFC 3339
	Says      string
	Note      string
}

// Explanation is everything that a decision was taken by.
type Explanation struct {
	components.Page
	Reference  string
	Back       string
	Decided    string
	Stage      string
	Rule       string
	Because    []string
	Facts      []Fact
	Candidates []CandidateLine
	NearMisses []NearMissLine
	Load       []Fact   // how busy services were taken to be
	Told       []string // what the patient was told
	Versions   []Fact

	Version   int // of the request
	Context   Context
	Misrouted []TimelineLine
	Misroute  *MoreForm
}

// CandidateLine is a place that was considered.
type CandidateLine struct {
	Chosen bool
	Says   string
}

// NearMissLine is an earlier rule that failed on one fact.
type NearMissLine struct{ Rule, Says string }

func plain(s string) locales.Text { return locales.Plain(s) }

func facts(list []Fact) components.SummaryList {
	rows := make([]components.SummaryRow, len(list))
	for i, f := range list {
		rows[i] = components.SummaryRow{Key: plain(f.Key), Body: factValue(f)}
	}
	return components.SummaryList{Rows: rows}
}
