package directory

import (
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/tenants"
)

// Version is one version of a neighbourhood's directory.
type Version struct {
	Hash      string
	From      time.Time
	By        string
	Directory *tenants.Directory
}

// ServiceField is a part of what is said about a service.
type ServiceField string

const (
	FieldName         ServiceField = "name"
	FieldQueue        ServiceField = "queue"
	FieldSite         ServiceField = "site"
	FieldKinds        ServiceField = "kinds"
	FieldCapabilities ServiceField = "capabilities"
	FieldEligibility  ServiceField = "eligibility"
	FieldHours        ServiceField = "hours"
	FieldCapacity     ServiceField = "capacity"
	FieldPaused       ServiceField = "paused"
)

// Differ names the parts in which two states of one service differ, in the order of the service's page.
func Differ(before, after tenants.Service) []ServiceField {
	var fields []ServiceField
	note := func(f ServiceField, same bool) {
		if !same {
			fields = append(fields, f)
		}
	}
	note(FieldName, before.Name == after.Name)
	note(FieldKinds, slices.Equal(sortedOnce(before.Kinds), sortedOnce(after.Kinds)))
	note(FieldCapabilities, slices.Equal(sortedOnce(before.Capabilities), sortedOnce(after.Capabilities)))
	note(FieldEligibility, sameEligibility(before.Eligibility, after.Eligibility))
	note(FieldHours, SameHours(before.Hours, after.Hours))
	note(FieldCapacity, before.Capacity == after.Capacity)
	note(FieldQueue, before.QueueID == after.QueueID)
	note(FieldSite, before.SiteID == after.SiteID)
	note(FieldPaused, before.Paused == after.Paused)
	return fields
}

func sameEligibility(a, b tenants.Eligibility) bool {
	if len(a.Registered) == 0 && len(b.Registered) == 0 {
		a.Registered, b.Registered = nil, nil
	}
	return reflect.DeepEqual(a, b)
}

// SameHours reports whether two hours mean the same: a day that is absent and a day without periods are both closed.
func SameHours(a, b tenants.Hours) bool {
	if a.Always || b.Always {
		return a.Always == b.Always
	}
	for day := range a.Week {
		if !slices.Equal(a.Week[day], b.Week[day]) {
			return false
		}
	}
	if !slices.Equal(a.BankHolidays, b.BankHolidays) || len(a.Dates) != len(b.Dates) {
		return false
	}
	for date, periods := range a.Dates {
		other, ok := b.Dates[date]
		if !ok || !slices.Equal(periods, other) {
			return false
		}
	}
	return true
}

// ServiceChange is what became of one service between two versions. A service that is new has no Before, one that has gone
// no After.
type ServiceChange struct {
	OrganisationID uuid.UUID
	Before, After  *tenants.Service
	Fields         []ServiceField
}

// Changes are the services that differ between two versions, in the order of their ids.
func Changes(before, after *tenants.Directory) []ServiceChange {
	var list []ServiceChange
	for _, now := range after.Services() {
		then, was := before.Service(now.ID)
		switch fields := Differ(then, now); {
		case !was:
			list = append(list, ServiceChange{OrganisationID: now.OrganisationID, After: &now})
		case len(fields) > 0:
			list = append(list, ServiceChange{now.OrganisationID, &then, &now, fields})
		}
	}
	for _, then := range before.Services() {
		if _, is := after.Service(then.ID); !is {
			list = append(list, ServiceChange{OrganisationID: then.OrganisationID, Before: &then})
		}
	}
	return list
}
