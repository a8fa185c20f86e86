// Package publishing puts routing policies into force. A version is immutable and named by the hash of its document; it
// is live from a moment on, until the next one is. What is published has passed the gate: it parses, and every test case
// stored beside its rules holds.
package publishing

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

// Version is one policy in force from a moment on.
type Version struct {
	NeighbourhoodID uuid.UUID
	Hash            string
	LiveFrom        time.Time
	Document        []byte
	PublishedBy     string
	Note            string
}

// Store keeps versions. Everything done in one InTx is committed together or not at all.
type Store interface {
	InTx(ctx context.Context, neighbourhood uuid.UUID, fn func(Tx) error) error
}

// Tx is one publication.
type Tx interface {
	Add(Version) error
	Audit(audit.Entry)
}

// Service is the one way to publish.
type Service struct {
	store Store
	now   func() time.Time
}

// New puts a service together.
func New(store Store, now func() time.Time) *Service { return &Service{store, now} }

// Publish puts a policy into force from now on. It refuses a document that does not parse, a stored case that does not
// hold (case_fails, naming it) and a missing note (note_required).
func (s *Service) Publish(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, document []byte, note string) (Version, error) {
	p, err := policy.Parse(document)
	if err != nil {
		return Version{}, err
	}
	if strings.TrimSpace(note) == "" {
		return Version{}, fault.New(fault.Invalid, "note_required", "Say in a note why this policy is published.")
	}
	now := s.now()
	if failures := p.RunCases(nhs.DateOf(now.In(tenants.London()))); len(failures) > 0 {
		return Version{}, fault.New(fault.Invalid, "case_fails", "The stored case %q does not hold: %s", failures[0].Case, failures[0].Says)
	}
	v := Version{neighbourhood, p.Hash(), now, document, by.Name, note}
	err = s.store.InTx(ctx, neighbourhood, func(tx Tx) error {
		if err := tx.Add(v); err != nil {
			return err
		}
		tx.Audit(audit.Entry{
			ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: neighbourhood, At: now, Actor: by, Action: "policy.publish",
			SubjectKind: "neighbourhood", Subject: neighbourhood, Details: map[string]any{"hash": v.Hash, "note": note},
		})
		return nil
	})
	return v, err
}
