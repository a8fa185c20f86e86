package directory

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/tenants"
)

// ServiceEdit is what an organisation says about one of its services. Whether it is paused is no part of it: Pause is.
type ServiceEdit struct {
	NeighbourhoodID, OrganisationID, ServiceID uuid.UUID
	// BasedOn is the hash of the directory that the person saw. When the service has changed since, the edit is refused.
	BasedOn string

	Name         string
	QueueID      uuid.UUID
	Kinds        []string // request kinds; empty accepts every kind
	Capabilities []string
	Eligibility  tenants.Eligibility
	Hours        tenants.Hours
	Capacity     tenants.Capacity
}

// EditService changes what an organisation says about one of its services. It refuses what cannot be, each at its place
// (invalid); a service that has changed since it was seen, with what has changed, by whom and when (service_changed); and
// what is absent or another organisation's (not_found). An edit that changes nothing makes no version.
func (s *Service) EditService(ctx context.Context, by audit.Actor, e ServiceEdit) (*tenants.Directory, error) {
	e.tidy()
	changed := changedBy{organisation: e.OrganisationID, subject: e.ServiceID, action: "service.edit", details: map[string]any{}}
	return s.changeService(ctx, by, e.NeighbourhoodID, &changed, func(tx Tx, service *tenants.Service, queue func(uuid.UUID) bool) error {
		if err := e.check(queue); err != nil {
			return err
		}
		if err := stillAs(tx, e.BasedOn, *service); err != nil {
			return err
		}
		before := *service
		e.apply(service)
		fields := Differ(before, *service)
		changed.details["fields"] = fields
		if len(fields) == 0 {
			return errUnchanged
		}
		return nil
	})
}

func (e *ServiceEdit) tidy() {
	e.Name = strings.Join(strings.Fields(e.Name), " ")
	e.Kinds = sortedOnce(e.Kinds)
	e.Capabilities = sortedOnce(e.Capabilities)
}

// sortedOnce makes one order of a list that is a set, so that ticking the same boxes is no change.
func sortedOnce(list []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

func (e *ServiceEdit) apply(s *tenants.Service) {
	s.Name, s.QueueID, s.Kinds, s.Capabilities = e.Name, e.QueueID, e.Kinds, e.Capabilities
	s.Eligibility, s.Hours, s.Capacity = e.Eligibility, e.Hours, e.Capacity
}

const (
	longestName  = 80
	oldestAge    = 130
	mostCapacity = 1000 // what a directory takes
)

var capabilityForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// check finds everything that cannot be, each at its place.
func (e *ServiceEdit) check(queue func(uuid.UUID) bool) error {
	var wrong []fault.Field
	add := func(pointer, code, says string) {
		wrong = append(wrong, fault.Field{Pointer: pointer, Code: code, Says: says})
	}
	if e.Name == "" {
		add("/name", "required", "Enter the name of the service")
	} else if len([]rune(e.Name)) > longestName {
		add("/name", "too_long", "The name must be 80 characters or fewer")
	}
	for _, c := range e.Capabilities {
		if !capabilityForm.MatchString(c) {
			add("/capabilities", "format", "Write each capability in small letters, digits and hyphens, such as ear-care")
			break
		}
	}
	if !queue(e.QueueID) {
		add("/queue", "unknown", "Choose one of your organisation’s queues")
	}
	least, most := e.Eligibility.MinAge, e.Eligibility.MaxAge
	if least != nil && (*least < 0 || *least > oldestAge) {
		add("/eligibility/min_age", "out_of_range", "The youngest age must be between 0 and 130")
	}
	if most != nil && (*most < 0 || *most > oldestAge) {
		add("/eligibility/max_age", "out_of_range", "The oldest age must be between 0 and 130")
	}
	if least != nil && most != nil && *least > *most {
		add("/eligibility/max_age", "order", "The oldest age must be the youngest age or above")
	}
	wrong = append(wrong, hoursProblems(e.Hours)...)
	for _, limit := range []struct {
		at    string
		value int
	}{{"open", e.Capacity.Open}, {"daily", e.Capacity.Daily}} {
		if limit.value < 0 || limit.value > mostCapacity {
			add("/capacity/"+limit.at, "out_of_range", "Enter a number from 1 to 1,000, or leave it empty for no limit")
		}
	}
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong)
	}
	return nil
}

// hoursProblems asks each day by itself, so that what is wrong is shown at that day.
func hoursProblems(h tenants.Hours) []fault.Field {
	var wrong []fault.Field
	ask := func(pointer, name string, only tenants.Hours) {
		if only.Check() != nil {
			says := "The opening hours of " + name + " must each end after they begin, in order and without overlap"
			wrong = append(wrong, fault.Field{Pointer: pointer, Code: "opening_hours", Says: says})
		}
	}
	for i := range h.Week {
		day := time.Weekday((i + 1) % 7) // a week begins on Monday
		var only tenants.Hours
		only.Week[day] = h.Week[day]
		ask("/hours/"+strings.ToLower(day.String()), day.String(), only)
	}
	ask("/hours/bank-holidays", "bank holidays", tenants.Hours{BankHolidays: h.BankHolidays})
	if (tenants.Hours{Dates: h.Dates}).Check() != nil {
		says := "Each special day needs a date, and opening hours in order and without overlap"
		wrong = append(wrong, fault.Field{Pointer: "/hours/dates", Code: "opening_hours", Says: says})
	}
	return wrong
}

// stillAs refuses to overwrite what somebody else has said since.
func stillAs(tx Tx, basedOn string, now tenants.Service) error {
	since, err := tx.Since(basedOn)
	if err != nil {
		return err
	}
	if len(since) == 0 {
		return fault.New(fault.Conflict, "service_changed", "This page is too old to be saved: open the service again.")
	}
	then, _ := since[0].Directory.Service(now.ID)
	fields := slices.DeleteFunc(Differ(then, now), func(f ServiceField) bool { return f == FieldPaused })
	if len(fields) == 0 {
		return nil
	}
	who, at := lastChange(since, now.ID)
	refused := fault.New(fault.Conflict, "service_changed", "%s changed this service while you were editing it. What you wrote is still here, and is not saved.", who)
	return refused.With("fields", fields).With("by", who).With("at", at)
}

// lastChange finds the version that made a service what it is in the last of them.
func lastChange(versions []Version, service uuid.UUID) (by string, at time.Time) {
	for i := len(versions) - 1; i > 0; i-- {
		then, _ := versions[i-1].Directory.Service(service)
		now, _ := versions[i].Directory.Service(service)
		if len(Differ(then, now)) > 0 {
			return versions[i].By, versions[i].From
		}
	}
	return "Somebody", time.Time{}
}
