package app

import (
	"context"

	"github.com/google/uuid"

	"onedoor/app/channels/api"
	"onedoor/app/database"
	"onedoor/app/workspaces/reception"
)

// apiChanges gives the API the tailer's events.
type apiChanges struct{ tailer *database.Tailer }

func (c apiChanges) Subscribe(ctx context.Context, neighbourhood uuid.UUID, after string) (<-chan api.Change, error) {
	return subscribe(ctx, c.tailer, neighbourhood, after, func(e database.Event) api.Change {
		return api.Change{ID: e.ID.String(), Topic: e.Topic, Reference: e.Reference, Organisations: e.Organisations, At: e.At}
	})
}

// receptionEvents gives reception the same.
type receptionEvents struct{ tailer *database.Tailer }

func (r receptionEvents) Subscribe(ctx context.Context, neighbourhood uuid.UUID, after string) (<-chan reception.Event, error) {
	return subscribe(ctx, r.tailer, neighbourhood, after, func(e database.Event) reception.Event {
		return reception.Event{ID: e.ID.String(), Topic: e.Topic, Organisations: e.Organisations, Reference: e.Reference}
	})
}

func subscribe[T any](ctx context.Context, tailer *database.Tailer, neighbourhood uuid.UUID, after string, as func(database.Event) T) (<-chan T, error) {
	from, err := database.ParseEventID(after)
	if err != nil {
		return nil, err
	}
	events, err := tailer.Subscribe(ctx, neighbourhood, from)
	if err != nil {
		return nil, err
	}
	out := make(chan T)
	go func() {
		defer close(out)
		for e := range events {
			select {
			case out <- as(e):
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}
