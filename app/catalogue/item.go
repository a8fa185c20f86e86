package catalogue

import (
	"fmt"
	"slices"

	"onedoor/app/nhs"
)

// The item types of FHIR R4 that a keypad, a page and a program can all answer. A group holds other items and no answer.
const (
	TypeGroup   = "group"
	TypeBoolean = "boolean"
	TypeChoice  = "choice"
	TypeInteger = "integer"
	TypeDate    = "date"
	TypeString  = "string" // one line
	TypeText    = "text"   // several lines
)

// Urgent and Emergency are what an option's red flag, the phrase screen and the facts red-flag and free-text can say.
const (
	Clear      = "clear"
	Urgent     = "urgent"
	Emergency  = "emergency"
	None       = "none"
	Unanswered = "unanswered"
)

// Item is one question, or a group of them.
type Item struct {
	LinkID   string
	Text     string
	Hint     string // one line of help for a screen
	Type     string
	Required bool // pages insist; the API and the telephone do not
	Repeats  bool
	Options  []Option

	// EnableWhen are conditions on earlier items. None: always enabled. EnableAny: one is enough; else all are needed.
	EnableWhen []Condition
	EnableAny  bool
	Items      []*Item // of a group

	Fact string // the fact that the answer gives
	Say  string // the words for the telephone, without the keys
	Key  Key    // how it is keyed

	RedFlag   bool // an option of it is urgent or an emergency
	MaxLength int  // of a string or text, in characters
	Min, Max  *int // of an integer, inclusive
	// Derived answers follow from what is known of the person, and then are not asked.
	Derived bool
	// Hidden items are never asked: what is not known of them stays unknown.
	Hidden bool

	derivation string
	parent     *Item
}

// Option is one answer to choose.
type Option struct {
	Code    string
	Display string
	Say     string // the words for the telephone; Display when the Questionnaire gives none
	Key     string // the digits that choose it: "3", or "12" for the second of the first group
	Group   string // the menu that it stands in, said before its options; "" at the top
	RedFlag string // "", urgent or emergency
	// Crisis marks a mental-health crisis, for which other help exists besides 999.
	Crisis bool
	// Exclusive is "none of these": nothing else can be chosen with it.
	Exclusive bool
}

// Condition is one enableWhen: the answers to an earlier item, an operator, and what they are compared with.
type Condition struct {
	Question string
	Operator string // exists, =, !=, >, <, >=, <=
	Answer   Value
}

// Option finds an option by its code.
func (it *Item) Option(code string) (Option, bool) {
	i := slices.IndexFunc(it.Options, func(o Option) bool { return o.Code == code })
	if i < 0 {
		return Option{}, false
	}
	return it.Options[i], true
}

// Asked reports whether a person can be asked it: groups and hidden items never are.
func (it *Item) Asked() bool { return it.Type != TypeGroup && !it.Hidden }

// FreeText reports whether the answer is in a person's own words: on the telephone, a recording.
func (it *Item) FreeText() bool { return it.Type == TypeString || it.Type == TypeText }

// AgeBand is the code of the item age-band for an age in completed years.
func AgeBand(years int) string {
	switch {
	case years < 5:
		return "under-5"
	case years < 16:
		return "5-15"
	}
	return "16-or-over"
}

// Safety reports whether the item is one of the questions that stand first in every kind.
func (it *Item) Safety() bool {
	for top := it; top != nil; top = top.parent {
		if top.LinkID == safetyGroup {
			return true
		}
	}
	return false
}

// Words is an answer as a person reads it: an option's display, Yes or No, 27 April 2027, a number or the words themselves.
func (it *Item) Words(v Value) string {
	switch it.Type {
	case TypeChoice:
		if o, ok := it.Option(v.text); ok {
			return o.Display
		}
	case TypeBoolean:
		if yes, _ := v.Bool(); yes {
			return "Yes"
		}
		return "No"
	case TypeDate:
		return SpokenDate(v.Date())
	}
	return v.String()
}

// SpokenDate is a day as people in England write and say it: 27 April 2027.
func SpokenDate(d nhs.Date) string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d %s %d", d.Day, d.Month, d.Year)
}
