package app

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"onedoor/app/alarms"
	"onedoor/app/bookings"
	"onedoor/app/callers"
	"onedoor/app/calls"
	"onedoor/app/catalogue"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/prompts"
	"onedoor/app/clinical/systems"
	"onedoor/app/database"
	"onedoor/app/directory"
	"onedoor/app/identity"
	"onedoor/app/intake"
	"onedoor/app/integrations"
	"onedoor/app/messages"
	"onedoor/app/misroutes"
	"onedoor/app/needs"
	"onedoor/app/owntools"
	"onedoor/app/publishing"
	"onedoor/app/recordings"
	"onedoor/app/requests"
	"onedoor/app/secrets"
	"onedoor/app/selfservice"
	"onedoor/app/simulations"
	"onedoor/app/store/alarmstore"
	"onedoor/app/store/callerstore"
	"onedoor/app/store/conversationstore"
	"onedoor/app/store/deliverystore"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/identitystore"
	"onedoor/app/store/integrationstore"
	"onedoor/app/store/misroutestore"
	"onedoor/app/store/owntoolstore"
	"onedoor/app/store/patientstore"
	"onedoor/app/store/publishingstore"
	"onedoor/app/store/requeststore"
	"onedoor/app/store/rulestore"
	"onedoor/app/store/simulationstore"
	"onedoor/app/store/understandingstore"
	"onedoor/app/traces"
	"onedoor/app/understanding"
	"onedoor/jobs"
)

// services is the domain over its stores.
type services struct {
	catalogue     *catalogue.Catalogue
	requests      *requests.Service
	directory     *directory.Service
	publishing    *publishing.Service
	door          *identity.Door
	conversations *conversationstore.Store
	alarms        *alarms.Service
	misroutes     *misroutes.Service
	returned      *misroutestore.Store
	simulations   *simulations.Service
	replayer      *simulations.Replayer
	past          *simulationstore.Store
	vault         *secrets.Vault
	calls         *calls.Service
	outbox        *messages.Outbox // nil where texts cannot be sent

	directories *directorystore.Store
	versions    *publishingstore.Store
	people      *identitystore.Store
	register    *patientstore.Store
	kept        *requeststore.Store
	rules       *rulestore.Store
	watch       *rulestore.Watch

	understanding *understanding.Service
	uses          *understandingstore.Store

	recordings  *recordings.Service
	walker      *intake.Walker // of every channel
	callers     *callers.Service
	callerRows  *callerstore.Store
	bookings    *bookings.Service
	selfservice *selfservice.Service

	traces *traces.Service
	needs  *needs.Service

	envelopes *needs.Envelopes

	ownTools    *owntools.Service
	ownToolRows *owntoolstore.Store
	listings    *directory.Listings

	connections  *integrationstore.Store
	integrations *integrations.Service
	systems      *systems.Systems // one for all, so that connections and tokens are shared

	dialogue *dialogue.Driver
	prompts  *prompts.Prompts // nil where nothing speaks
	filing   filing
}

func newServices(db *database.DB, deliveries *deliverystore.Store, inserter simulationstore.Inserter, development bool, now func() time.Time, log *slog.Logger) (*services, error) {
	kinds, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	directories := directorystore.New(db)
	s := &services{
		catalogue: kinds, conversations: conversationstore.New(db, now), directories: directories, versions: publishingstore.New(db),
		people: identitystore.New(db), register: patientstore.New(db), rules: rulestore.New(directories),
	}
	s.kept = requeststore.New(db, s.rules, deliveries)
	s.requests = requests.New(s.kept, kinds, now, rand.Reader)
	s.ownToolRows = owntoolstore.New(db)
	s.ownTools = owntools.New(owntools.Options{Store: s.ownToolRows, Requests: s.requests, Keys: s.people, Now: now, Random: rand.Reader, Development: development})
	s.directory = directory.New(s.directories, now)
	s.past = simulationstore.New(db, s.rules, inserter)
	s.simulations = simulations.New(s.past, now)
	s.publishing = publishing.New(publishing.Options{Store: s.versions, Directories: s.directories, Replays: s.simulations, Pasts: s.simulations, Now: now})
	s.alarms = alarms.New(alarmstore.New(db), now, log)
	s.replayer = simulations.NewReplayer(s.past, s.alarms, now)
	s.watch = rulestore.NewWatch(db, s.rules, rulestore.WatchOptions{Alarms: s.alarms, Now: now, Log: log})
	s.returned = misroutestore.New(db)
	s.misroutes = misroutes.New(misroutes.Options{Store: s.returned, Versions: s.publishing, Alarms: s.alarms, Now: now})
	s.walker = intake.NewWalker(kinds, requests.NeedsPharmacy(kinds, s.requests), now, intake.References(requests.Drawing(rand.Reader)))
	s.door = identity.NewDoor(s.people, now, nil)
	return s, nil
}

// transcriptions are the job's where there is a transcriber.
func (s *services) transcriptions() jobs.Transcriptions {
	if !s.recordings.Transcribing() {
		return nil
	}
	return s.recordings
}

// expiring is what is kept for a time only.
func (s *services) expiring(neighbourhoods func(context.Context) ([]uuid.UUID, error)) []jobs.Expiring {
	each := func(remove func(context.Context, uuid.UUID, time.Time) (int, error)) func(context.Context, time.Time) (int, error) {
		return func(ctx context.Context, now time.Time) (int, error) {
			list, err := neighbourhoods(ctx)
			if err != nil {
				return 0, err
			}
			total := 0
			for _, id := range list {
				n, err := remove(ctx, id, now)
				if err != nil {
					return total, err
				}
				total += n
			}
			return total, nil
		}
	}
	list := []jobs.Expiring{
		{Name: "conversations", Remove: each(s.conversations.RemoveExpired)},
		{Name: "idempotency keys", Remove: each(s.kept.RemoveReplies)},
		{Name: "shadows", Remove: each(s.simulations.RemoveShadows)},
		{Name: "uses of understanding", Remove: each(s.uses.RemoveUses)},
		{Name: "recordings", Remove: each(s.recordings.Remove)},
		{Name: "callers' proofs", Remove: each(s.callerRows.RemoveExpired)},
		{Name: "sessions", Remove: s.people.DropEnded},
		{Name: "callers", Remove: each(s.calls.RemoveExpired)},
		{Name: "traced patients", Remove: each(s.traces.RemoveExpired)},
		{Name: "what connections recorded", Remove: each(s.integrations.RemoveRecordings)},
	}
	if s.outbox != nil {
		list = append(list, jobs.Expiring{Name: "texts", Remove: each(s.outbox.RemoveExpired)})
	}
	return list
}
