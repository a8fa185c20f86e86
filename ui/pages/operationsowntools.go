package pages

import "onedoor/ui/components"

// OwnTools are the online tools that a person's organisations keep.
type OwnTools struct {
	Operations
	Places []OwnToolPlace
}

// OwnToolPlace is one organisation's.
type OwnToolPlace struct {
	Title   string
	Action  string // where it is changed
	Link    string // what the organisation puts on its own pages
	Silent  string // what the tool did not answer in time; empty for nothing
	Waiting string // what it has still time for; empty for nothing
	Changed string // by whom and when; empty for never
	On      components.Choice
	Name    components.Field
	Address components.Field
	Key     components.Select
}
