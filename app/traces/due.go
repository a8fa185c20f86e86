package traces

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/policy/access"
	"onedoor/tenants"
)

// slice is how many requests of one neighbourhood are looked up together: about five seconds' worth.
const slice = 25

// TraceDue traces requests that came in lately, where the neighbourhood switched that on, until there are none, the time is
// over or the register does not answer. It says how many it traced. A request that got no answer waits a minute.
func (s *Service) TraceDue(ctx context.Context, neighbourhood uuid.UUID) (traced int, err error) {
	setting, err := s.o.Store.Setting(ctx, neighbourhood)
	if err != nil || !setting.AfterSubmission || !s.Available() {
		return 0, err
	}
	list, err := s.o.Store.Untraced(ctx, neighbourhood, s.o.Now(), slice)
	if err != nil {
		return 0, err
	}
	by := requests.Actor{Actor: audit.Actor{Kind: audit.System, Name: "trace_patients"}, Scope: tenants.JobOf(neighbourhood)}
	for _, reference := range list {
		if ctx.Err() != nil {
			return traced, nil
		}
		_, err := s.Trace(ctx, by, requests.Command{Reference: reference})
		var unasked *patients.Unasked
		switch {
		case err == nil:
			traced++
		case fault.Is(err, "too_many_calls"): // others want their turn: the next run goes on
			return traced, nil
		case fault.Is(err, "request_closed"), fault.Is(err, "not_found"), fault.Is(err, "stale_version"):
		default:
			if putOff := s.o.Store.PutOff(ctx, neighbourhood, reference, s.o.Now().Add(again)); putOff != nil {
				return traced, errors.Join(err, putOff)
			}
			if !errors.As(err, &unasked) {
				return traced, err
			}
			return traced, nil // it does not answer: the others would not be answered either
		}
	}
	return traced, nil
}

// Setting is a neighbourhood's, for those who may read it.
func (s *Service) Setting(ctx context.Context, neighbourhood uuid.UUID) (Setting, error) {
	return s.o.Store.Setting(ctx, neighbourhood)
}

// AfterSubmission switches tracing by itself on or off (not_allowed, tracing_off).
func (s *Service) AfterSubmission(ctx context.Context, by requests.Actor, on bool) error {
	if !slices.ContainsFunc(by.Roles, func(m tenants.Membership) bool {
		_, ok := access.Allow(m.Role, "tracing", "write")
		return ok && m.NeighbourhoodID == by.Scope.NeighbourhoodID
	}) {
		return fault.New(fault.Forbidden, "not_allowed", "Your role does not allow this.")
	}
	if on && !s.Available() {
		return fault.New(fault.Conflict, "tracing_off", "No national register of patients is connected here.")
	}
	now := s.o.Now()
	entry := audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: by.Scope.NeighbourhoodID, At: now, Actor: by.Actor,
		Action: "tracing.switch", SubjectKind: "neighbourhood", Subject: by.Scope.NeighbourhoodID, Details: map[string]any{"after_submission": on},
	}
	return s.o.Store.Change(ctx, by.Scope, Setting{NeighbourhoodID: by.Scope.NeighbourhoodID, AfterSubmission: on, ChangedBy: by.Name, ChangedAt: now}, entry)
}

// Figures are how traces of the last days came out.
func (s *Service) Figures(ctx context.Context, neighbourhood uuid.UUID, since time.Time) (Figures, error) {
	return s.o.Store.Figures(ctx, neighbourhood, since)
}

// RemoveExpired forgets what the registers said and is believed no more, and says of how many people.
func (s *Service) RemoveExpired(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error) {
	return s.o.Store.Forget(ctx, neighbourhood, now)
}
