package pages

import (
	"onedoor/ui/components"
	"onedoor/ui/locales"
)

// Studio is what every page of the studio tells its layout.
type Studio struct {
	components.Page
	Policy *StudioPolicy // the rules that the page is about; nil when it is about none
	// Notice is what has just been done; or was not, when Refused.
	Notice  string
	Refused bool
	Wrong   []components.Problem // what to put right, above the heading
}

// StudioPolicy is a draft, or the rules in force, with the pages about it.
type StudioPolicy struct {
	Name  string
	State Label
	Says  string // one line: on what it is based, who changed it last
	Tabs  []components.NavigationItem
}

// StudioLink is a sentence that may lead somewhere.
type StudioLink struct{ Text, Href string }

// StudioFront is where a lead's work begins.
type StudioFront struct {
	Studio
	Neighbourhood string
	Alarms        []StudioAlarm
	Waiting       []StudioLink
	Live          *StudioLive // nil where nothing was published yet
	Drafts        []StudioDraft
	Begin         *StudioDraftForm // nil for those who may not
}

// StudioAlarm is something that a lead should look at soon.
type StudioAlarm struct{ Says, Since, Href string }

// StudioLive is the rules in force.
type StudioLive struct {
	Says, Note string
	Links      []components.NavigationItem
}

// StudioDraft is one draft in the list of them.
type StudioDraft struct {
	Name, Href     string
	Changed, Begun string // who and when
	Difference     string // from the rules in force
	States         []Label
}

// StudioDraftForm begins a draft.
type StudioDraftForm struct {
	Action, Name string
	Wrong        locales.Text
	From         components.Select
}

// StudioAbout is a policy itself: who made it, how it differs from what is in force, and what is done with it as a whole.
type StudioAbout struct {
	Studio
	Facts    []Fact
	Compared bool // Changes are all that differs from the rules in force
	Changes  []StudioLink
	Saves    []string
	Shadow   *StudioShadow // nil for what cannot be tried
	Discard  string        // where a draft is discarded; empty for those who may not
	YAML     string
}

// StudioShadow tries a draft on live requests, or ends that.
type StudioShadow struct {
	On     bool
	Action string
}

// StudioConfirm asks before something is taken away.
type StudioConfirm struct {
	Studio
	Heading      string
	Says         []string
	Action       string
	Button, Keep string
	ETag         string
}
