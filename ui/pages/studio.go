package pages

import "onedoor/ui/components"

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

// StudioFront is where a lead's work begins.
type StudioFront struct {
	Studio
	Neighbourhood string
}
