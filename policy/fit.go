package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"onedoor/app/nhs"
	"onedoor/tenants"
)

// barred says why a request may not go to another organisation at all, or nothing.
func (r *resolver) barred(o tenants.Organisation) (reason, says string) {
	switch {
	case o.ID == r.home.ID:
		return "", ""
	case r.ownPracticeOnly():
		return ReasonOwnPractice, "the person asked that only their own practice sees this"
	case !r.directory.TakesPart(o.ID, r.on):
		return ReasonNotTaking, "it has no sharing agreement with the neighbourhood on this day"
	case r.urgency.Rank() >= Urgent.Rank() && !r.homeOpen():
		return ReasonNobodyAtHome, "nobody is at " + r.home.Name + " now to confirm a referral, and this is urgent"
	}
	return "", ""
}

// ownPracticeOnly holds for every value but "no": an answer that is not understood is an objection.
func (q *question) ownPracticeOnly() bool {
	v := q.facts[factOwnPractice]
	return v.Known() && v != Text("no")
}

// unfit says why a service does not serve, or nothing.
func (r *resolver) unfit(o *option, onlyOpen bool) (reason, says string) {
	if reason, says := r.barred(o.organisation); reason != "" {
		return reason, says
	}
	s := &o.service
	kind := r.facts[factKind]
	if s.Paused {
		return ReasonPaused, "it is paused by its own organisation"
	}
	if len(s.Kinds) > 0 && !slices.Contains(s.Kinds, kind.text) {
		return ReasonKind, "it does not accept " + spoken(kind.String()) + " requests"
	}
	if says := r.ineligible(&s.Eligibility); says != "" {
		return ReasonNotEligible, says
	}
	if c := s.Capacity; c.Open > 0 && o.load.Open >= c.Open {
		return ReasonFull, fmt.Sprintf("it is full: %d of %d requests are open", o.load.Open, c.Open)
	}
	if c := s.Capacity; c.Daily > 0 && o.load.Today >= c.Daily {
		return ReasonFull, fmt.Sprintf("it is full: %d of %d requests came today", o.load.Today, c.Daily)
	}
	return r.shut(o, onlyOpen)
}

// shut says why a service's hours do not serve. Urgent needs somebody there now; for anything else it is enough that the
// service opens before the answer is due.
func (r *resolver) shut(o *option, onlyOpen bool) (reason, says string) {
	switch {
	case o.open:
		return "", ""
	case r.urgency.Rank() >= Urgent.Rank():
		return ReasonClosed, "nobody is there now, and this is urgent"
	case onlyOpen:
		return ReasonClosed, "it is not open now"
	}
	if opens, ok := o.service.Hours.NextOpen(r.at); !ok || !opens.Before(r.due) {
		return ReasonClosed, "it does not open before the answer is due"
	}
	return "", ""
}

// ineligible says whom a service does not see. What is not known never makes somebody eligible.
func (r *resolver) ineligible(e *tenants.Eligibility) string {
	age, known := r.facts[factAge].Number()
	switch sex := r.facts[factSex].text; {
	case (e.MinAge != nil || e.MaxAge != nil) && !known:
		return "it sees people by age, and the age is not known"
	case e.MinAge != nil && age < *e.MinAge:
		return fmt.Sprintf("it sees people aged %d or over", *e.MinAge)
	case e.MaxAge != nil && age > *e.MaxAge:
		return fmt.Sprintf("it sees people aged %d or under", *e.MaxAge)
	case e.Sex != "" && nhs.Sex(sex) != e.Sex:
		return "it sees people whose sex is " + string(e.Sex)
	case len(e.Registered) > 0 && !slices.Contains(e.Registered, r.registeredWith()):
		return "it sees people registered with certain practices"
	}
	return ""
}

func (q *question) registeredWith() nhs.ODSCode {
	code, err := nhs.ParseODSCode(q.facts[RegisteredPractice].text)
	if err != nil {
		return ""
	}
	return code
}

// fit says why a service serves.
func (r *resolver) fit(o *option) string {
	if o.open {
		return "it accepts this and is open now"
	}
	opens, _ := o.service.Hours.NextOpen(r.at) // it does, or it would be unfit
	return "it accepts this and opens " + clock(opens) + ", before the answer is due"
}

// clock says a moment in London: Tuesday 24 November at 09:00.
func clock(t time.Time) string {
	return t.In(tenants.London()).Format("Monday 2 January at 15:04")
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
