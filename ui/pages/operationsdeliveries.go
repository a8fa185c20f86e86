package pages

import "onedoor/ui/components"

// OperationsDeliveries is how outcomes fare on their way to each organisation's clinical systems.
type OperationsDeliveries struct {
	Operations
	Figures       []RunFigure
	Organisations components.Table
	Ways          components.Table
	Differences   components.Table
	Agrees        string // what was compared and agrees, in words
	Attention     string // where what needs a person is
	Empty         string // instead of all that
}

// DeliveriesAttention is what needs a person, by reason, and a search through all deliveries.
type DeliveriesAttention struct {
	Operations
	Up      string   // the page above
	Overdue []string // what is past its time, a sentence for each
	Reasons []DeliveryReason
	Search  DeliverySearch
	Found   []FoundDelivery
	Says    string // what was found, in words
	Next    string // the page after this one; empty at the end
}

// DeliveryReason is why some of an organisation's deliveries need attention.
type DeliveryReason struct {
	Organisation, Says, Number, Since string
	Show                              string // lists them
	Replay                            string // where sending them again is posted
	OrganisationValue                 string
}

// DeliverySearch is the form that finds deliveries.
type DeliverySearch struct {
	Action        string
	State         components.Select
	Organisation  components.Select
	Reference     *components.Field // nil for those who are not told whom a delivery is about
	ReasonHidden  string            // a reason chosen above is kept
	ReasonInWords string
}

// FoundDelivery is one delivery in a list.
type FoundDelivery struct {
	ID, Title, Organisation, When string
	State                         Label
	Why                           string // the words of the last try
	Went                          string // when it was sent, taken, acknowledged and filed, and what they call it
	Replay                        string // where sending it again is posted; empty where it cannot be
}
