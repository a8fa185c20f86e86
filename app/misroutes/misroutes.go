// Package misroutes gathers, for each rule, how many of the requests that it sent were declined or found to be in the wrong
// place, and watches whether that is more than usual. It draws a control chart for each rule (package control), raises an
// alarm when one drifts past its limits, and falls back to the registered practice where the lead chose that for the rule.
//
// It sees counts by day, rule and reason, and never a request, a note or a person. Counts come from the decisions and from
// what staff say (package requests) through its Store; versions of the rules come from package publishing; alarms go to
// package alarms. It decides nothing about a request.
package misroutes

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/alarms"
	"onedoor/app/nhs"
	"onedoor/app/publishing"
	"onedoor/app/requests"
	"onedoor/tenants"
)

// Day is what one rule of one version did on one day.
type Day struct {
	On        nhs.Date
	RulesHash string // of the policy, or of the platform's safety stage
	Table     string // of the safety stage, it begins with SafetyTables
	Rule      string
	Decisions int
	Returned  int // of those: declined, or said to be in the wrong place
	Reasons   map[requests.MisrouteReason]int
}

// SafetyTables begins the names of the safety stage's tables here; no neighbourhood can give such a name.
const SafetyTables = "safety:"

// Store counts and keeps counts.
type Store interface {
	// Gather counts the days from one on again; what was counted of them before is replaced.
	Gather(ctx context.Context, neighbourhood uuid.UUID, from nhs.Date) error
	// Newest is the last day that was counted; zero for none.
	Newest(ctx context.Context, neighbourhood uuid.UUID) (nhs.Date, error)
	// Days are those from one on, in order.
	Days(ctx context.Context, neighbourhood uuid.UUID, from nhs.Date) ([]Day, error)
}

// Versions knows which rules were in force. It is publishing.Service.
type Versions interface {
	Versions(ctx context.Context, neighbourhood uuid.UUID) ([]publishing.Version, error)
	Version(ctx context.Context, neighbourhood uuid.UUID, hash string) (publishing.Version, error)
	Fallback(ctx context.Context, neighbourhood uuid.UUID, table, rule, note string) (publishing.Version, error)
}

// Alarms tells a lead. It is alarms.Service.
type Alarms interface {
	Raise(ctx context.Context, a alarms.Alarm) error
	Clear(ctx context.Context, neighbourhood uuid.UUID, kind alarms.Kind, subject string) error
	Open(ctx context.Context, neighbourhood uuid.UUID) ([]alarms.Alarm, error)
	Last(ctx context.Context, neighbourhood uuid.UUID, kind alarms.Kind, subject string) (alarms.Alarm, bool, error)
}

// Options are what a Service stands on.
type Options struct {
	Store    Store
	Versions Versions
	Alarms   Alarms
	Now      func() time.Time
}

// Service gathers and watches.
type Service struct{ o Options }

// New puts a service together.
func New(o Options) *Service { return &Service{o} }

const (
	// regathered days may still change: an offer is declined, or somebody says so, well after the decision.
	regathered = 28
	// remembered days make up a chart.
	remembered = 2 * 365
)

func (s *Service) today() nhs.Date { return nhs.DateOf(s.o.Now().In(tenants.London())) }

// Subject names a rule in an alarm.
func Subject(table, rule string) string { return table + "/" + rule }

// Gather counts the last four weeks again; and what went before them, where nobody had counted for longer.
func (s *Service) Gather(ctx context.Context, neighbourhood uuid.UUID) error {
	newest, err := s.o.Store.Newest(ctx, neighbourhood)
	if err != nil {
		return err
	}
	from, oldest := s.today().Add(-regathered), s.today().Add(-remembered)
	switch {
	case newest.Before(oldest): // none, too
		from = oldest
	case newest.Before(from):
		from = newest
	}
	return s.o.Store.Gather(ctx, neighbourhood, from)
}
