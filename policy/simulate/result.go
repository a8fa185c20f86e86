package simulate

import (
	"time"

	"github.com/google/uuid"

	"onedoor/policy"
)

// Result is what would have been different. Its JSON is kept with a run and is stable: fields are added, never renamed.
type Result struct {
	Mode   Mode      `json:"mode"`
	Method []string  `json:"method"` // how what is not recorded was estimated: sentences for a lead
	From   time.Time `json:"from"`   // of the first request
	Until  time.Time `json:"until"`  // of the last request

	Requests        int `json:"requests"`
	Moved           int `json:"moved"` // go to another place
	NewlyLate       int `json:"newly_late"`
	NoLongerLate    int `json:"no_longer_late"`
	NewlyLessUrgent int `json:"newly_less_urgent"`
	NewlyMoreUrgent int `json:"newly_more_urgent"`
	Estimated       int `json:"estimated"` // requests whose wait is known or estimated on both sides

	Matrix   []Cell      `json:"matrix"` // the most requests first; their sum is Requests
	Load     []QueueLoad `json:"load"`   // by organisation and queue
	Groups   []GroupWait `json:"groups"`
	Findings []Finding   `json:"findings"`
}

// End is where a request goes, and how urgent it is.
type End struct {
	Place        policy.Place   `json:"place"`
	Organisation string         `json:"organisation"` // names, as the directory has them
	Service      string         `json:"service,omitempty"`
	Queue        string         `json:"queue"`
	Urgency      policy.Urgency `json:"urgency"`
}

// Cell is all requests that went from one end to another.
type Cell struct {
	// ID names the cell in an address: twelve letters and digits that follow from its two ends alone.
	ID           string `json:"id"`
	From         End    `json:"from"` // by the live version
	To           End    `json:"to"`   // by the draft
	Requests     int    `json:"requests"`
	NewlyLate    int    `json:"newly_late"`
	NoLongerLate int    `json:"no_longer_late"`
	// Rules are the pairs of rules that decided them, the most frequent first, at most ten.
	Rules []RulePair `json:"rules,omitempty"`
	// Samples are some of its requests, always the same ones of the same requests. They are kept for cells whose ends
	// differ. They are for the product's own use: what a lead sees of them is Coarse.
	Samples []Sample `json:"samples,omitempty"`
}

// Changed reports whether anything is different between the two ends.
func (c *Cell) Changed() bool { return c.From.Place != c.To.Place || c.From.Urgency != c.To.Urgency }

// RulePair is the rule that decided by the live version and the one that did by the draft.
type RulePair struct {
	Live     RuleName `json:"live"`
	Draft    RuleName `json:"draft"`
	Requests int      `json:"requests"`
}

// RuleName names a rule of one version.
type RuleName struct {
	Stage string `json:"stage"`
	Table string `json:"table"`
	Rule  string `json:"rule"`
}

// Sample says which past request it is.
type Sample struct {
	ID uuid.UUID `json:"id"`
	At time.Time `json:"at"`
	// The loads that both versions saw in the closed-loop mode; otherwise what is recorded with the request.
	Live  policy.Load `json:"live,omitempty"`
	Draft policy.Load `json:"draft,omitempty"`
}

// hoursOfWeek counts from Monday, midnight to one, local time.
const hoursOfWeek = 7 * 24

// QueueLoad is how many requests reach one queue in each hour of the week, over the whole period: Monday 00:00 to 00:59
// is first.
type QueueLoad struct {
	Place        policy.Place `json:"place"` // without a service
	Organisation string       `json:"organisation"`
	Queue        string       `json:"queue"`
	Live         []int        `json:"live"`  // 168
	Draft        []int        `json:"draft"` // 168
	LiveTotal    int          `json:"live_total"`
	DraftTotal   int          `json:"draft_total"`
	// Most requests that were open at once; in the closed-loop mode only.
	LivePeak  int `json:"live_peak,omitempty"`
	DraftPeak int `json:"draft_peak,omitempty"`
}

// GroupWait is how long one group of people waits by each version.
type GroupWait struct {
	By        string `json:"by"` // one of ByChannel, ByAge, ByDeprivation, ByLanguage
	Group     string `json:"group"`
	Requests  int    `json:"requests"`
	Moved     int    `json:"moved"`
	Estimated int    `json:"estimated"` // requests that Live and Draft are of
	Live      Wait   `json:"live"`
	Draft     Wait   `json:"draft"`
	Longer    int    `json:"longer"`  // requests that wait at least a minute longer
	Shorter   int    `json:"shorter"` // requests that wait at least a minute less
}

// Wait is in whole seconds.
type Wait struct {
	Mean   int64 `json:"mean"`
	Median int64 `json:"median"` // right to within 3 in 100
}

// What a group is made by.
const (
	ByChannel     = "channel"
	ByAge         = "age-band"
	ByDeprivation = "deprivation"
	ByLanguage    = "language"
)

// FindingKind is what needs a written reason before a draft is published.
type FindingKind string

const (
	LessUrgent FindingKind = "less-urgent"
	Late       FindingKind = "late"
	GroupWaits FindingKind = "group-waits"
)

// Finding is one thing that a lead must give a reason for. Key is the same in a later run that finds the same thing,
// whatever the counts: written reasons hang on it.
type Finding struct {
	Key   string      `json:"key"`
	Kind  FindingKind `json:"kind"`
	Says  string      `json:"says"`
	Count int         `json:"count"`
}
