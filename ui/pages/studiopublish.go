package pages

import "onedoor/ui/components"

// PublishPage is all that a lead looks at before a draft is put into force.
type PublishPage struct {
	Studio
	Open       bool   // nothing is in the way but reasons
	Against    string // the version that it is compared with, and would replace
	Difference DifferenceList
	Replay     ReplayBox
	Cases      CaseState
	Review     *ReviewBox // nil where no second person is asked for
	Blocks     []string
	Form       *PublishForm // nil for those who may not
}

// DifferenceList is what changes between two versions, in words.
type DifferenceList struct {
	Says     string // how many, or that nothing does
	Regions  []RegionLine
	Complete bool
	More     string // where the list is longer than is shown
}

// RegionLine is requests that one version decides otherwise than another.
type RegionLine struct {
	Who      string // sore throat, age 5 to 17
	From, To string
	Until    string // when it holds, where that is not always
	Example  string
	Requests string
}

// ReplayBox is what would have happened to past requests.
type ReplayBox struct {
	Says    string
	Figures []RunFigure
	Href    string // where a lead looks closer
}

// CaseState is how the stored cases stand.
type CaseState struct {
	Says     string
	Failures []StudioLink
	Href     string
}

// ReviewBox is what a second person says.
type ReviewBox struct {
	State  Label
	Says   string
	Action string // where it is said; empty for who may not
	Why    string // why this person may not
	ETag   string
	Note   components.Field
}

// PublishForm puts a draft into force.
type PublishForm struct {
	Action  string
	Hidden  []Hidden
	Reasons []components.Field
	When    components.Choice
	Date    components.DateInput
	Time    components.Field
	Note    components.Field
}

// PublishedPage says that a draft is in force, or from when it is.
type PublishedPage struct {
	Studio
	Heading, Says string
	Facts         []Fact
	Links         []StudioLink
}

// VersionList is the history of a neighbourhood's rules.
type VersionList struct {
	Studio
	Says, Empty string
	Versions    []VersionRow
	Second      *StudioSwitch // whether a second person is asked for; nil for who may not say
}

// VersionRow is one version.
type VersionRow struct {
	From, Href string
	State      Label
	By, At     string
	Note       string
	Short      string // of its hash
	Second     string // restored from, withdrawn by
}

// VersionPage is one version, with what is done about it.
type VersionPage struct {
	Studio
	Heading    string
	State      Label
	Facts      []Fact
	Reasons    []ReasonLine
	Difference *DifferenceList
	Compared   string // with which version
	Rules      string // where its rules are read
	Restore    string // where it is put into force again; empty where it cannot be
	Withdraw   string // where it is taken back; empty where it cannot be
}

// ReasonLine is what was written about a finding.
type ReasonLine struct{ Finding, Reason string }

// VersionConfirm asks for a note before a version is restored or withdrawn.
type VersionConfirm struct {
	Studio
	Heading, Says string
	Facts         []Fact
	Difference    *DifferenceList
	Action, Back  string
	Button        string
	Warning       bool
	Note          components.Field
}

// ShadowPage is what a draft that is tried on live requests would have done otherwise.
type ShadowPage struct {
	Studio
	Says    string
	Problem string
	Facts   []Fact
	Rows    []MoveRow
	Earlier []string // of texts that the draft had before
	Switch  *StudioSwitch
}

// StudioSwitch turns something on or off: one button.
type StudioSwitch struct{ Action, Name, Value, Text, Hint string }
