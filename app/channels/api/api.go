// Package api is the HTTP channel for programs: an NHS app, another online tool, a practice's own system, or staff's own
// scripts. It reads what is sent into the field's own types, hands it to the domain, and writes what comes back; it decides
// nothing. Every route stands here with its rule, and is described by the OpenAPI document beside it, which the product
// serves and a test holds against the router.
package api

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/clinical"
	"onedoor/app/identity"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/policy"
	"onedoor/tenants"
)

// Requests is a request's life. It is requests.Service.
type Requests interface {
	Submit(context.Context, requests.Submission) (requests.Receipt, error)
	Get(context.Context, requests.Actor, requests.Reference) (requests.View, error)
	Explain(context.Context, requests.Actor, requests.Reference) (policy.Decision, error)
	Queues(context.Context, requests.Actor) ([]requests.QueueSummary, error)
	List(context.Context, requests.Actor, requests.PageQuery, map[requests.Reference]bool) (requests.Page, error)

	Verify(context.Context, requests.Actor, requests.Command) (requests.View, error)
	Accept(context.Context, requests.Actor, requests.Command) (requests.View, error)
	Decline(ctx context.Context, by requests.Actor, c requests.Command, reason string) (requests.View, error)
	Claim(context.Context, requests.Actor, requests.Command) (requests.View, error)
	Release(context.Context, requests.Actor, requests.Command) (requests.View, error)
	Transfer(ctx context.Context, by requests.Actor, c requests.Command, to, service, reason string) (requests.View, error)
	Record(context.Context, requests.Actor, requests.Command, requests.NewOutcome) (requests.View, error)
	Close(ctx context.Context, by requests.Actor, c requests.Command, reason string) (requests.View, error)
	Raise(ctx context.Context, by requests.Actor, c requests.Command, to policy.Urgency, reason string) (requests.View, error)
	Lower(ctx context.Context, by requests.Actor, c requests.Command, to policy.Urgency, reason string) (requests.View, error)
	Misrouted(ctx context.Context, by requests.Actor, c requests.Command, reason, note string) (requests.View, error)
	ToolAccept(context.Context, requests.Actor, requests.Command) (requests.View, error)
	ToolDecline(ctx context.Context, by requests.Actor, c requests.Command, reason string) (requests.View, error)
	Handover(ctx context.Context, neighbourhood uuid.UUID, by audit.Actor, id uuid.UUID) (requests.HandoverView, error)
	ToolSays(ctx context.Context, neighbourhood uuid.UUID, by audit.Actor, id uuid.UUID, state requests.ToolState, says string) (requests.HandoverView, error)
}

// Traces look people up in the national register of patients. It is traces.Service.
type Traces interface {
	Trace(ctx context.Context, by requests.Actor, c requests.Command) (requests.View, error)
}

// Needs open what was sealed of what people need. It is needs.Envelopes.
type Needs interface {
	Open(ctx context.Context, neighbourhood uuid.UUID, k *patients.KeptNeeds) (patients.Needs, error)
}

// Deliveries are outcomes on their way to clinical systems. It is a clinical.Store.
type Deliveries interface {
	List(ctx context.Context, scope tenants.Scope, f clinical.Filter, cursor string, limit int) (clinical.Page, error)
	Replay(ctx context.Context, scope tenants.Scope, by audit.Actor, id uuid.UUID, now time.Time) (clinical.Delivery, error)
	ReplayAll(ctx context.Context, scope tenants.Scope, by audit.Actor, f clinical.Filter, now time.Time) (n int, more bool, err error)
}

// Neighbourhoods knows all neighbourhoods. It is directory.Service.
type Neighbourhoods interface {
	Neighbourhoods(context.Context) ([]tenants.Neighbourhood, error)
}

// Options are what the API stands on.
type Options struct {
	Catalogue      *catalogue.Catalogue
	Requests       Requests
	Deliveries     Deliveries
	Integrations   Integrations
	Recordings     Recordings
	Neighbourhoods Neighbourhoods
	Changes        requests.Changes
	PINs           PINs
	Traces         Traces // nil: nobody can be looked up
	Needs          Needs  // nil: what people need is not told
	SelfService    SelfService
	Policies       Policies
	Simulations    Simulations
	Reports        Reports
	Directories    Directories
	Now            func() time.Time
}

// API holds the handlers.
type API struct {
	o        Options
	document []byte

	mu    sync.Mutex
	slugs map[uuid.UUID]knownSlug
}

type knownSlug struct {
	slug  string
	until time.Time
}

// New makes the API; Add registers it. It fails when its own OpenAPI document cannot be read.
func New(o Options) (*API, error) {
	document, err := openAPI()
	if err != nil {
		return nil, err
	}
	return &API{o: o, document: document, slugs: map[uuid.UUID]knownSlug{}}, nil
}

// Add registers every route of the API with its rule.
func (a *API) Add(s *routes.Server) {
	s.Add(http.MethodGet, "/api/v1/openapi.json", routes.Public, a.openAPI)
	s.Add(http.MethodGet, "/api/v1/kinds", routes.Need("kind", "list"), a.listKinds)
	s.Add(http.MethodGet, "/api/v1/kinds/:kind/questionnaire", routes.Need("kind", "read"), a.questionnaire)

	s.Add(http.MethodPost, "/api/v1/requests", routes.Need("request", "submit"), a.submit)
	s.Add(http.MethodGet, "/api/v1/requests/:reference", routes.Need("request", "read"), a.getRequest)
	s.Add(http.MethodGet, "/api/v1/requests/:reference/decision", routes.Need("decision", "read"), a.explain)
	s.Add(http.MethodGet, "/api/v1/requests/:reference/recordings", routes.Need("request", "read"), a.listRecordings)
	s.Add(http.MethodGet, "/api/v1/requests/:reference/recordings/:id", routes.Need("request", "read"), a.playRecording)
	for name, command := range a.commands() {
		s.Add(http.MethodPost, "/api/v1/requests/:reference/"+name, routes.Need("request", name), a.run(command))
	}

	s.Add(http.MethodGet, "/api/v1/queues", routes.Need("queue", "list"), a.listQueues)
	s.Add(http.MethodGet, "/api/v1/queues/:id/requests", routes.Need("request", "list"), a.listQueue)
	s.Add(http.MethodGet, "/api/v1/deliveries", routes.Need("delivery", "list"), a.listDeliveries)
	s.Add(http.MethodPost, "/api/v1/deliveries/replay", routes.Need("delivery", "replay"), a.replayAll)
	s.Add(http.MethodPost, "/api/v1/deliveries/:id/replay", routes.Need("delivery", "replay"), a.replay)
	s.Add(http.MethodGet, "/api/v1/events", routes.Need("event", "read"), a.events)
	s.Add(http.MethodPost, "/api/v1/telephone-pins", routes.Need("caller-pin", "set"), a.setPIN)
	s.Add(http.MethodPost, "/api/v1/telephone-pins/remove", routes.Need("caller-pin", "remove"), a.removePIN)
	a.addBySelf(s)
	a.addHandovers(s)
	a.addPolicies(s)
	a.addReports(s)
	a.addIntegrations(s)
}

// staff is a principal acting for the organisations where they work.
func staff(p identity.Principal) requests.Actor {
	return requests.Actor{Actor: p.Actor(), Scope: p.Scope(), Roles: p.Memberships}
}

// slugTime is how long a neighbourhood's slug is taken as known.
const slugTime = time.Minute

// slugOf is the slug of the neighbourhood that a caller belongs to.
func (a *API) slugOf(ctx context.Context, id uuid.UUID) (string, error) {
	now := a.o.Now()
	a.mu.Lock()
	known, ok := a.slugs[id]
	a.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.slug, nil
	}
	list, err := a.o.Neighbourhoods.Neighbourhoods(ctx)
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range list {
		a.slugs[n.ID] = knownSlug{n.Slug, now.Add(slugTime)}
	}
	return a.slugs[id].slug, nil
}
