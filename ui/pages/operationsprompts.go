package pages

import "onedoor/ui/locales"

// PromptPlaces lists whose telephone lines there are.
type PromptPlaces struct {
	Operations
	// Heading is what is listed by place; what the line says where it is empty.
	Heading string
	Places  []PromptPlace
}

// PromptPlace is one line.
type PromptPlace struct{ Name, Href string }

// PromptList is one part of what a line says.
type PromptList struct {
	Operations
	Name  string // whose line
	Parts []PromptPart
	Part  string
	Rows  []PromptRow
}

// PromptPart leads to some of the phrases.
type PromptPart struct {
	Text, Href   string
	Current      bool
	Recorded, Of int
}

// PromptRow is one phrase in each language.
type PromptRow struct {
	ID, Href string
	Said     []PromptSaid
}

// PromptSaid is a phrase in one language, and who says it.
type PromptSaid struct {
	Lang, Language string // cy, Welsh
	Words          string
	State          Label
}

// Prompt is one phrase: to hear, to record, to remove.
type Prompt struct {
	Operations
	Name, ID, Part string
	Languages      []PromptLanguage
}

// PromptLanguage is the phrase in one language. Without Upload the person may only hear it.
type PromptLanguage struct {
	PromptSaid
	How            string
	Sound          string
	Upload, Remove string
	Error          locales.Text
}
