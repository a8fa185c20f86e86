package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/simulator"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/nhs"
	"onedoor/app/store/callstore"
	"onedoor/app/store/integrationstore"
	"onedoor/migrations"
	"onedoor/tenants"
)

// seed puts the demonstration in, and points its organisations at the clinical systems that this process runs.
func (a *App) seed(ctx context.Context) error {
	if err := removeDemoFile(a.config.Data); err != nil {
		return err
	}
	err := demo.Seed(ctx, demo.Stock{
		Directory: a.services.directories, Publishing: a.services.versions, Patients: a.services.register, Identity: a.services.people, Issuer: a.issuer(),
		Past: a.services.past.Import, Now: a.now(), Returned: a.services.returned.Import, Rung: callstore.New(a.db).Import,
		Connect: func(ctx context.Context, neighbourhood uuid.UUID, o tenants.Organisation, first bool) error {
			return a.connect(ctx, demo.Connections(a.simulatorURL(), neighbourhood, o), neighbourhood, o.ID, first)
		},
	}, a.today())
	if err != nil {
		return err
	}
	if err := a.seedOwnTools(ctx); err != nil {
		return err
	}
	return a.holdAppointments(ctx)
}

// connect sets an organisation's ways into its simulated systems, with what they are entered with; at a later start only
// their addresses.
func (a *App) connect(ctx context.Context, wanted []clinical.Integration, neighbourhood, organisation uuid.UUID, first bool) error {
	err := a.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error {
		put := wanted
		if !first {
			kept, err := integrationstore.In(ctx, tx, organisation)
			if err != nil {
				return err
			}
			put = demo.Moved(kept, wanted)
		}
		for _, i := range put {
			if err := a.services.connections.Put(ctx, tx, demo.Seeder(), i, a.now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !first {
		return err
	}
	kept, err := a.services.connections.OfOrganisation(ctx, tenants.JobOf(neighbourhood), organisation)
	if err != nil {
		return err
	}
	for _, i := range kept {
		for name, plain := range demo.Credentials(i.Kind) {
			if err := a.services.integrations.Supply(ctx, demo.Seeder(), i, name, []byte(plain)); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdAppointments puts appointments, free times and repeat medicines into the clinical systems that this process runs.
func (a *App) holdAppointments(ctx context.Context) error {
	register, err := a.services.register.All(ctx, demo.NeighbourhoodID("riverside"))
	if err != nil {
		return err
	}
	for _, b := range demo.Bookings(register, a.now()) {
		if err := a.sim.Hold(b.ODS, "Appointment", b.ID, b.Resource); err != nil {
			return err
		}
	}
	for _, p := range register { // those whom the practice that books by GP Connect has on its list
		if p.PracticeID != demo.OrganisationID(demo.BooksByGPConnect) || p.NHSNumber == "" {
			continue
		}
		if err := a.sim.HoldPerson(demo.BooksByGPConnect, simulator.Person{NHSNumber: p.NHSNumber, Given: p.GivenName, Family: p.FamilyName, BirthDate: p.BirthDate}); err != nil {
			return err
		}
	}
	for _, h := range demo.Diary(register, a.now()) {
		if err := a.sim.Hold(h.ODS, h.Kind, h.ID, h.Resource); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) simulatorURL() string { return "http://" + a.simListener.Addr().String() }

func removeDemoFile(dir string) error { return demo.Remove(dir) }

// announce waits until the process is ready, writes demo.json for those who want to use it, and calls ready.
func (a *App) announce(ctx context.Context, ready func()) {
	for !a.ready(ctx) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	if a.config.Demonstration {
		register, err := a.services.register.All(ctx, demo.NeighbourhoodID("riverside"))
		if err == nil {
			err = demo.Write(a.config.Data, demo.Addresses{Base: a.config.base(), SIP: "sip:riverside@" + a.config.SIP, Simulator: a.simulatorURL()}, register)
		}
		if err != nil {
			a.log.Error("demo.json could not be written", "error", err.Error())
		}
	}
	ready()
}

func (a *App) ready(ctx context.Context) bool {
	if !a.has(RoleWeb) {
		return a.db.Ping(ctx) == nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.listener.Addr().String()+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Welcome is what a newcomer reads when the demonstration is ready.
func (a *App) Welcome() string {
	base := a.config.base()
	var b strings.Builder
	fmt.Fprintf(&b, "\nOnedoor is ready. Press Ctrl-C to stop; what you do is kept in %s.\n\n", a.config.Data)
	fmt.Fprintf(&b, "  Patients    %s/riverside/\n  Reception   %s/reception\n  Studio      %s/studio\n  Telephone   sip:riverside@%s\n\nSign in as:\n", base, base, base, a.config.SIP)
	for _, c := range demo.Staff()[:5] {
		fmt.Fprintf(&b, "  %-14s %s\n", c.Name, c.Description)
	}
	fmt.Fprintf(&b, "\nThe person who asks: %s\nAPI keys, addresses and people: %s\n", demo.FirstPatient(a.today()), filepath.Join(a.config.Data, demo.FileName))
	return b.String()
}

func (a *App) today() nhs.Date { return nhs.DateOf(a.now().In(tenants.London())) }

// Migrate brings a database that was given up to date, and says how many steps that took.
func Migrate(ctx context.Context, c Config) (int, error) {
	if c.OwnerDatabaseURL == "" {
		return 0, errors.New("migrating needs --owner-database-url (the private database is migrated by itself)")
	}
	pending, err := migrations.Pending(ctx, c.OwnerDatabaseURL)
	if err != nil {
		return 0, err
	}
	return len(pending), migrations.Up(ctx, c.OwnerDatabaseURL)
}

// RunSimulator runs only the demonstration's clinical systems until ctx is done.
func RunSimulator(ctx context.Context, c Config, ready func(address string)) error {
	var listening net.ListenConfig
	l, err := listening.Listen(ctx, "tcp", c.Simulator)
	if err != nil {
		return err
	}
	s, err := simulator.Open(filepath.Join(c.Data, "simulator"), c.clock())
	if err != nil {
		return errors.Join(err, l.Close())
	}
	s.Beside(nationalPath, nationalServices(nhs.DateOf(c.clock()().In(tenants.London()))))
	s.Beside(ownToolsPath, playedTools(c))
	ready("http://" + l.Addr().String())
	return errors.Join(serveSimulator(ctx, l, s), s.Close())
}
