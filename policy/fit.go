package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"onedoor/app/nhs"
	"onedoor/tenants"
)

// barred is the reason why a request may not go to another organisation at all, or nothing.
func (r *resolver) barred(o *tenants.Organisation) string {
	switch {
	case o.ID == r.home.ID:
		return ""
	case r.ownPracticeOnly():
		return ReasonOwnPractice
	case !r.directory.TakesPart(o.ID, r.wall.Day):
		return ReasonNotTaking
	case r.urgent() && !r.homeOpen():
		return ReasonNobodyAtHome
	}
	return ""
}

// ownPracticeOnly holds for every value but "no": an answer that is not understood is an objection.
func (q *question) ownPracticeOnly() bool {
	v := q.facts[factOwnPractice]
	return v.Known() && v != Text("no")
}

// unfit is the reason why a service does not serve, or nothing.
func (r *resolver) unfit(o *option, onlyOpen bool) string {
	if reason := r.barred(&o.organisation); reason != "" {
		return reason
	}
	s := o.service
	switch c := s.Capacity; {
	case s.Paused:
		return ReasonPaused
	case !accepts(s, r.facts[factKind].text):
		return ReasonKind
	case !r.eligible(&s.Eligibility):
		return ReasonNotEligible
	case c.Open > 0 && o.load.Open >= c.Open, c.Daily > 0 && o.load.Today >= c.Daily:
		return ReasonFull
	case o.open:
		return ""
	case r.urgent() || onlyOpen:
		return ReasonClosed
	}
	// For what is not urgent it is enough that the service opens before the answer is due.
	if opens, ok := s.Hours.NextOpen(r.at); !ok || !opens.Before(r.due) {
		return ReasonClosed
	}
	return ""
}

// whyUnfit says a reason of unfit.
func (r *resolver) whyUnfit(o *option, onlyOpen bool, reason string) string {
	s := o.service
	switch reason {
	case ReasonPaused:
		return "it is paused by its own organisation"
	case ReasonKind:
		return "it does not accept " + spoken(r.facts[factKind].String()) + " requests"
	case ReasonNotEligible:
		return r.whyIneligible(&s.Eligibility)
	case ReasonFull:
		if c := s.Capacity; c.Open > 0 && o.load.Open >= c.Open {
			return fmt.Sprintf("it is full: %d of %d requests are open", o.load.Open, c.Open)
		}
		return fmt.Sprintf("it is full: %d of %d requests came today", o.load.Today, s.Capacity.Daily)
	case ReasonClosed:
		switch {
		case r.urgent():
			return "nobody is there now, and this is urgent"
		case onlyOpen:
			return "it is not open now"
		}
		return "it does not open before the answer is due"
	}
	return r.whyBarred(reason)
}

// whyBarred says a reason of barred.
func (r *resolver) whyBarred(reason string) string {
	switch reason {
	case ReasonOwnPractice:
		return "the person asked that only their own practice sees this"
	case ReasonNotTaking:
		return "it has no sharing agreement with the neighbourhood on this day"
	}
	return "nobody is at " + r.home.Name + " now to confirm a referral, and this is urgent"
}

// eligible reports whether a service sees such people. What is not known never makes somebody eligible.
func (r *resolver) eligible(e *tenants.Eligibility) bool {
	if e.MinAge != nil || e.MaxAge != nil {
		age, known := r.facts[factAge].Number()
		if !known || e.MinAge != nil && age < *e.MinAge || e.MaxAge != nil && age > *e.MaxAge {
			return false
		}
	}
	return (e.Sex == "" || nhs.Sex(r.facts[factSex].text) == e.Sex) && (len(e.Registered) == 0 || slices.Contains(e.Registered, r.registeredWith()))
}

// whyIneligible says whom a service does not see.
func (r *resolver) whyIneligible(e *tenants.Eligibility) string {
	age, known := r.facts[factAge].Number()
	switch {
	case (e.MinAge != nil || e.MaxAge != nil) && !known:
		return "it sees people by age, and the age is not known"
	case e.MinAge != nil && age < *e.MinAge:
		return fmt.Sprintf("it sees people aged %d or over", *e.MinAge)
	case e.MaxAge != nil && age > *e.MaxAge:
		return fmt.Sprintf("it sees people aged %d or under", *e.MaxAge)
	case e.Sex != "" && nhs.Sex(r.facts[factSex].text) != e.Sex:
		return "it sees people whose sex is " + string(e.Sex)
	}
	return "it sees people registered with certain practices"
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
