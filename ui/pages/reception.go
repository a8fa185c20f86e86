package pages

import (
	"onedoor/ui/components"
	"onedoor/ui/locales"
)

// Reception is the page where staff work shared queues: the queues they see, the one that is open, and the request that
// is open beside it.
type Reception struct {
	components.Page
	Queues  Queues
	List    *QueueList    // nil when there is no queue to show
	Request *RequestPanel // nil when none is open
	Events  string        // where live updates come from
	Now     string        // the product's clock when the page was made, RFC 3339: a browser counts on from it
	Says    string        // instead of a list
}

// Queues are the queues that somebody works, by organisation.
type Queues struct{ Groups []QueueGroup }

// QueueGroup is one organisation's queues.
type QueueGroup struct {
	Organisation string
	Queues       []QueueLink
}

// QueueLink is one queue with what stands in it.
type QueueLink struct {
	Name, Href              string
	Current                 bool
	Open, Unclaimed, Offers int
}

// QueueList is the open work of one queue, first due first.
type QueueList struct {
	Name, Organisation string
	Href               string
	Views              []ViewLink
	// TakeNext is where the next unclaimed request is taken; empty when this person may not.
	TakeNext string
	Context  Context
	// Refresh is where a browser fetches this list again by itself.
	Refresh string
	Offers  []RequestRow
	Rows    []RequestRow
	// First and Next are other parts of a long queue; empty when there are none.
	First, Next string
	Empty       string // what to say instead of rows
	// Notice is what has just been done; or was not, when Refused.
	Notice  string
	Refused bool
}

// ViewLink narrows a queue.
type ViewLink struct {
	Text, Href string
	Current    bool
	Count      int
	Counted    bool
}

// Context is the list beside which something is done. Forms carry it, so that the same list is shown again.
type Context struct{ Queue, View, Cursor string }

// RequestRow is one line of a queue.
type RequestRow struct {
	Reference string
	Version   int
	Href      string
	Open      bool // it is shown beside the list
	Due       Due
	Name      string
	Born      string
	Urgency   Label
	Kind      string
	Channel   string
	Status    Label
	From      string // offers: who is accountable until they are accepted
	Claimed   string // who works on it; empty for nobody
	Mine      bool
	Since     string // of the claim
	Actions   []RowAction
}

// RowAction is a command that a row offers: a form with one button, or a link to where more has to be said.
type RowAction struct {
	Text, Hidden string
	Action       string
	Link         string // instead of Action
	Primary      bool
}

// Due is when the patient must have been answered.
type Due struct {
	At       string // RFC 3339
	Says     string // 18:30 today
	Relative string // in 2 hours; 25 minutes overdue
	Overdue  bool
	Answered bool // nothing is due any more
}

// Label is a word or two in a colour that never says more than they do.
type Label struct{ Text, Colour string }

func (l Label) words() locales.Text { return locales.Plain(l.Text) }
