// Package reception is the workspace where staff of practices and pharmacies work shared queues: the list, first due
// first, the request beside it, and the commands that its state and the person's role allow. Every page and command works
// without JavaScript; with it, the same handlers answer with the parts that changed, and a stream tells when to ask again.
//
// It decides nothing about a request: package requests does, in the scope of who is signed in. It keeps nothing but which
// requests each open list has shown already, so that a list that renews itself is audited for what is new on it.
package reception

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/catalogue"
	"onedoor/app/identity"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/policy"
	"onedoor/tenants"
)

// Requests is a request's life. It is requests.Service.
type Requests interface {
	Queues(ctx context.Context, by requests.Actor) ([]requests.QueueSummary, error)
	List(ctx context.Context, by requests.Actor, q requests.PageQuery, shown map[requests.Reference]bool) (requests.Page, error)
	Get(ctx context.Context, by requests.Actor, reference requests.Reference) (requests.View, error)
	Explain(ctx context.Context, by requests.Actor, reference requests.Reference) (policy.Decision, error)

	Verify(ctx context.Context, by requests.Actor, c requests.Command) (requests.View, error)
	Accept(ctx context.Context, by requests.Actor, c requests.Command) (requests.View, error)
	Decline(ctx context.Context, by requests.Actor, c requests.Command, reason string) (requests.View, error)
	Claim(ctx context.Context, by requests.Actor, c requests.Command) (requests.View, error)
	TakeNext(ctx context.Context, by requests.Actor, queue uuid.UUID) (requests.View, error)
	Release(ctx context.Context, by requests.Actor, c requests.Command) (requests.View, error)
	Transfer(ctx context.Context, by requests.Actor, c requests.Command, to, service, reason string) (requests.View, error)
	Record(ctx context.Context, by requests.Actor, c requests.Command, in requests.NewOutcome) (requests.View, error)
	Close(ctx context.Context, by requests.Actor, c requests.Command, reason string) (requests.View, error)
	Raise(ctx context.Context, by requests.Actor, c requests.Command, to policy.Urgency, reason string) (requests.View, error)
	Lower(ctx context.Context, by requests.Actor, c requests.Command, to policy.Urgency, reason string) (requests.View, error)
	Misrouted(ctx context.Context, by requests.Actor, c requests.Command, reason, note string) (requests.View, error)
	ToolAccept(ctx context.Context, by requests.Actor, c requests.Command) (requests.View, error)
	ToolDecline(ctx context.Context, by requests.Actor, c requests.Command, reason string) (requests.View, error)
}

// Directories know the organisations of a neighbourhood now. It is directory.Service.
type Directories interface {
	Current(ctx context.Context, neighbourhood uuid.UUID) (*tenants.Directory, error)
}

// Options are what the workspace is made of.
type Options struct {
	Requests    Requests
	Directories Directories
	Recordings  Recordings
	Changes     requests.Changes
	PINs        PINs     // nil where there is no telephone line
	Bookings    Bookings // nil where appointments are not booked
	Traces      Traces   // nil where nobody is looked up
	Needs       Needs    // nil where nobody is asked what they need
	Catalogue   *catalogue.Catalogue
	Now         func() time.Time
	// Heartbeat is how often a stream tells the page that it is alive; 20 s.
	Heartbeat time.Duration
}

// Workspace answers for /reception.
type Workspace struct {
	Options
	shown *shownLists
}

// New makes the workspace.
func New(o Options) *Workspace {
	if o.Heartbeat == 0 {
		o.Heartbeat = 20 * time.Second
	}
	return &Workspace{Options: o, shown: newShownLists()}
}

// Add registers the workspace's routes.
func (w *Workspace) Add(s *routes.Server) {
	s.Add(http.MethodGet, root, routes.Need("queue", "list"), w.front)
	s.Add(http.MethodGet, root+"/events", routes.Need("event", "read"), w.events)
	s.Add(http.MethodGet, root+"/queues/:queue", routes.Need("request", "list"), w.queue)
	s.Add(http.MethodPost, root+"/queues/:queue/next", routes.Need("request", "claim"), w.takeNext)
	s.Add(http.MethodGet, root+"/requests/:reference", routes.Need("request", "read"), w.request)
	s.Add(http.MethodGet, root+"/requests/:reference/explanation", routes.Need("decision", "read"), w.explanation)
	s.Add(http.MethodGet, root+"/requests/:reference/recordings/:recording", routes.Need("request", "read"), w.sound)
	s.Add(http.MethodPost, root+"/requests/:reference/recordings/:recording/"+heardCommand, routes.Need("request", "claim"), w.heard)
	w.addPINs(s)
	w.addTrace(s)
	w.addAppointments(s)
	for _, c := range commands() {
		s.Add(http.MethodPost, root+"/requests/:reference/"+c.name, routes.Need("request", c.name), w.run(c))
	}
}

const root = "/reception"

// call is one call to the workspace: who makes it and, beside the open request, which list they look at.
type call struct {
	c         echo.Context
	who       identity.Principal
	by        requests.Actor
	directory *tenants.Directory
	now       time.Time
	list      listAddress
}

func (w *Workspace) call(c echo.Context) (*call, error) {
	who, now := routes.Principal(c), w.Now()
	directory, err := w.Directories.Current(c.Request().Context(), who.NeighbourhoodID)
	if err != nil {
		return nil, err
	}
	return &call{
		c: c, who: who, directory: directory, now: now,
		by: requests.Actor{Actor: who.Actor(), Scope: who.Scope(), Roles: who.Memberships},
	}, nil
}

func (k *call) ctx() context.Context { return k.c.Request().Context() }

// partial reports whether a page asks for the parts that change, and not a browser for a page.
func (k *call) partial() bool { return routes.Partial(k.c) }

// unattended reports whether the page asked by itself.
func (k *call) unattended() bool { return k.c.Request().Header.Get("X-Onedoor-Refresh") != "" }

func (k *call) mayIn(organisation uuid.UUID, action string) bool {
	return k.who.MayIn(organisation, "request", action)
}

// organisation finds the id behind an organisation as a view names it.
func (k *call) organisation(n requests.Named) uuid.UUID {
	o, _ := k.directory.ByODS(nhs.ODSCode(n.ODS))
	return o.ID
}
