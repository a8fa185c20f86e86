package pages

import (
	"onedoor/ui/components"
)

// TelephonePIN is the page where a PIN for the telephone is set for somebody at the desk.
type TelephonePIN struct {
	components.Page
	Notice  string // what has just been done; or was not, when Refused
	Refused bool
	Wrong   []components.Problem
	Action  string
	Number  components.Field
	Birth   components.DateInput
	PIN     components.Field
	Checked components.Choice
}
