// Package alarms keeps what a neighbourhood's lead and the platform should look at soon: a policy that a node could not
// load, a decision that replay no longer gives, a rule whose requests keep coming back. Whoever finds one raises it, as
// often as it is found: while it is open it stands once. It is cleared by whoever sees that it is over, or by a person who
// says why. An alarm names rules, versions and figures, and never a person or a request; it does nothing by itself. A store
// keeps alarms, each in a transaction of its own, so that one raised from a transaction that fails is still there.
package alarms

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
)

// Kind is a sort of alarm.
type Kind string

const (
	PolicyLoad       Kind = "policy-load"       // a node decides by its last good version, since it could not load the live one
	ReplayDifference Kind = "replay-difference" // a stored decision, decided again from what it saw, came out otherwise
	RuleDrift        Kind = "rule-drift"        // too many requests that one rule sent were declined or sent to the wrong place

	DeliveriesLate    Kind = "deliveries-late"    // outcomes have waited too long for an organisation's clinical system
	DeliveriesRefused Kind = "deliveries-refused" // outcomes were refused, and wait for a person
	DeliveriesDiffer  Kind = "deliveries-differ"  // a clinical system does not have what our ledger says, or has it twice
	BookingsUncertain Kind = "bookings-uncertain" // nobody knows whether an appointment was booked, moved or given back
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{PolicyLoad, ReplayDifference, RuleDrift, DeliveriesLate, DeliveriesRefused, DeliveriesDiffer, BookingsUncertain}
}

// Alarm is one thing that is, or was, wrong.
type Alarm struct {
	ID              uuid.UUID // made by Raise
	NeighbourhoodID uuid.UUID
	Kind            Kind
	// Subject tells alarms of a kind apart: a node, a version's hash, a table and its rule.
	Subject string
	// Says is one sentence for a lead, with figures and without people. Raising an open alarm again brings it up to date.
	Says string

	RaisedAt     time.Time
	SeenAt       time.Time // when it was raised last
	ClearedAt    time.Time // zero while it is open
	Acknowledged *Acknowledgement
}

// Open reports whether it still stands.
func (a Alarm) Open() bool { return a.ClearedAt.IsZero() }

// Acknowledgement is how a person cleared an alarm.
type Acknowledgement struct {
	By   audit.Actor
	Note string
}

// Store keeps alarms. Each method is a transaction of its own in its neighbourhood.
type Store interface {
	// Raise stores an alarm unless one of its kind and subject is open, which it brings up to date; risen tells which.
	// Both are announced to open pages, a rise only once.
	Raise(ctx context.Context, a Alarm) (risen bool, err error)
	// Clear ends the open alarm of a kind and subject, and tells whether there was one.
	Clear(ctx context.Context, neighbourhood uuid.UUID, kind Kind, subject string, at time.Time) (cleared bool, err error)
	// Acknowledge ends an open alarm with a person's note, and adds the entry to the trail. An alarm that is not there is
	// absent; one that is no longer open is returned as it is, with acknowledged false.
	Acknowledge(ctx context.Context, neighbourhood, id uuid.UUID, note Acknowledgement, entry audit.Entry) (a Alarm, acknowledged bool, err error)
	// Open are the alarms that stand, newest first.
	Open(ctx context.Context, neighbourhood uuid.UUID) ([]Alarm, error)
	// Last is the newest alarm of a kind and subject, open or not.
	Last(ctx context.Context, neighbourhood uuid.UUID, kind Kind, subject string) (Alarm, bool, error)
	// Recent are the newest alarms of a kind, open or not.
	Recent(ctx context.Context, neighbourhood uuid.UUID, kind Kind, limit int) ([]Alarm, error)
}

// Service raises and clears.
type Service struct {
	store Store
	now   func() time.Time
	log   *slog.Logger
	tell  func(context.Context, Alarm) error
}

// TellBy has somebody told of each alarm when it rises, such as by a text to who is on call. It is called once, before the
// service is used. An alarm stands whether or not telling of it works.
func (s *Service) TellBy(tell func(context.Context, Alarm) error) { s.tell = tell }

// New puts a service together. The log gets one line at each rise, with ids and words for staff only; none when nil.
func New(store Store, now func() time.Time, log *slog.Logger) *Service {
	if log == nil {
		log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return &Service{store: store, now: now, log: log}
}

const (
	maxSubject = 200
	maxSays    = 1000
	maxNote    = 500
)

// Raise tells that something is wrong. It may be called as often as it is found, and from anywhere: it shares no
// transaction with the caller.
func (s *Service) Raise(ctx context.Context, a Alarm) error {
	if err := check(a); err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	now := s.now().UTC()
	a = Alarm{ID: id, NeighbourhoodID: a.NeighbourhoodID, Kind: a.Kind, Subject: a.Subject, Says: a.Says, RaisedAt: now, SeenAt: now}
	risen, err := s.store.Raise(ctx, a)
	if err != nil || !risen {
		return err
	}
	s.log.LogAttrs(ctx, slog.LevelWarn, "an alarm was raised", slog.String("kind", string(a.Kind)), slog.String("alarm", id.String()),
		slog.String("neighbourhood", a.NeighbourhoodID.String()), slog.String("subject", a.Subject), slog.String("says", a.Says))
	if s.tell == nil {
		return nil
	}
	if err := s.tell(ctx, a); err != nil {
		s.log.LogAttrs(ctx, slog.LevelError, "nobody could be told of an alarm", slog.String("alarm", id.String()), slog.Any("error", err))
	}
	return nil
}

// check refuses what a program got wrong.
func check(a Alarm) error {
	switch {
	case a.NeighbourhoodID == uuid.Nil:
		return errors.New("an alarm belongs to a neighbourhood")
	case !slices.Contains(Kinds(), a.Kind):
		return errors.New("an alarm has one of the kinds that are known")
	case a.Subject == "" || utf8.RuneCountInString(a.Subject) > maxSubject:
		return errors.New("an alarm's subject has 1 to 200 characters")
	case a.Says == "" || utf8.RuneCountInString(a.Says) > maxSays:
		return errors.New("an alarm says one sentence, of up to 1,000 characters")
	}
	return nil
}

// Clear tells that it is over. Clearing what is not open does nothing.
func (s *Service) Clear(ctx context.Context, neighbourhood uuid.UUID, kind Kind, subject string) error {
	cleared, err := s.store.Clear(ctx, neighbourhood, kind, subject, s.now().UTC())
	if err == nil && cleared {
		s.log.LogAttrs(ctx, slog.LevelInfo, "an alarm was cleared", slog.String("kind", string(kind)),
			slog.String("neighbourhood", neighbourhood.String()), slog.String("subject", subject))
	}
	return err
}

// Acknowledge clears an alarm with a note of who has looked at it. The caller has checked that the actor may.
func (s *Service) Acknowledge(ctx context.Context, by audit.Actor, neighbourhood, id uuid.UUID, note string) (Alarm, error) {
	note = strings.TrimSpace(note)
	if note == "" {
		return Alarm{}, fault.InvalidFields([]fault.Field{{Pointer: "/note", Code: "required", Says: "Say in a note what you found, or why it is as it should be."}})
	}
	if utf8.RuneCountInString(note) > maxNote {
		return Alarm{}, fault.InvalidFields([]fault.Field{{Pointer: "/note", Code: "too_long", Says: "The note must be 500 characters or fewer."}})
	}
	entryID, err := uuid.NewV7()
	if err != nil {
		return Alarm{}, err
	}
	entry := audit.Entry{
		ID: entryID, NeighbourhoodID: neighbourhood, At: s.now().UTC(), Actor: by, Action: "alarm.acknowledge", SubjectKind: "alarm", Subject: id,
	}
	a, acknowledged, err := s.store.Acknowledge(ctx, neighbourhood, id, Acknowledgement{by, note}, entry)
	if err != nil {
		return Alarm{}, err
	}
	if !acknowledged {
		return Alarm{}, fault.New(fault.Conflict, "alarm_cleared", "This alarm has already been cleared.")
	}
	return a, nil
}

// Open are the alarms that stand in a neighbourhood, newest first.
func (s *Service) Open(ctx context.Context, neighbourhood uuid.UUID) ([]Alarm, error) {
	return s.store.Open(ctx, neighbourhood)
}

// Last is the newest alarm of a kind and subject, open or not.
func (s *Service) Last(ctx context.Context, neighbourhood uuid.UUID, kind Kind, subject string) (Alarm, bool, error) {
	return s.store.Last(ctx, neighbourhood, kind, subject)
}

// Recent are the newest fifty alarms of a kind, open or not.
func (s *Service) Recent(ctx context.Context, neighbourhood uuid.UUID, kind Kind) ([]Alarm, error) {
	return s.store.Recent(ctx, neighbourhood, kind, 50)
}

// Count counts the open alarms of some neighbourhoods by kind; every kind is there.
func (s *Service) Count(ctx context.Context, neighbourhoods []uuid.UUID) (map[Kind]int, error) {
	counts := make(map[Kind]int, len(Kinds()))
	for _, k := range Kinds() {
		counts[k] = 0
	}
	for _, id := range neighbourhoods {
		open, err := s.store.Open(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, a := range open {
			counts[a.Kind]++
		}
	}
	return counts, nil
}
