package pages

import "onedoor/ui/components"

// Appointments is the page where staff find, book, move, amend and cancel appointments for a request's patient, in their own
// clinical system.
type Appointments struct {
	components.Page
	Back    string
	Notice  string // why what they asked was not done
	Wrong   []components.Problem
	Request string // its kind and reference
	Name    string
	Facts   []Fact
	Action  string // where every form goes
	Carried []Carried

	// Booked are the patient's appointments still to come, as the system has them; BookedSays is why they are not shown.
	Booked     []BookedAppointment
	BookedSays string
	// Moving is the appointment that another time is looked for; empty when a first one is.
	Moving     string
	MovingWhat string
	KeepHref   string // stops looking for another time

	Search components.DateInput
	Held   components.Select
	Find   string // where the search goes

	Slots     components.Choice
	SlotsSays string // why there are none to choose
	Reason    components.Field
}

// Carried is a hidden field that a form sends back as it was given.
type Carried struct{ Name, Value string }

// BookedAppointment is one of the patient's, and what can be done with it.
type BookedAppointment struct {
	ID, When, What string
	MoveHref       string
	Reason         components.Field // to amend it
	Why            components.Field // of a cancellation
}
