// Package deliveries looks after outcomes that are on their way to clinical systems: it raises an alarm when an
// organisation's wait too long, were refused or are not where our ledger says, or when nobody knows whether an appointment was
// booked, and clears it when that is over.
//
// It reads counts from a store (clinical.Watch) in a job's scope, and names organisations, times and figures: never a
// request or a person. It sends nothing, and replays nothing by itself.
package deliveries

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/alarms"
	"onedoor/app/clinical"
	"onedoor/tenants"
)

// When an alarm rises. Prometheus has the same limits in infra/dashboards/alarms.yaml.
const (
	// LateAfter is how long the oldest delivery may wait. A system's own restart is over by then.
	LateAfter = 15 * time.Minute
	// UnconfirmedAfter is how long the system may say that it has a document and not that it is filed.
	UnconfirmedAfter = 24 * time.Hour
)

// Alarms raise and clear. It is alarms.Service.
type Alarms interface {
	Raise(ctx context.Context, a alarms.Alarm) error
	Clear(ctx context.Context, neighbourhood uuid.UUID, kind alarms.Kind, subject string) error
	Open(ctx context.Context, neighbourhood uuid.UUID) ([]alarms.Alarm, error)
}

// Directories know what organisations are called. It is directory.Service.
type Directories interface {
	Current(ctx context.Context, neighbourhood uuid.UUID) (*tenants.Directory, error)
}

// Watcher looks at deliveries.
type Watcher struct {
	store       clinical.Watch
	alarms      Alarms
	directories Directories
	now         func() time.Time
}

// NewWatcher puts one together.
func NewWatcher(store clinical.Watch, alarms Alarms, directories Directories, now func() time.Time) *Watcher {
	return &Watcher{store, alarms, directories, now}
}

// Watch raises and clears the alarms about one neighbourhood's deliveries.
func (w *Watcher) Watch(ctx context.Context, neighbourhood uuid.UUID) error {
	now := w.now()
	healths, err := w.store.Health(ctx, tenants.JobOf(neighbourhood), now)
	if err != nil {
		return err
	}
	directory, err := w.directories.Current(ctx, neighbourhood)
	if err != nil {
		return err
	}
	standing := map[string]bool{}
	var problems []error
	for _, h := range healths {
		name := "An organisation that has left"
		if o, ok := directory.Organisation(h.OrganisationID); ok {
			name = o.Name
		}
		for _, a := range Alarming(h, name, now) {
			a.NeighbourhoodID = neighbourhood
			standing[string(a.Kind)+a.Subject] = true
			problems = append(problems, w.alarms.Raise(ctx, a))
		}
	}
	return errors.Join(errors.Join(problems...), w.clear(ctx, neighbourhood, standing))
}

// clear ends the alarms about deliveries that nobody raised now.
func (w *Watcher) clear(ctx context.Context, neighbourhood uuid.UUID, standing map[string]bool) error {
	open, err := w.alarms.Open(ctx, neighbourhood)
	if err != nil {
		return err
	}
	var problems []error
	for _, a := range open {
		switch a.Kind {
		case alarms.DeliveriesLate, alarms.DeliveriesRefused, alarms.DeliveriesDiffer, alarms.BookingsUncertain:
			if !standing[string(a.Kind)+a.Subject] {
				problems = append(problems, w.alarms.Clear(ctx, neighbourhood, a.Kind, a.Subject))
			}
		case alarms.PolicyLoad, alarms.ReplayDifference, alarms.RuleDrift: // others'
		}
	}
	return errors.Join(problems...)
}

// Alarming are the alarms that an organisation's deliveries give, without their neighbourhood. The subject is the
// organisation's id, so that each stands once.
func Alarming(h clinical.Health, name string, now time.Time) []alarms.Alarm {
	var list []alarms.Alarm
	raise := func(kind alarms.Kind, format string, args ...any) {
		list = append(list, alarms.Alarm{Kind: kind, Subject: h.OrganisationID.String(), Says: fmt.Sprintf(format, args...)})
	}
	var late []string
	if h.Waiting > 0 && now.Sub(h.Oldest) > LateAfter {
		late = append(late, fmt.Sprintf("%s for its clinical system, the oldest since %s.", Outcomes(h.Waiting, "waits", "wait"), clock(h.Oldest)))
	}
	if h.Unconfirmed > 0 && now.Sub(h.OldestUnconfirmed) > UnconfirmedAfter {
		late = append(late, fmt.Sprintf("%s taken and not yet confirmed as filed, the oldest since %s.", Outcomes(h.Unconfirmed, "was", "were"), clock(h.OldestUnconfirmed)))
	}
	if h.Late > 0 {
		late = append(late, fmt.Sprintf("%s past the time that was promised.", Outcomes(h.Late, "is", "are")))
	}
	if len(late) > 0 {
		raise(alarms.DeliveriesLate, "%s: %s%s", name, strings.Join(late, " "), lastSaid(h))
	}
	if h.Attention > 0 {
		raise(alarms.DeliveriesRefused, "%s: %s not filed and a person has to look.", name, Outcomes(h.Attention, "was", "were"))
	}
	if h.Differences > 0 {
		raise(alarms.DeliveriesDiffer, "%s: %s from what the clinical system has, the oldest since %s.%s", name, Outcomes(h.Differences, "differs", "differ"), clock(h.OldestDifference), twice(h.Twice))
	}
	if h.Uncertain > 0 {
		raise(alarms.BookingsUncertain, "%s: %s not known whether it was booked, moved or given back, the oldest since %s. Ring the practice, and tell the patient.", name, appointments(h.Uncertain), clock(h.OldestUncertain))
	}
	return list
}

func appointments(n int) string {
	if n == 1 {
		return "of 1 appointment it is"
	}
	return fmt.Sprintf("of %d appointments it is", n)
}

// twice says how many of the differences are in a patient's record more than once.
func twice(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return " One of them is in the system more than once."
	}
	return fmt.Sprintf(" %d of them are in the system more than once.", n)
}

// lastSaid is the last error of a way that is in trouble.
func lastSaid(h clinical.Health) string {
	for _, w := range h.Ways {
		if w.Failures > 0 && w.LastError != "" {
			return " The system's last answer: " + w.LastError
		}
	}
	return ""
}

// Outcomes is "1 outcome waits" or "12 outcomes wait".
func Outcomes(n int, one, many string) string {
	if n == 1 {
		return "1 outcome " + one
	}
	return fmt.Sprintf("%d outcomes %s", n, many)
}

func clock(t time.Time) string { return t.In(tenants.London()).Format("15:04 on 2 January") }
