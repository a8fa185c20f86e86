// Package tenants holds the organisations that share one front door: neighbourhoods, organisations, sites, services,
// queues, opening hours, memberships, and the scope in which anything is read or written. Types and rules only: no
// database, no HTTP, no clock of its own. Package directory changes these; package policy decides by them.
package tenants

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
)

// Neighbourhood is organisations that serve one local population. It owns one routing policy.
type Neighbourhood struct {
	ID   uuid.UUID `json:"id"`
	Slug string    `json:"slug"` // lower-case letters, digits and hyphens: the first part of its pages' address
	Name string    `json:"name"`
}

// OrganisationKind is what an organisation is.
type OrganisationKind string

const (
	Practice  OrganisationKind = "practice"
	Pharmacy  OrganisationKind = "pharmacy"
	Community OrganisationKind = "community"
	Hub       OrganisationKind = "hub"
)

// Organisation is the tenant.
type Organisation struct {
	ID   uuid.UUID        `json:"id"`
	ODS  nhs.ODSCode      `json:"ods_code"`
	Name string           `json:"name"`
	Kind OrganisationKind `json:"kind"`
}

// Site is a place of an organisation.
type Site struct {
	ID             uuid.UUID    `json:"id"`
	OrganisationID uuid.UUID    `json:"organisation_id"`
	Name           string       `json:"name"`
	Address        []string     `json:"address"`
	Postcode       nhs.Postcode `json:"postcode"`
	Telephone      nhs.Phone    `json:"telephone"`
	Hours          Hours        `json:"hours"`
}

// Queue is work waiting for one organisation.
type Queue struct {
	ID             uuid.UUID `json:"id"`
	OrganisationID uuid.UUID `json:"organisation_id"`
	Slug           string    `json:"slug"` // unique in its organisation: prescriptions, to-verify, safety
	Name           string    `json:"name"`
}

// The queues that routing itself relies on. Every practice and every desk of last resort has them.
const (
	QueueSafety   = "safety"    // emergencies, open until a person has checked
	QueueToVerify = "to-verify" // referrals a machine began, until a person confirms them
	QueueGeneral  = "general"   // anything that a rule names no queue for
)

// Service is what an organisation offers. It feeds one queue.
type Service struct {
	ID             uuid.UUID   `json:"id"`
	OrganisationID uuid.UUID   `json:"organisation_id"`
	SiteID         uuid.UUID   `json:"site_id"`
	QueueID        uuid.UUID   `json:"queue_id"`
	Slug           string      `json:"slug"` // what rules name: pharmacy-first, first-contact-physio
	Name           string      `json:"name"`
	Kinds          []string    `json:"kinds"`        // request kinds accepted; empty accepts every kind
	Capabilities   []string    `json:"capabilities"` // what else rules can ask for: physio
	Eligibility    Eligibility `json:"eligibility"`
	Hours          Hours       `json:"hours"` // when it is staffed
	Capacity       Capacity    `json:"capacity"`
	Paused         bool        `json:"paused"` // by its own organisation, in one click: accepts nothing while true
}

// Eligibility is who a service sees. Zero values restrict nothing.
type Eligibility struct {
	MinAge *int    `json:"min_age,omitempty"` // completed years, inclusive
	MaxAge *int    `json:"max_age,omitempty"` // completed years, inclusive
	Sex    nhs.Sex `json:"sex,omitempty"`
	// Registered limits a service to people registered with one of these organisations.
	Registered []nhs.ODSCode `json:"registered,omitempty"`
}

// Capacity limits what a service takes: from 1 to 1,000. Zero means no limit.
type Capacity struct {
	Open  int `json:"open,omitempty"`  // requests open at once
	Daily int `json:"daily,omitempty"` // requests in a calendar day, Europe/London
}

// Role is what a person or program may be in an organisation, or in a neighbourhood.
type Role string

const (
	Receptionist Role = "receptionist"
	Clinician    Role = "clinician" // works requests as a receptionist does, and may lower urgency
	OrgAdmin     Role = "org-admin"
	Lead         Role = "lead"     // neighbourhood lead: rules and figures, no patients
	Operator     Role = "operator" // runs the platform: no patients
	App          Role = "app"      // a program that patients use
	Partner      Role = "partner"  // another online tool that hands in submissions
)

// Membership is one role of one person in one organisation of one neighbourhood, between two days.
type Membership struct {
	NeighbourhoodID uuid.UUID `json:"neighbourhood_id"`
	OrganisationID  uuid.UUID `json:"organisation_id"` // zero for lead, operator, app and partner
	Role            Role      `json:"role"`
	From            nhs.Date  `json:"from"`
	Until           nhs.Date  `json:"until"` // the last day; zero for no end
}

// Active reports whether a membership holds on a day.
func (m Membership) Active(on nhs.Date) bool {
	return !on.Before(m.From) && (m.Until.IsZero() || !m.Until.Before(on))
}

// Agreement is the dated sharing agreement under which an organisation takes part in a neighbourhood.
type Agreement struct {
	OrganisationID uuid.UUID `json:"organisation_id"`
	From           nhs.Date  `json:"from"`
	Until          nhs.Date  `json:"until"` // the last day; zero for no end
}

// London is the zone of every opening hour and due time. Its data is linked into the program.
func London() *time.Location { return london }
