package policy

import (
	"time"

	"onedoor/tenants"
)

// Urgency is how soon somebody must answer. What the machine gives is provisional: anyone may raise it, only a clinician
// lowers it.
type Urgency string

const (
	Emergency Urgency = "emergency" // stop: 999
	Urgent    Urgency = "urgent"    // dealt with the same core day
	Soon      Urgency = "soon"      // a proper answer by the end of the next core day
	Routine   Urgency = "routine"   // the same promise, after everything that is soon
)

// Rank orders urgencies: higher is more urgent. A word that is no urgency ranks 0.
func (u Urgency) Rank() int {
	switch u {
	case Emergency:
		return 4
	case Urgent:
		return 3
	case Soon:
		return 2
	case Routine:
		return 1
	}
	return 0
}

// AnswerDue is when a request submitted at a moment must have had a proper answer, in UTC. Emergency: at once. Urgent: 18:30
// of that core day; outside core hours, 18:30 of the day when core hours next begin. Soon and routine: 18:30 of the first
// core day after the calendar day of submission.
func AnswerDue(u Urgency, at time.Time) time.Time {
	switch u {
	case Emergency:
		return at.UTC()
	case Urgent:
		return tenants.CoreDayEnd(tenants.WallAt(tenants.NextCoreHours(at)).Day).UTC()
	}
	return tenants.CoreDayEnd(tenants.CoreDayAfter(at)).UTC()
}
