package reception

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/requests"
	"onedoor/app/routes"
)

// The names of events on the stream. None carries more than a reference: the page asks for the rest as its person.
const (
	changedEvent = "request"
	resetEvent   = "reset"
	beatEvent    = "beat" // the stream is alive; its data is the product's clock in milliseconds
)

// events streams what changes for the person's organisations.
func (w *Workspace) events(c echo.Context) error {
	who := routes.Principal(c)
	by := requests.Actor{Actor: who.Actor(), Scope: who.ScopeFor("event", "read")}
	ctx, cancel := context.WithCancel(c.Request().Context())
	defer cancel()
	changes, err := w.Changes.Subscribe(ctx, who.NeighbourhoodID, routes.LastEventID(c))
	if err != nil {
		return err
	}
	stream, err := routes.OpenStream(c)
	if err != nil {
		return nil // the page has gone
	}
	out := make(chan routes.Event)
	go w.relay(ctx, by, changes, out)
	return stream.Pump(out)
}

// relay passes on what concerns the person's organisations, and beats, until the page leaves or the changes end.
func (w *Workspace) relay(ctx context.Context, by requests.Actor, changes <-chan requests.Change, out chan<- routes.Event) {
	defer close(out)
	beat := time.NewTicker(w.Heartbeat)
	defer beat.Stop()
	next := w.beat()
	for {
		select {
		case <-ctx.Done():
			return
		case out <- next:
		}
		for found := false; !found; {
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
				next, found = w.beat(), true
			case e, ok := <-changes:
				if !ok {
					return
				}
				next, found = relayed(by, e)
			}
		}
	}
}

func (w *Workspace) beat() routes.Event {
	return routes.Event{Name: beatEvent, Data: []byte(strconv.FormatInt(w.Now().UnixMilli(), 10))}
}

func relayed(by requests.Actor, e requests.Change) (routes.Event, bool) {
	if len(e.Organisations) == 0 {
		return routes.Event{ID: e.ID, Name: resetEvent}, e.Topic == resetEvent // alarms and versions are not drawn here
	}
	if !slices.ContainsFunc(e.Organisations, by.Scope.Includes) {
		return routes.Event{}, false
	}
	return routes.Event{ID: e.ID, Name: changedEvent, Data: []byte(e.Reference)}, true
}
