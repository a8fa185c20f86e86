package pages

import "onedoor/ui/locales"

// Misroutes is what came back, rule by rule.
type Misroutes struct {
	Studio
	Alarms []MisrouteAlarm
	Rules  []MisrouteRow
	Silent string // how many rules have sent nothing
}

// MisrouteAlarm is an alarm on a rule, with the form that clears it.
type MisrouteAlarm struct {
	ID, Says, Since string
	Href            string // of the rule's own page; empty on it
	Acknowledge     string // where the note is sent; empty for those who may not
	Note            string
	Wrong           locales.Text
}

// MisrouteRow is one rule.
type MisrouteRow struct {
	Rule, Href             string
	Table                  string
	Sentence               string
	Decisions, Came, Rated string
	Usual                  string
	State                  Label
}

// MisrouteRule is one rule by itself.
type MisrouteRule struct {
	Studio
	Heading  string
	Sentence string
	RuleHref string // the rule where it is kept; empty for the platform's
	Says     []string
	Alarms   []MisrouteAlarm
	Now      MisrouteFigures
	Before   *MisrouteFigures
	Past     []TimelineLine // alarms that are over
}

// MisrouteFigures are what came of a rule as it read.
type MisrouteFigures struct {
	ID, Heading string
	Sentence    string
	Says        []string
	Chart       *ControlChart // nil when it has decided nothing
	Reasons     []MisrouteReason
}

// MisrouteReason is how often a reason was given.
type MisrouteReason struct{ Reason, Count string }
