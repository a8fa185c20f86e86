package integrations

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/identity"
)

const (
	// KeptDays is how long what would have been sent is kept.
	KeptDays = 30
	// mostListed are shown of them.
	mostListed = 50
)

// Record keeps a call that an integration would have made, sealed. It is for package systems, which leaves credentials out.
func (s *Service) Record(ctx context.Context, i clinical.Integration, method string, call Call) error {
	r := Recording{ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: i.NeighbourhoodID, OrganisationID: i.OrganisationID, IntegrationID: i.ID, At: s.o.Now(), Method: method}
	plain, err := json.Marshal(call)
	if err != nil {
		return fmt.Errorf("write what would have been sent: %w", err)
	}
	sealed, err := s.o.Vault.Seal(ctx, i.NeighbourhoodID, plain, sealedFor("recording", r.ID))
	if err != nil {
		return err
	}
	return s.o.Store.Record(ctx, r, sealed)
}

// Recordings are the newest calls that an integration would have made, without what they hold.
func (s *Service) Recordings(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) ([]Recording, error) {
	if _, err := s.found(ctx, by, "recorded", organisation, id); err != nil {
		return nil, err
	}
	return s.o.Store.Recordings(ctx, by.ScopeFor(object, "recorded"), id, mostListed)
}

// Recording is one call with what it holds. It may be about a patient: who reads it stands in the trail.
func (s *Service) Recording(ctx context.Context, by identity.Principal, organisation, id, recording uuid.UUID) (Recording, error) {
	if _, err := s.found(ctx, by, "recorded", organisation, id); err != nil {
		return Recording{}, err
	}
	r, sealed, err := s.o.Store.Recording(ctx, by.ScopeFor(object, "recorded"), id, recording, func(r Recording) audit.Entry {
		return audit.Entry{
			ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: r.NeighbourhoodID, OrganisationID: r.OrganisationID, At: s.o.Now(), Actor: by.Actor(),
			Action: "integration.recorded.read", SubjectKind: object, Subject: r.IntegrationID, Details: map[string]any{"recording": r.ID},
		}
	})
	if err != nil {
		return Recording{}, err
	}
	plain, err := s.o.Vault.Open(ctx, r.NeighbourhoodID, sealed, sealedFor("recording", r.ID))
	if err != nil {
		return Recording{}, err
	}
	if err := json.Unmarshal(plain, &r.Call); err != nil {
		return Recording{}, fmt.Errorf("read what would have been sent: %w", err)
	}
	return r, nil
}

// RemoveRecordings removes those whose time is over, and counts them.
func (s *Service) RemoveRecordings(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error) {
	return s.o.Store.RemoveRecordings(ctx, neighbourhood, now.AddDate(0, 0, -KeptDays))
}
