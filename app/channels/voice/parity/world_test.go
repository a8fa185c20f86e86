package parity

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/catalogue"
	"onedoor/app/channels/api"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/twiml"
	"onedoor/app/channels/voice/webhook"
	"onedoor/app/channels/web"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/identitystore"
	"onedoor/tenants"
)

// domain is the product's own, but that a request which is handed in is decided and not stored: so the services are as busy
// for one channel as for the next. What was spoken counts as the words that somebody will hear in it.
type domain struct {
	*requests.Service
	catalogue *catalogue.Catalogue

	mu   sync.Mutex
	said *said
	last *outcome
}

// Submit decides, and remembers what it decided from.
func (d *domain) Submit(ctx context.Context, in requests.Submission) (requests.Receipt, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.hear(&in); err != nil {
		return requests.Receipt{}, err
	}
	decision, err := d.Preview(ctx, in)
	if err != nil {
		return requests.Receipt{}, err
	}
	kind, _ := d.catalogue.Kind(in.Kind)
	today := nhs.DateOf(demotest.Monday)
	answers, ignored, err := kind.Questionnaire.ParseAnswers(in.Answers, catalogue.KnownOf(in.Patient.BirthDate, in.Patient.Sex, today))
	if err != nil {
		return requests.Receipt{}, err
	}
	p := in.Patient
	d.last = &outcome{
		Kind: in.Kind, Patient: patients.Given{NHSNumber: p.NHSNumber, BirthDate: p.BirthDate, Sex: p.Sex, Mobile: p.Mobile},
		Pharmacy: in.ChosenPharmacy, OwnOnly: in.OwnPracticeOnly, Answers: answers, Ignored: ignored, Decision: decision,
	}
	reference, err := requests.NewReference(rand.Reader)
	receipt := requests.Receipt{Reference: reference, Status: requests.Queued, Urgency: decision.Urgency, AnswerDue: decision.AnswerDue, Message: decision.Message}
	if decision.Stop {
		receipt.Status = requests.Diverted
	}
	return receipt, err
}

// hear writes down what was spoken. Whatever is spoken is a question in words that the others answered too.
func (d *domain) hear(in *requests.Submission) error {
	kind, _ := d.catalogue.Kind(in.Kind)
	for linkID := range in.Recordings {
		it, ok := kind.Questionnaire.Item(linkID)
		values := d.said.answers[linkID]
		if !ok || !it.FreeText() || len(values) != 1 {
			return errors.New("a recording stands for no words: " + linkID)
		}
		raw, err := json.Marshal(values[0])
		if err != nil {
			return err
		}
		in.Answers[linkID] = raw
		// A caller is asked for a pharmacy before anybody has heard them. Whose words ask for haste is asked on no other channel.
		if d.catalogue.Screen().Read(values[0].String(), true).Level != catalogue.Clear {
			in.ChosenPharmacy = ""
		}
	}
	in.Recordings = nil
	return nil
}

// take is what was handed in last.
func (d *domain) take(t *testing.T) outcome {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last == nil {
		t.Fatal("nothing was handed in")
	}
	o := *d.last
	d.last = nil
	return o.comparable()
}

// talks keeps conversations as JSON, as their table does.
type talks struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (k *talks) Save(_ context.Context, token []byte, c *intake.Conversation) error {
	raw, err := json.Marshal(c)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[string(token)] = raw
	return err
}

func (k *talks) Load(_ context.Context, _ uuid.UUID, token []byte) (*intake.Conversation, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	raw, ok := k.kept[string(token)]
	if !ok {
		return nil, fault.Absent()
	}
	var c intake.Conversation
	return &c, json.Unmarshal(raw, &c)
}

// ByReference is for going on, which no journey here does.
func (k *talks) ByReference(context.Context, uuid.UUID, string, string, nhs.Date, []byte) (*intake.Conversation, error) {
	return nil, fault.Absent()
}

// sessions keeps calls between two posts.
type sessions struct {
	mu    sync.Mutex
	calls map[uuid.UUID]calls.Call
	kept  map[uuid.UUID]calls.Session
}

func (s *sessions) Begin(_ context.Context, n calls.New) (calls.Call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := calls.Call{ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: n.NeighbourhoodID, OrganisationID: n.OrganisationID, Line: n.Line, Via: n.Via, StartedAt: n.At}
	s.calls[c.ID] = c
	return c, nil
}

func (s *sessions) Note(context.Context, uuid.UUID, uuid.UUID, calls.Note) error { return nil }

func (s *sessions) End(_ context.Context, _, id uuid.UUID, _ calls.Ending) (calls.Call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.kept, id)
	return s.calls[id], nil
}

func (s *sessions) SaveSession(_ context.Context, _ uuid.UUID, one calls.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.Version++
	one.State = slices.Clone(one.State)
	s.kept[one.CallID] = one
	return nil
}

func (s *sessions) LoadSession(_ context.Context, _, call uuid.UUID) (calls.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.kept[call]
	if !ok {
		return calls.Session{}, fault.Absent()
	}
	return one, nil
}

// Keep gives a recording its id.
func (s *sessions) Keep(context.Context, uuid.UUID, uuid.UUID, string, []byte) (uuid.UUID, error) {
	return uuid.NewV7()
}

// channels are all of them over one domain, each with its own server.
type channels struct {
	t      *testing.T
	world  *demotest.World
	domain *domain
	driver *dialogue.Driver
	web    http.Handler
	api    http.Handler
	twiml  http.Handler
	clock  *clock
}

// clock is the telephone's: a hash that is meant comes later than one that is not.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func open(t *testing.T, w *demotest.World) *channels {
	t.Helper()
	c := &channels{t: t, world: w, domain: &domain{Service: w.Requests, catalogue: w.Catalogue}, clock: &clock{at: demotest.Monday}}
	walker := intake.NewWalker(w.Catalogue, requests.NeedsPharmacy(w.Catalogue, w.Requests), w.Now)
	directories := remember(t, directory.New(directorystore.New(w.DB), w.Now))
	kept := &talks{kept: map[string][]byte{}}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	var err error
	c.driver, err = dialogue.New(dialogue.Options{
		Catalogue: w.Catalogue, Walker: walker, Requests: c.domain, Conversations: kept, Directories: directories, Now: w.Now, Random: rand.Reader, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	pages := web.New(web.Options{
		Catalogue: w.Catalogue, Walker: walker, Requests: c.domain, Neighbourhoods: directories, Directories: directories, Conversations: kept,
		Now: w.Now, Random: rand.Reader, Log: log,
	})
	server := routes.New(routes.Options{Development: true, Now: w.Now, ProblemPage: pages.Problem, Log: log})
	pages.Register(server)
	c.web = server.Handler()

	a, err := api.New(api.Options{Catalogue: w.Catalogue, Requests: c.domain, Neighbourhoods: directories, Now: w.Now})
	if err != nil {
		t.Fatal(err)
	}
	server = routes.New(routes.Options{Doors: identity.NewDoor(identitystore.New(w.DB), w.Now, nil), Development: true, KeyRate: 1e6, KeyBurst: 1e6, Log: log})
	a.Add(server)
	c.api = server.Handler()

	kept2 := &sessions{calls: map[uuid.UUID]calls.Call{}, kept: map[uuid.UUID]calls.Session{}}
	server = routes.New(routes.Options{Now: w.Now, Log: log})
	twiml.New(twiml.Options{
		Options:  webhook.Options{Lines: line{}, Dialogue: c.driver, Calls: kept2, Recordings: kept2, Base: base, Now: c.clock.now, Log: log},
		Outbound: storage{},
	}).Add(server)
	c.twiml = server.Handler()
	return c
}

// known remembers neighbourhoods and their directories, which do not change while this runs.
type known struct {
	list      []tenants.Neighbourhood
	riverside *tenants.Directory
}

func remember(t *testing.T, d *directory.Service) known {
	t.Helper()
	list, err := d.Neighbourhoods(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	riverside, err := d.Current(t.Context(), demo.NeighbourhoodID("riverside"))
	if err != nil {
		t.Fatal(err)
	}
	return known{list, riverside}
}

func (k known) Neighbourhoods(context.Context) ([]tenants.Neighbourhood, error) { return k.list, nil }

func (k known) Current(_ context.Context, id uuid.UUID) (*tenants.Directory, error) {
	if id != k.riverside.Neighbourhood().ID {
		return nil, fault.Absent()
	}
	return k.riverside, nil
}

// serve gives a call to a channel in this process.
func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	return recorder
}

const base = "https://onedoor.example"

// line is Riverside's, with a token of the test.
type line struct{}

const token = "token-of-the-test"

func (line) Line(_ context.Context, name string) (webhook.Line, bool, error) {
	return webhook.Line{
		Name: "riverside", NeighbourhoodID: demo.NeighbourhoodID("riverside"), Language: "en", TwiMLTokens: []string{token},
	}, strings.EqualFold(name, "riverside"), nil
}

// storage is where the platform keeps what was said.
type storage struct{}

func (storage) Do(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Content-Type", "audio/x-wav")
	_, err := recorder.WriteString("RIFF, as far as this test hears")
	response := recorder.Result()
	response.Request = r
	return response, err
}
