package understanding

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
)

// Mode is how far an organisation uses understanding.
type Mode string

const (
	ModeOff    Mode = "off"    // words are not read by any model
	ModeShadow Mode = "shadow" // a model reads them, and only its agreement with what people choose is counted
	ModeOn     Mode = "on"     // people are asked what they need in their own words
)

// Setting is how one organisation, or a neighbourhood's own front door and line, uses understanding.
type Setting struct {
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID // zero for the neighbourhood's own
	Mode            Mode
	// Model is the name of the model that is asked: About.Name.
	Model string
	// AsSaid is true when the organisation agreed that words go to a model on another machine as they were said. Else numbers,
	// names, dates and addresses are taken out first.
	AsSaid bool

	// What it was turned on for. Another model or version, and kinds that are not listed, are treated as in the shadow.
	OnModel, OnVersion string
	OnKinds            []string

	Version   int // of the setting; 0 when it was never set
	ChangedAt time.Time
	ChangedBy string
}

// Proposes reports whether proposals of a model may be put to people.
func (s Setting) Proposes(m About) bool {
	return s.Mode == ModeOn && s.Model == m.Name && s.OnModel == m.Model && s.OnVersion == m.Version
}

// proposesKind reports whether a kind earned it.
func (s Setting) proposesKind(kind string) bool { return slices.Contains(s.OnKinds, kind) }

// Change is what somebody wants a setting to be.
type Change struct {
	NeighbourhoodID, OrganisationID uuid.UUID

	Mode   Mode
	Model  string
	AsSaid bool
	// Version is that of the setting that they saw. Turning off needs none: it always works.
	Version int
}

func (c Change) check(models []About) error {
	if !slices.Contains([]Mode{ModeOff, ModeShadow, ModeOn}, c.Mode) {
		return fault.New(fault.Invalid, "unknown_mode", "Choose off, shadow or on.")
	}
	known := slices.ContainsFunc(models, func(m About) bool { return m.Name == c.Model })
	if c.Mode != ModeOff && !known {
		return fault.New(fault.Invalid, "unknown_model", "Choose one of the models that are installed.")
	}
	return nil
}
