package pages

import (
	"onedoor/ui/components"
	"onedoor/ui/locales"
)

// Connections lists an organisation's ways into its clinical systems, and the kinds that can be added.
type Connections struct {
	Operations
	Name  string // whose
	Rows  []ConnectionRow
	Kinds []ConnectionKind
}

// ConnectionRow is one of them.
type ConnectionRow struct {
	Name, Href, Kind string
	State            Label
	Says             string // what it is switched on for
}

// ConnectionKind is a kind with what has to be known of it. Without an address to add one nothing can be set up.
type ConnectionKind struct {
	ID, Title, Says string
	State           *Label
	Add             string
	Questions       []ConnectionFact
	Needs           []string
}

// ConnectionFact is something said of a connection: a question and its answer, a part and how it stands.
type ConnectionFact struct {
	Title, Says string
	State       *Label
}

// ConnectionForm is what an administrator writes of a connection.
type ConnectionForm struct {
	Operations
	Name    string // whose
	Heading string
	Says    string
	Action  string
	Kind    string // of a new one
	Version int
	Inputs  []ConnectionInput
	Uses    []components.Choice
	Button  string
}

// ConnectionInput is one of two: a field, or a choice from a list.
type ConnectionInput struct {
	Field  *components.Field
	Select *components.Select
}

// Connection is one way into a clinical system, as it stands.
type Connection struct {
	Operations
	Organisation, Name, Kind string
	State                    Label
	Says                     string // what its state means
	Changed                  string
	Facts                    []ConnectionFact
	Change, Remove           string // addresses; empty where the person may not
	Acts                     []ConnectionAct
	Test                     string // address
	Tested                   string // when and by whom
	Steps                    []ConnectionFact
	Asked                    string // what was said of what the system offers, and when
	Offers                   []ConnectionFact
	Credentials              []ConnectionCredential
	Questions                []ConnectionFact
	Source                   string
	// ShowsRecorded says that the person may see what would have been sent.
	ShowsRecorded bool
	Recorded      []ConnectionRecorded
}

// ConnectionAct is something that can be done to it by pressing a button.
type ConnectionAct struct{ Text, Says, Action, Variant string }

// ConnectionCredential is one credential: whether it is set, and how to set it. What it is never comes here.
type ConnectionCredential struct {
	ID, Label, Hint, Set string
	PEM                  bool // several lines
	Action, Remove       string
	Error                locales.Text
}

// ConnectionRecorded is a call that would have been made.
type ConnectionRecorded struct{ When, Method, Href string }

// ConnectionCall is one such call, whole.
type ConnectionCall struct {
	Operations
	Name, When, Method, Path, Body string
	Headers                        []ConnectionFact
}

// ConnectionRemove asks whether it is to be removed.
type ConnectionRemove struct {
	Operations
	Organisation, Name, Action, Keep string
}

func (c ConnectionCredential) field() components.Field {
	f := components.Field{ID: c.ID, Name: "secret", Label: plain(c.Label), Hint: plain(c.Hint), Error: c.Error, Autocomplete: "off"}
	if !c.PEM {
		f.Type, f.Autocomplete = "password", "new-password"
	}
	return f
}
