package analysis

import (
	"fmt"

	"onedoor/policy"
	"onedoor/tenants"
)

// destination asks whether the directory has what a rule names. A queue that no home has is an error; where some lack it, their
// requests stand in their general queue, which is a note.
func (e *ending) destination(d policy.Destination) (Finding, bool) {
	dir := e.places.directory
	missing := ""
	severity := Error
	list, _ := e.places.takers(&e.it.rule.Then, d)
	service := e.it.rule.Then.Service
	switch d.Kind {
	case policy.ToRegisteredPractice:
		missing, severity = e.lacking(d.Queue)
	case policy.ToDesk:
		if len(list) == 0 {
			missing = fmt.Sprintf("the desk, %s, has no queue %s", dir.Desk().Name, d.Queue)
		}
	case policy.ToOrganisation:
		at, ok := dir.ByODS(d.ODS)
		switch {
		case !ok:
			missing = fmt.Sprintf("the directory has no organisation with the code %s", d.ODS)
		case len(list) > 0:
		case d.Queue != "":
			missing = fmt.Sprintf("%s has no queue %s", at.Name, d.Queue)
		case service != "":
			missing = fmt.Sprintf("%s offers no service %s", at.Name, service)
		default:
			missing = at.Name + " offers no service"
		}
	case policy.ToChosenPharmacy, policy.ToNominatedPharmacy:
		switch {
		case len(list) > 0:
		case service != "":
			missing = "no pharmacy of the directory offers the service " + service
		default:
			missing = "no pharmacy of the directory offers a service"
		}
	case policy.ToService:
		if len(list) == 0 {
			missing = fmt.Sprintf("nobody in the directory offers the service %s", d.Slug)
		}
	case policy.ToCapability:
		if len(list) == 0 {
			missing = fmt.Sprintf("no service in the directory has the capability %s", d.Slug)
		}
	}
	if missing == "" {
		return Finding{}, false
	}
	f := e.finding(Destination, severity, d.String())
	f.Says = fmt.Sprintf("Rule %s sends to %s, but %s.", e.it.Rule, e.to(d), missing)
	if severity == Note {
		f.Says = fmt.Sprintf("Rule %s sends to %s: %s.", e.it.Rule, e.to(d), missing)
	}
	return f, true
}

// lacking says which homes have no queue of a name.
func (e *ending) lacking(queue string) (string, Severity) {
	if queue == "" {
		return "", Note
	}
	var lack []tenants.Organisation
	for _, o := range e.places.homes {
		if _, ok := e.places.directory.QueueOf(o.ID, queue); !ok {
			lack = append(lack, o)
		}
	}
	switch len(lack) {
	case 0:
		return "", Note
	case len(e.places.homes):
		return fmt.Sprintf("no practice of the directory has a queue %s", queue), Error
	case 1:
		return fmt.Sprintf("%s has no such queue, and its requests stand in its general one", lack[0].Name), Note
	}
	return fmt.Sprintf("%s and %s have no such queue, and their requests stand in their general one", lack[0].Name, counted(len(lack)-1, "other")), Note
}
