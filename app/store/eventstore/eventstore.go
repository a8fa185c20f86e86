// Package eventstore gives the domain the live events of the database: what changed, in ids, in an order that is certain.
package eventstore

import (
	"context"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/requests"
)

// Store implements requests.Changes over a tailer, which somebody else runs.
type Store struct{ tailer *database.Tailer }

// New makes a store over a tailer.
func New(tailer *database.Tailer) *Store { return &Store{tailer} }

// Subscribe implements requests.Changes. It refuses an id that this service never sent (event_id).
func (s *Store) Subscribe(ctx context.Context, neighbourhood uuid.UUID, after string) (<-chan requests.Change, error) {
	from, err := database.ParseEventID(after)
	if err != nil {
		return nil, err
	}
	events, err := s.tailer.Subscribe(ctx, neighbourhood, from)
	if err != nil {
		return nil, err
	}
	changes := make(chan requests.Change)
	go func() {
		defer close(changes)
		for e := range events {
			change := requests.Change{ID: e.ID.String(), Topic: e.Topic, Reference: requests.Reference(e.Reference), Organisations: e.Organisations, At: e.At}
			select {
			case changes <- change:
			case <-ctx.Done():
				return
			}
		}
	}()
	return changes, nil
}
