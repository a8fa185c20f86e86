package api

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/identity"
	"onedoor/app/requests"
	"onedoor/app/routes"
)

type changeBody struct {
	Topic     string    `json:"topic"`
	Reference string    `json:"reference,omitempty"`
	At        time.Time `json:"at"`
}

// events streams what changes in the caller's organisations, in ids: what it stands for is read by the other routes.
func (a *API) events(c echo.Context) error {
	p := routes.Principal(c)
	ctx, cancel := context.WithCancel(c.Request().Context())
	defer cancel()
	changes, err := a.o.Changes.Subscribe(ctx, p.NeighbourhoodID, routes.LastEventID(c))
	if err != nil {
		return err
	}
	stream, err := routes.OpenStream(c)
	if err != nil {
		return nil // the caller is gone
	}
	events := make(chan routes.Event)
	go func() {
		defer close(events)
		for change := range changes {
			event, ok := eventFor(p, change)
			if !ok {
				continue
			}
			select {
			case events <- event:
			case <-ctx.Done():
				return
			}
		}
	}()
	return stream.Pump(events)
}

// eventFor is a change as a principal may hear of it: that of an organisation where they work, or one that concerns no
// organisation alone.
func eventFor(p identity.Principal, change requests.Change) (routes.Event, bool) {
	scope := p.ScopeFor("event", "read")
	if len(change.Organisations) > 0 && !slices.ContainsFunc(change.Organisations, scope.Includes) {
		return routes.Event{}, false
	}
	data, err := json.Marshal(changeBody{change.Topic, string(change.Reference), change.At})
	if err != nil {
		return routes.Event{}, false
	}
	return routes.Event{ID: change.ID, Name: change.Topic, Data: data}, true
}
