package pages

import (
	"onedoor/ui/components"
	"onedoor/ui/locales"
)

// StudioRule is the page of one rule.
type StudioRule struct {
	Studio
	Heading, Group string
	List           string // where the rules are listed
	New            bool
	Sentence       string
	Off            bool
	Note           string
	Findings       []StudioFinding
	Cases          []StudioCase
	Editable       bool
	Form           *StudioRuleForm // nil for those who only look
	Meanwhile      *StudioMeanwhile
	Remove         string
	AddCase        string
}

// StudioMeanwhile is what somebody else saved while this person filled in the form.
type StudioMeanwhile struct {
	Who, When string
	By        string // who, behind the word by
	Changes   []string
	Touched   bool // they changed this very rule
	Removed   bool // they removed it
	TheirText []string
	MyText    []string
	Theirs    string // where theirs is left as it is
}

// StudioRuleForm asks everything that a rule says.
type StudioRuleForm struct {
	Action, Speak, Submit string
	ETag, Print           string
	Name                  *components.Field // of a new rule
	Place                 *StudioChoice     // of a new rule
	Used, Others          []StudioFact
	OthersOpen            bool
	To                    StudioChoice
	Nearest, Open, Off    bool
	Urgency               components.Choice
	Overflow              []StudioChoice
	Answer, Care          StudioSpan
	Message               StudioChoice
	Tags                  components.Field
	Drift                 components.Choice
	Note                  components.Field
}

// StudioFact asks what one fact may be: ticked values, or a range.
type StudioFact struct {
	ID, Fact, Text, Hint  string
	Mode                  string
	Error                 locales.Text
	Used                  bool
	Values                []StudioOption
	Number                bool
	From, Until           string
	FromError, UntilError locales.Text
	OrUnknown             bool
	AsIs, AsIsWords       string
}

// StudioSpan asks for a length of time.
type StudioSpan struct {
	ID, Label, Hint, Value string
	Error                  locales.Text
	Units                  []StudioOption
}
