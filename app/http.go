package app

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"onedoor/app/channels/api"
	"onedoor/app/channels/web"
	"onedoor/app/clinical/simulator"
	"onedoor/app/demo"
	"onedoor/app/identity/devprovider"
	"onedoor/app/identity/oidc"
	"onedoor/app/routes"
	"onedoor/app/store/deliverystore"
	"onedoor/app/store/eventstore"
	"onedoor/app/workspaces/reception"
	"onedoor/app/workspaces/studio"
	"onedoor/app/workspaces/trouble"
	"onedoor/ui/static"
)

// developmentIdentity is where the embedded identity provider is served.
const developmentIdentity = "/development/identity"

const developmentClient = "onedoor"

// serveHTTP registers every route of the product.
func (a *App) serveHTTP(deliveries *deliverystore.Store) error {
	provider, err := a.provider()
	if err != nil {
		return err
	}
	s := a.services
	numbers, err := a.numbers(context.Background())
	if err != nil {
		return err
	}
	pages := web.New(web.Options{
		Catalogue: s.catalogue, Walker: s.walker, Requests: s.requests,
		Neighbourhoods: s.directory, Directories: s.directory, Conversations: s.conversations, Contacts: s.calls, Understanding: s.understanding, SelfService: s.selfservice, Needs: s.needs, OwnTools: s.ownTools,
		Now: a.now, Random: rand.Reader, Log: a.log, Line: numbers,
	})
	a.server = routes.New(routes.Options{
		Doors: s.door, Development: !a.config.production(), Secure: a.config.secure(), Log: a.log, Now: a.now, Registry: a.metrics,
		Ready: []routes.Check{{Name: "database", Ask: a.db.Ping}, {Name: "policies", Ask: s.watch.Ready}}, Degraded: s.watch.Degraded, FormAction: []string{provider.Origin()}, ProblemPage: trouble.Page(pages.Problem),
		KeyRate: rate.Limit(a.config.KeyRate), KeyBurst: a.config.KeyRate,
	})
	a.server.AddHTTP(http.MethodGet, static.Root+"*", routes.Public, static.Handler())
	a.server.AddSignIn(provider, s.door)
	pages.Register(a.server)
	changes := eventstore.New(a.tailer)
	program, err := api.New(api.Options{
		Catalogue: s.catalogue, PINs: s.callers, SelfService: s.selfservice, Traces: s.traces, Needs: s.envelopes, Requests: s.requests, Deliveries: deliveries, Integrations: s.integrations, Recordings: s.recordings, Neighbourhoods: s.directory, Changes: changes, Policies: s.publishing, Simulations: s.simulations,
		Reports: s.calls, Directories: s.directory, Now: a.now,
	})
	if err != nil {
		return err
	}
	program.Add(a.server)
	reception.New(reception.Options{
		Requests: s.requests, PINs: s.callers, Traces: s.traces, Needs: s.needs, Bookings: s.bookings, Directories: s.directory, Recordings: s.recordings, Changes: changes, Catalogue: s.catalogue, Now: a.now,
	}).Add(a.server)
	studio.New(studio.Options{
		Publishing: s.publishing, Directories: s.directory, Loads: s.kept, Alarms: s.alarms, Misroutes: s.misroutes, Traffic: s.simulations, Simulations: s.simulations, Catalogue: s.catalogue, Now: a.now,
	}).Add(a.server)
	a.operations().Add(a.server)
	a.serveReferrals()
	if err := a.serveWebhooks(); err != nil {
		return err
	}
	return a.embedProvider()
}

// issuer is the identity provider of staff: the one that was given or, in development, the embedded one.
func (a *App) issuer() string {
	if a.config.OIDCIssuer != "" {
		return a.config.OIDCIssuer
	}
	return a.config.base() + developmentIdentity
}

func (a *App) provider() (*oidc.RelyingParty, error) {
	c := oidc.Config{
		Issuer: a.issuer(), ClientID: a.config.OIDCClientID, ClientSecret: a.config.OIDCClientSecret, RedirectURL: a.config.base() + routes.SignInCallbackPath,
		Scopes: []string{"profile"}, Production: a.config.production(), Now: a.now,
	}
	if a.embedded() {
		c.ClientID, c.Development = developmentClient, true
	}
	return oidc.New(c)
}

func (a *App) embedded() bool { return a.config.OIDCIssuer == "" && !a.config.production() }

func (a *App) embedProvider() error {
	if !a.embedded() {
		return nil
	}
	var people []devprovider.Person
	for _, c := range demo.Staff() {
		people = append(people, devprovider.Person{Subject: c.Subject, Name: c.Name, Description: c.Description})
	}
	provider, err := devprovider.New(devprovider.Options{
		Development: true, Issuer: a.issuer(), ClientID: developmentClient, RedirectURL: a.config.base() + routes.SignInCallbackPath, People: people, Now: a.now,
		Stylesheets: []string{static.Path("nhsuk-frontend.min.css"), static.Path("onedoor.css")},
	})
	if err != nil {
		return err
	}
	for _, r := range provider.Routes() {
		a.server.AddHTTP(r.Method, r.Path, routes.Development, r.Handler)
	}
	return nil
}

// serveSimulator answers for the demonstration's clinical systems until ctx is done.
func serveSimulator(ctx context.Context, l net.Listener, s *simulator.Server) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := server.Shutdown(wait); err != nil {
		return server.Close() // a system that was told never to answer does not keep the process
	}
	return nil
}
