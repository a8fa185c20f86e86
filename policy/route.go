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

// usualFacts is how many facts a policy may declare for Route to keep their values without asking for memory.
const usualFacts = 40

// Route decides as Decide does, for those who decide a great many requests and explain few of them: its fields are those of
// Decide's answer.
func Route(p *Policy, f Facts, d *tenants.Directory, load Load, at time.Time) Routing {
	q := question{facts: f, directory: d, load: load}
	q.begin(at)
	var values [usualFacts]Value
	stage, v := q.ask(safety, p, values[:])
	r := resolver{question: &q, verdict: v}
	home, destination := r.resolve()
	return Routing{
		Stage: stage, Table: v.table.Name, Rule: v.rule.ID, Urgency: q.urgency, AnswerDue: q.due,
		Home: home, Destination: destination, Offer: home.Organisation != destination.Organisation, Stop: q.urgency == Emergency,
		Message: r.message(destination),
	}
}
