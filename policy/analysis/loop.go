package analysis

import (
	"fmt"

	"onedoor/policy"
	"onedoor/tenants"
)

// loops asks whether an overflow of a rule leads back to a place that was asked before it, under whatever name, and whether one is
// never asked because what is before it takes everything.
func (r *run) loops(i int) reply {
	it := &r.model.rules[i]
	out := reply{}
	asked := chain(&it.rule.Then)
	for n, d := range asked[1:] {
		before := asked[:n+1]
		for _, earlier := range before {
			f := Finding{Kind: Loop, Table: it.Table, Rule: it.Rule, Key: key(Loop, it.Table, it.Rule, d.String())}
			switch {
			case sameHome(earlier, d) || r.places.sameQueues(it, before, d):
				f.Severity = Warning
				f.Says = fmt.Sprintf("The overflow of rule %s leads back: %s is where %s already led.", it.Rule, d.Words(), led(before))
			case earlier.Kind == policy.ToRegisteredPractice:
				f.Severity = Note
				f.Says = fmt.Sprintf("The overflow of rule %s to %s is never asked: %s before it takes everything.", it.Rule, d.Words(), earlier.Words())
			default:
				continue
			}
			out.findings = append(out.findings, f)
			break
		}
	}
	return out
}

// sameHome reports whether two names mean one queue of the registered practice, or of the desk: no queue is the general one.
func sameHome(a, b policy.Destination) bool {
	return a.Kind == b.Kind && atHome(a) && general(a.Queue) == general(b.Queue)
}

func general(queue string) string {
	if queue == "" {
		return tenants.QueueGeneral
	}
	return queue
}

func led(before []policy.Destination) string {
	if len(before) == 1 {
		return before[0].Words()
	}
	return "what comes before it"
}

// sameQueues reports whether every queue to which a destination may lead was already asked by one before it. A pharmacy that the
// patient chose is one of those that a service's name asks all of, and not the other way round; a place that was asked only if it
// is open now may be asked again without.
func (pl *places) sameQueues(it *rule, before []policy.Destination, d policy.Destination) bool {
	if pl == nil {
		return false
	}
	list, stays := pl.takers(&it.rule.Then, d)
	if stays || len(list) == 0 {
		return false
	}
	for _, t := range list {
		asked := false
		for _, earlier := range before {
			others, stays := pl.takers(&it.rule.Then, earlier)
			if stays || oneOfMany(earlier) && earlier.Kind != d.Kind {
				continue
			}
			for _, other := range others {
				asked = asked || other.queue == t.queue && (t.onlyOpen || !other.onlyOpen)
			}
		}
		if !asked {
			return false
		}
	}
	return true
}

// oneOfMany reports whether a destination leads to one of its queues only, by what the patient chose.
func oneOfMany(d policy.Destination) bool {
	return d.Kind == policy.ToChosenPharmacy || d.Kind == policy.ToNominatedPharmacy
}
