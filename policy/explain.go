package policy

import (
	"strings"

	"onedoor/tenants"
)

// message is the code of what the patient is told.
func (r *resolver) message(destination Place) string {
	urgent := r.urgency == Urgent
	switch {
	case r.urgency == Emergency:
		return MessageEmergency
	case urgent && !r.homeOpen() && r.practice && r.wall.InCoreHours():
		return MessageCallPractice
	case urgent && !r.homeOpen():
		return MessageOutOfHours
	case !r.overflowed && r.rule.Then.Message != "":
		return r.rule.Then.Message
	case destination.Organisation != r.home.ID:
		return r.offerMessage(destination)
	case r.outside:
		return MessageWillRefer
	case urgent && r.practice:
		return MessagePracticeUrgent
	case urgent:
		return MessageDeskUrgent
	case r.practice:
		return MessagePracticeQueue
	}
	return MessageDeskQueue
}

func (r *resolver) offerMessage(destination Place) string {
	if o, _ := r.directory.Organisation(destination.Organisation); o.Kind == tenants.Pharmacy {
		return MessagePharmacyOffer
	}
	return MessageServiceOffer
}

// because tells staff why a request is where it is.
func (r *resolver) because(d *Decision) []string {
	list := make([]string, 0, 6)
	list = append(list, "Rule "+d.Rule+" of "+d.Table+": "+r.policy.wordsOf(r.winner).sentence)
	if d.Stage == StageSafety {
		list = append(list, "The platform's safety stage decided, before any rule of the neighbourhood.")
	}
	if facts := r.facing(); facts != "" {
		list = append(list, facts)
	}
	list = append(list, r.foreigners()...)
	for _, c := range r.told.candidates {
		if c.Reason != ReasonNotFirst && len(list) < 12 {
			list = append(list, c.Says)
		}
	}
	switch {
	case d.Offer:
		to, _ := r.directory.Organisation(d.Destination.Organisation)
		list = append(list, r.home.Name+" is accountable until "+to.Name+" accepts; a person there confirms the referral first.")
	case r.urgent() && !r.homeOpen():
		opens := "The patient is told what to do now."
		if !r.wall.InCoreHours() {
			opens += " " + r.home.Name + " sees to it first thing, when core hours begin on " + clock(tenants.NextCoreHours(r.at)) + "."
		}
		list = append(list, "Nobody is at "+r.home.Name+" now.", opens)
	}
	return list
}

// facing tells the facts that the rule asked for.
func (r *resolver) facing() string {
	cells := r.policy.wordsOf(r.winner).cells
	if len(cells) == 0 {
		return ""
	}
	var b strings.Builder
	b.Grow(64 * len(cells))
	b.WriteString("From this request: ")
	for i := range cells {
		switch {
		case i == 0:
		case i == len(cells)-1:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		fact := r.rule.When[i].fact
		b.WriteString(cells[i].subject)
		b.WriteString(r.policy.facts[fact].say(r.values[fact]))
	}
	b.WriteByte('.')
	return b.String()
}

// foreigners tells the values that the policy does not declare: no rule that asks for a value takes them.
func (r *resolver) foreigners() []string {
	var list []string
	for i := range r.policy.facts {
		if f := &r.policy.facts[i]; !f.derived && !f.Allows(r.facts[f.Name]) {
			list = append(list, "The value given for "+spoken(f.Name)+" is not one that these rules know, so no rule that asks for it applies.")
		}
	}
	return list
}
