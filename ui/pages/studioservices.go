package pages

import "onedoor/ui/components"

// ServiceList is the services of a neighbourhood, or of the organisations that somebody works for.
type ServiceList struct {
	Studio
	Says    string // whose services these are, and who keeps them
	Groups  []ServiceGroup
	Empty   string // instead of groups
	History string
}

// ServiceGroup is one organisation's services.
type ServiceGroup struct {
	Organisation string
	Services     []ServiceRow
}

// ServiceRow is one service with how it stands now.
type ServiceRow struct {
	Name, Href string
	State      ServiceState
	Accepts    string
	Limit      string
	Switch     *ServiceSwitch // nil for who may not
}

// ServiceState says whether a service takes requests now.
type ServiceState struct {
	Label Label
	Says  string // until when, since when, by whom
}

// ServiceSwitch pauses a service or lets it go on: one button.
type ServiceSwitch struct {
	Action, Text string
	Hidden       string // which service, for those who hear the button alone
	From         string // list, when the list is to be shown again
	Warning      bool
}

// ServicePage is one service.
type ServicePage struct {
	Studio
	Organisation, Name string
	State              ServiceState
	Switch             *ServiceSwitch
	SwitchSays         string // what the button does
	Facts              []Fact
	Change             string // where it is changed; empty for who may not
	Back               string
	History            []DirectoryVersion
	AllHistory         string
}

// ServiceForm changes a service. Each control stands under the question that a person would ask.
type ServiceForm struct {
	Studio
	Organisation, Name string
	Action, Back       string
	BasedOn            string        // the version that was seen
	Changed            []ChangedLine // what somebody else has changed meanwhile
	ChangedBy          string

	NameField    components.Field
	Kinds        components.Choice
	Capabilities components.Field
	MinAge       components.Field
	MaxAge       components.Field
	Sex          components.Choice
	Registered   *components.Choice // nil where there is nobody to choose
	Always       components.Choice
	Days         []components.Field
	Dates        components.Field
	Open         components.Field
	Daily        components.Field
	Queue        components.Select
}

// ChangedLine is one part that somebody changed, from and to.
type ChangedLine struct{ What, From, To string }

// DirectoryHistory is the versions of a directory, newest first.
type DirectoryHistory struct {
	Studio
	Says, Back string
	Versions   []DirectoryVersion
}

// DirectoryVersion is one of them, with what it changed.
type DirectoryVersion struct {
	At, Stamp, By string
	Version       string
	Says          []string
}
