package pages

import "onedoor/ui/components"

// RecordingSettings are what each of a person's organisations wants done with recordings.
type RecordingSettings struct {
	Operations
	Places []RecordingPlace
}

// RecordingPlace is one organisation's.
type RecordingPlace struct {
	Name   string
	Action string // where it is changed
	Days   components.Field
	// Machine is whether a machine writes down what was said; nil where the installation has none.
	Machine *components.Choice
}
