package policy

import (
	"time"

	"onedoor/tenants"
)

// Routing is what Decide decides, without a word of why.
type Routing struct {
	Stage       string
	Table       string
	Rule        string
	Urgency     Urgency
	AnswerDue   time.Time
	Home        Place
	Destination Place
	Offer       bool
	Stop        bool
	Message     string
}

// Route decides as Decide does, for those who decide a great many requests and explain few of them: its fields are those of
// Decide's answer.
func Route(p *Policy, f Facts, d *tenants.Directory, load Load, at time.Time) Routing {
	v := Decide(p, f, d, load, at)
	return Routing{v.Stage, v.Table, v.Rule, v.Urgency, v.AnswerDue, v.Home, v.Destination, v.Offer, v.Stop, v.Message}
}
