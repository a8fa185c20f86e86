// Package app puts the product together: configuration, wiring, start and stop, and nothing else. What the product does
// is in the packages below it; only cmd/onedoor and the end-to-end tests import this one.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"onedoor/app/clinical/simulator"
	"onedoor/app/database"
	"onedoor/app/routes"
	"onedoor/app/store/deliverystore"
	"onedoor/infra/localpg"
	"onedoor/jobs"
	"onedoor/migrations"
)

// stopWait bounds what a stop waits for beyond the calls that were accepted.
const stopWait = 20 * time.Second

// App is one running process.
type App struct {
	config   Config
	log      *slog.Logger
	now      func() time.Time
	cluster  *localpg.Cluster // nil when a database was given
	db       *database.DB
	tailer   *database.Tailer
	jobs     *jobs.Client // nil without the role
	server   *routes.Server
	metrics  *prometheus.Registry
	sim      *simulator.Server
	services *services

	deliveries *deliverystore.Store
	line       *telephoneLine // nil without the role

	listener, metricsListener, simListener net.Listener
}

// New opens everything that can fail to open: the database, its schema, the listeners. Nothing is served yet.
func New(ctx context.Context, c Config, log *slog.Logger) (_ *App, err error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	a := &App{config: c, log: log, now: c.clock(), metrics: prometheus.NewRegistry()}
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if err := a.openDatabase(ctx); err != nil { // first: a second process is told who holds the data, whatever else it lacks
		return nil, err
	}
	if err := a.listen(ctx); err != nil {
		return nil, err
	}
	if err := a.wire(ctx); err != nil {
		return nil, err
	}
	return a, nil
}

// openDatabase connects to the database that was given, or starts a private one and brings its schema up to date.
func (a *App) openDatabase(ctx context.Context) error {
	appURL := a.config.DatabaseURL
	if appURL == "" {
		cluster, err := localpg.Start(ctx, localpg.Options{
			Dir: filepath.Join(a.config.Data, "postgres"), Holds: a.holds(), Command: a.command(), Hints: []string{a.config.PostgresBin},
		})
		if err != nil {
			return err
		}
		a.cluster, appURL = cluster, cluster.AppURL()
		if err := migrations.Up(ctx, cluster.OwnerURL()); err != nil {
			return err
		}
	}
	pending, err := migrations.Pending(ctx, appURL)
	if err != nil {
		return err
	}
	if len(pending) > 0 {
		return fmt.Errorf("the database lacks %d migrations, the first of them %s: run onedoor migrate", len(pending), pending[0])
	}
	a.db, err = database.Open(ctx, database.Options{URL: appURL})
	return err
}

func (a *App) holds() []string {
	if a.config.Demonstration {
		return []string{"demo", RoleWeb, RoleVoice, RoleJobs}
	}
	return a.config.Roles
}

func (a *App) command() string {
	if a.config.Demonstration {
		return "onedoor demo"
	}
	return "onedoor serve"
}

func (a *App) has(role string) bool {
	for _, r := range a.config.Roles {
		if r == role {
			return true
		}
	}
	return false
}

// listen takes the addresses.
func (a *App) listen(ctx context.Context) (err error) {
	var config net.ListenConfig
	take := func(address, flag string) net.Listener {
		l, listenErr := config.Listen(ctx, "tcp", address)
		if listenErr == nil {
			return l
		}
		if err == nil {
			err = fmt.Errorf("%s is taken by another process: stop it or choose another with --%s (%w)", address, flag, listenErr)
		}
		return nil
	}
	a.metricsListener = take(a.config.Metrics, "metrics")
	if a.has(RoleWeb) {
		if a.listener = take(a.config.HTTP, "http"); a.listener != nil {
			a.config.HTTP = a.listener.Addr().String() // what a port of 0 became
		}
	}
	if a.config.Demonstration {
		a.simListener = take(a.config.Simulator, "simulator")
	}
	return err
}

// wire makes the domain over its stores, and the surfaces over the domain.
func (a *App) wire(ctx context.Context) error {
	if a.config.Demonstration {
		sim, err := simulator.Open(filepath.Join(a.config.Data, "simulator"), a.now)
		if err != nil {
			return err
		}
		a.sim = sim
		a.sim.Beside(nationalPath, nationalServices(a.today()))
		a.sim.Beside(ownToolsPath, playedTools(a.config))
	}
	inserter, err := jobs.NewInserter(a.db)
	if err != nil {
		return err
	}
	deliveries := deliverystore.New(a.db, inserter)
	a.deliveries = deliveries
	a.tailer = database.NewTailer(a.db, database.TailerOptions{})
	if a.services, err = newServices(a.db, deliveries, inserter, !a.config.production(), a.now, a.log); err != nil {
		return err
	}
	if err := a.wireUnderstanding(); err != nil {
		return err
	}
	if err := a.wireTelephone(inserter); err != nil {
		return err
	}
	if err := a.tellOfAlarms(); err != nil {
		return err
	}
	if err := a.wireIntegrations(); err != nil {
		return err
	}
	if err := a.wireNational(); err != nil {
		return err
	}
	if err := a.wireDialogue(); err != nil {
		return err
	}
	if err := a.wireSpeech(ctx); err != nil {
		return err
	}
	a.metrics.MustRegister(newAlarmGauge(a.services.alarms, a.neighbourhoods), newPolicyGauge(a.services.watch), newCallGauge(a.services.calls, a.services.outbox, a.neighbourhoods, a.now))
	a.metrics.MustRegister(newDeliveryGauge(deliveries, a.services.directory, a.now), newOwnToolGauge(a.services.ownTools, a.services.directory, a.now))
	if a.has(RoleJobs) {
		work := jobs.Work{
			Drains: deliveries, Sweeps: deliveries, Systems: a.services.systems,
			Neighbourhoods: a.neighbourhoods, Offers: a.services.requests, Drift: a.services.misroutes, Expiring: append(a.services.expiring(a.neighbourhoods), a.pruned()),
			Transcriptions: a.services.transcriptions(), Copies: a.services.recordings, Simulations: a.services.simulations, Replays: a.services.replayer,
			Shadows: jobs.Shadows{Drafts: shadowing{a.services.publishing}, Follower: a.services.simulations},
			Calls:   a.services.calls, Standings: a.standings(deliveries), Bookings: a.services.bookings, Inboxes: a.inboxes(deliveries),
			Ledger: deliveries, DeliveryAlarms: a.deliveryAlarms(),
		}
		if a.services.traces.Available() {
			work.Traces = a.services.traces
		}
		if a.services.listings.Available() {
			work.Organisations = a.services.listings
		}
		if a.services.outbox != nil {
			work.Messages = a.services.outbox
		}
		a.jobs, err = jobs.New(a.db, work, jobs.Options{Logger: slog.New(warnings{a.log.Handler()}), Now: a.now})
		if err != nil {
			return err
		}
	}
	if a.config.Demonstration {
		if err := a.seed(ctx); err != nil {
			return err
		}
	}
	if a.has(RoleVoice) {
		if err := a.wireLine(); err != nil {
			return err
		}
	}
	if a.has(RoleWeb) {
		return a.serveHTTP(deliveries)
	}
	return nil
}

// pruned are live events that nobody can ask for again.
func (a *App) pruned() jobs.Expiring {
	return jobs.Expiring{Name: "events", Remove: func(ctx context.Context, _ time.Time) (int, error) { return a.tailer.Prune(ctx) }}
}

func (a *App) neighbourhoods(ctx context.Context) ([]uuid.UUID, error) {
	list, err := a.services.directory.Neighbourhoods(ctx)
	ids := make([]uuid.UUID, len(list))
	for i, n := range list {
		ids[i] = n.ID
	}
	return ids, err
}

// Addresses are where pages and the API, and /metrics, listen: what ports of 0 became.
func (a *App) Addresses() (http, metrics string) {
	return a.config.HTTP, a.metricsListener.Addr().String()
}

// Telephone is where calls reach the voice role, by SIP; empty without it.
func (a *App) Telephone() string {
	if a.line == nil {
		return ""
	}
	return a.config.SIP
}

// Routes are all that the web role answers, each with its rule.
func (a *App) Routes() []routes.Route {
	if a.server == nil {
		return nil
	}
	return a.server.Routes()
}

// Run serves until ctx is done, and then finishes what it has accepted.
func (a *App) Run(ctx context.Context, ready func()) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan error, 8)
	running := 0
	start := func(run func(context.Context) error) {
		running++
		go func() {
			err := run(ctx)
			if err != nil && ctx.Err() == nil {
				stop(err) // one part that fails takes the process down: its supervisor starts it anew
			}
			ended <- err
		}()
	}
	start(func(ctx context.Context) error { return routes.ServeMetrics(ctx, a.metricsListener, a.metrics) })
	start(a.tailer.Run)
	start(a.services.understanding.Run)
	if a.sim != nil {
		start(func(ctx context.Context) error { return serveSimulator(ctx, a.simListener, a.sim) })
	}
	if a.has(RoleWeb) {
		start(func(ctx context.Context) error { return a.server.Serve(ctx, a.listener) })
	}
	if a.line != nil {
		start(a.line.Run)
	}
	if a.has(RoleWeb) || a.has(RoleVoice) { // whoever takes requests decides by the rules in force
		start(a.services.watch.Run)
	}
	if a.services.prompts != nil && a.config.SpeechWarm && (a.has(RoleWeb) || a.has(RoleVoice)) {
		start(a.warmUp)
	}
	if a.jobs != nil {
		if err := a.jobs.Start(ctx); err != nil {
			return err
		}
	}
	if ready != nil {
		go a.announce(ctx, ready)
	}
	<-ctx.Done()
	cause := context.Cause(ctx)
	for range running {
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) && errors.Is(cause, context.Canceled) {
			cause = err
		}
	}
	if a.jobs != nil {
		wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWait)
		defer cancel()
		if err := a.jobs.Stop(wait); err != nil {
			a.log.Error("jobs did not stop in time", "error", err.Error())
		}
	}
	if errors.Is(cause, context.Canceled) {
		return nil
	}
	return cause
}

// Close lets go of everything that New opened.
func (a *App) Close() error {
	for _, l := range []net.Listener{a.listener, a.metricsListener, a.simListener} {
		if l != nil {
			_ = l.Close() // Run may have closed it already
		}
	}
	a.line.close()
	var err error
	if a.db != nil {
		a.db.Close()
	}
	if a.sim != nil {
		err = a.sim.Close()
	}
	if a.cluster != nil {
		err = errors.Join(err, a.cluster.Close())
	}
	if a.sim != nil { // before that, demo.json is another process's
		if removeErr := removeDemoFile(a.config.Data); removeErr != nil && !errors.Is(removeErr, os.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}
	return err
}
