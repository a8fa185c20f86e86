package gpconnect_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/clinical/gpconnect"
	"onedoor/app/clinical/simulator"
	"onedoor/app/nhs"
)

const practice = nhs.ODSCode("A81001")

var (
	monday  = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	patient = clinical.Patient{NHSNumber: "9434765919", GivenName: "Daniel", FamilyName: "Okoro", BirthDate: nhs.Date{Year: 1996, Month: 4, Day: 27}}
	other   = clinical.Patient{NHSNumber: "9434765870", GivenName: "Mary", FamilyName: "Bell", BirthDate: nhs.Date{Year: 1950, Month: 1, Day: 2}}
	by      = clinical.Party{ODS: practice, Name: "Weir Lane Surgery"}
	staff   = audit.Actor{Kind: audit.Person, ID: uuid.MustParse("0198b5a2-7c1e-7000-8000-000000000001"), Name: "Sam Okafor"}
)

// world is a simulated practice and an adapter for it.
type world struct {
	*gpconnect.System
	t        *testing.T
	server   *httptest.Server
	recorder *recorder

	mu  sync.Mutex
	now time.Time
}

// recorder keeps what was sent, and can lose an answer.
type recorder struct {
	mu     sync.Mutex
	sent   []*http.Request
	bodies [][]byte
	change func(*http.Request, *http.Response) (*http.Response, error)
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(request.Body)
	request.Body = io.NopCloser(bytes.NewReader(body))
	r.mu.Lock()
	r.sent, r.bodies = append(r.sent, request), append(r.bodies, body)
	change := r.change
	r.mu.Unlock()
	response, err := http.DefaultTransport.RoundTrip(request)
	if err == nil && change != nil {
		return change(request, response)
	}
	return response, err
}

func (r *recorder) after(change func(*http.Request, *http.Response) (*http.Response, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.change = change
}

func settings() map[string]string {
	return map[string]string{
		gpconnect.SettingConsumerASID: "200000000359", gpconnect.SettingProviderASID: "918999198738",
		gpconnect.SettingEndpoint: "https://onedoor.example/", gpconnect.SettingTelephone: "0300 303 5678",
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, recorder: &recorder{}, now: monday}
	sim, err := simulator.Open("", w.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []clinical.Patient{patient, other} {
		if err := sim.HoldPerson(practice, simulator.Person{NHSNumber: p.NHSNumber, Given: p.GivenName, Family: p.FamilyName, BirthDate: p.BirthDate}); err != nil {
			t.Fatal(err)
		}
	}
	w.server = httptest.NewServer(sim)
	t.Cleanup(func() { _ = sim.Close(); w.server.Close() })
	w.System, err = gpconnect.New(gpconnect.Options{
		BaseURL: w.server.URL + simulator.GPConnectPath(practice), Settings: settings(), Transport: w.recorder, Now: w.Now, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) fault(mode simulator.Mode) {
	w.t.Helper()
	response, err := http.Post(w.server.URL+simulator.FaultsPath(practice), "application/json", strings.NewReader(`{"mode": "`+string(mode)+`"}`))
	if err != nil || response.StatusCode != http.StatusOK {
		w.t.Fatal(err)
	}
	_ = response.Body.Close()
}

func (w *world) ledger() (effects []simulator.Effect) {
	w.t.Helper()
	response, err := http.Get(w.server.URL + simulator.LedgerPath(practice))
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&effects); err != nil {
		w.t.Fatal(err)
	}
	return effects
}

func (w *world) kinds() (all []string) {
	for _, e := range w.ledger() {
		all = append(all, e.Kind)
	}
	return all
}

func (w *world) slots(q clinical.SlotQuery) []clinical.Slot {
	w.t.Helper()
	q.By, q.Actor = by, staff
	if q.From.IsZero() {
		q.From = w.Now()
	}
	list, err := w.Slots(w.t.Context(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func booking(slot clinical.Slot, who clinical.Patient, reference string) clinical.Booking {
	return clinical.Booking{ID: uuid.New(), Reference: reference, Slot: slot, Patient: who, Reason: "Blood pressure", At: monday, By: by, Actor: staff}
}

func cancellation(a clinical.Appointment) clinical.Cancellation {
	return clinical.Cancellation{ID: uuid.New(), Reference: "4820017365", Appointment: a, Patient: patient, At: monday, By: by, Actor: staff}
}

func (w *world) book(b clinical.Booking) clinical.Appointment {
	w.t.Helper()
	a, err := w.Book(w.t.Context(), b)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func refusal(err error) string {
	var refused *clinical.Refused
	if errors.As(err, &refused) {
		return refused.Says
	}
	return ""
}

func TestStaffFindBookAmendMoveAndCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	free := w.slots(clinical.SlotQuery{Held: clinical.InPerson, Service: "General GP appointment"})
	if len(free) != 20 || free[0].With != "Dr Aisha Rahman (General Medical Practitioner)" || free[0].Where != "The surgery" || free[0].Start.Before(monday) {
		t.Fatalf("%d free, the first %+v", len(free), free[0])
	}
	booked := w.book(booking(free[0], patient, "4820017365"))
	if booked.ID == "" || booked.ETag == "" || !booked.Start.Equal(free[0].Start) || booked.ByPhone || booked.Cancelled {
		t.Fatalf("booked %+v", booked)
	}
	if again := w.slots(clinical.SlotQuery{Held: clinical.InPerson, Service: "General GP appointment"}); again[0].ID == free[0].ID {
		t.Error("the slot is still free")
	}
	amended, err := w.Amend(t.Context(), clinical.Amendment{ID: uuid.New(), Appointment: booked, Patient: patient, Reason: "Blood pressure and weight", At: monday, By: by, Actor: staff})
	if err != nil || amended.ETag == booked.ETag || amended.ID != booked.ID {
		t.Fatalf("amended %+v, %v", amended, err)
	}
	moved, err := w.Move(t.Context(), booking(free[5], patient, "4820017365"), amended)
	if err != nil || moved.ID == booked.ID || !moved.Start.Equal(free[5].Start) {
		t.Fatalf("moved %+v, %v", moved, err)
	}
	seen, err := w.Seen(t.Context(), clinical.Looker{By: by, Actor: staff}, patient, w.Now(), 10)
	if err != nil || len(seen) != 1 || !cmp.Equal(seen[0], moved) {
		t.Fatalf("seen %+v, %v, want %+v", seen, err, moved)
	}
	gone, err := w.Cancel(t.Context(), cancellation(moved))
	if err != nil || !gone.Cancelled {
		t.Fatalf("cancelled %+v, %v", gone, err)
	}
	if seen, err = w.Seen(t.Context(), clinical.Looker{By: by, Actor: staff}, patient, w.Now(), 10); err != nil || len(seen) != 0 {
		t.Errorf("after that %+v, %v", seen, err)
	}
	want := []string{"appointment-booked", "appointment-amended", "appointment-booked", "appointment-cancelled", "appointment-cancelled"}
	if got := w.kinds(); !cmp.Equal(got, want) {
		t.Errorf("the ledger says %v", got)
	}
	for _, e := range w.ledger() {
		if e.RequestReference != "4820017365" {
			t.Errorf("an effect of %q", e.RequestReference)
		}
	}
}

func TestDoingTheSameAgainHasNoSecondEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	free := w.slots(clinical.SlotQuery{})
	b := booking(free[0], patient, "4820017365")
	first := w.book(b)
	if again := w.book(b); !cmp.Equal(again, first) {
		t.Errorf("booked again: %+v, want %+v", again, first)
	}
	m := booking(free[1], patient, "4820017365")
	moved, err := w.Move(t.Context(), m, first)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.Move(t.Context(), m, first); err != nil || !cmp.Equal(again, moved) {
		t.Errorf("moved again: %+v, %v", again, err)
	}
	c := cancellation(moved)
	for range 2 {
		if a, err := w.Cancel(t.Context(), c); err != nil || !a.Cancelled {
			t.Errorf("cancelled: %+v, %v", a, err)
		}
	}
	if got := len(w.ledger()); got != 4 {
		t.Errorf("%d effects, want a booking, a booking, and two cancelled: %v", got, w.kinds())
	}
}

func TestASlotThatIsTakenIsSaidToBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slot := w.slots(clinical.SlotQuery{})[0]
	w.book(booking(slot, patient, "4820017365"))
	var taken *clinical.Taken
	if _, err := w.Book(t.Context(), booking(slot, other, "1111111110")); !errors.As(err, &taken) {
		t.Errorf("by somebody else: %v", err)
	}
	if _, err := w.Book(t.Context(), booking(slot, patient, "1111111110")); !errors.As(err, &taken) {
		t.Errorf("by another request of theirs: %v", err)
	}
}

func TestALostAnswerIsUnknownAndIsReadBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := booking(w.slots(clinical.SlotQuery{})[0], patient, "4820017365")
	lose := func(r *http.Request, response *http.Response) (*http.Response, error) {
		if r.Method == http.MethodGet {
			return response, nil
		}
		_ = response.Body.Close()
		return nil, errors.New("connection reset for " + r.URL.String())
	}
	w.recorder.after(lose)
	var unknown *clinical.Unknown
	if _, err := w.Book(t.Context(), b); !errors.As(err, &unknown) {
		t.Fatalf("booking: %v", err)
	}
	w.recorder.after(nil)
	booked, found, err := w.Booked(t.Context(), b)
	if err != nil || !found || !booked.Start.Equal(b.Slot.Start) {
		t.Fatalf("read back: %+v, %v, %v", booked, found, err)
	}
	if again := w.book(b); again.ID != booked.ID || len(w.ledger()) != 1 {
		t.Errorf("booked again: %+v, and %d effects", again, len(w.ledger()))
	}
	w.recorder.after(lose)
	if _, err := w.Cancel(t.Context(), cancellation(booked)); !errors.As(err, &unknown) {
		t.Fatalf("cancelling: %v", err)
	}
	w.recorder.after(nil)
	if a, err := w.Cancel(t.Context(), cancellation(booked)); err != nil || !a.Cancelled || len(w.ledger()) != 2 {
		t.Errorf("cancelled again: %+v, %v, %d effects", a, err, len(w.ledger()))
	}
	never := booking(w.slots(clinical.SlotQuery{})[3], patient, "4820017365")
	if _, found, err := w.Booked(t.Context(), never); found || err != nil {
		t.Errorf("what was never sent: %v, %v", found, err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slot := w.slots(clinical.SlotQuery{})[0]
	for _, mode := range []simulator.Mode{simulator.Down, simulator.RateLimit, simulator.Conflict} {
		w.fault(mode)
		var unavailable *clinical.Unavailable
		if _, err := w.Book(t.Context(), booking(slot, patient, "4820017365")); !errors.As(err, &unavailable) {
			t.Errorf("%s: %v", mode, err)
		}
	}
	w.fault(simulator.OK)
	w.recorder.after(func(r *http.Request, response *http.Response) (*http.Response, error) {
		if r.Method == http.MethodPost { // the proxy lost what came back
			response.StatusCode = http.StatusBadGateway
		}
		return response, nil
	})
	var unknown *clinical.Unknown
	if _, err := w.Book(t.Context(), booking(slot, patient, "4820017365")); !errors.As(err, &unknown) {
		t.Errorf("a bad gateway after the commit: %v", err)
	}
	if len(w.ledger()) != 1 {
		t.Errorf("%d effects", len(w.ledger()))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var unavailable *clinical.Unavailable
	if _, err := w.Slots(ctx, clinical.SlotQuery{From: monday, By: by, Actor: staff}); !errors.As(err, &unavailable) {
		t.Errorf("a search that was given up: %v", err)
	}
}

func TestWhatChangedMeanwhileIsNotOverwritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	free := w.slots(clinical.SlotQuery{})
	booked := w.book(booking(free[0], patient, "4820017365"))
	amend := func(reason string) error {
		_, err := w.Amend(t.Context(), clinical.Amendment{ID: uuid.New(), Appointment: booked, Patient: patient, Reason: reason, At: monday, By: by, Actor: staff})
		return err
	}
	// Somebody amends between our reading and our writing, once: it is read again, and their words are there.
	var once sync.Once
	w.recorder.after(func(r *http.Request, response *http.Response) (*http.Response, error) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/Appointment/") {
			once.Do(func() {
				w.recorder.after(nil)
				if err := amend("Somebody else’s words"); err != nil {
					t.Error(err)
				}
			})
		}
		return response, nil
	})
	if _, err := w.Cancel(t.Context(), cancellation(booked)); err != nil {
		t.Errorf("a change of words does not keep it from being cancelled: %v", err)
	}
	if got := w.kinds(); !cmp.Equal(got, []string{"appointment-booked", "appointment-amended", "appointment-cancelled"}) {
		t.Errorf("the ledger says %v", got)
	}
	if says := refusal(amend("Too late")); says != "This appointment has been cancelled." {
		t.Errorf("amending what was cancelled: %q", says)
	}
	// Always stale.
	second := w.book(booking(free[1], patient, "4820017365"))
	for _, status := range []int{http.StatusConflict, http.StatusPreconditionFailed} {
		w.recorder.after(func(r *http.Request, response *http.Response) (*http.Response, error) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/Appointment/") {
				response.Header.Set("ETag", `W/"99"`)
			}
			if r.Method == http.MethodPut {
				response.StatusCode = status
			}
			return response, nil
		})
		if _, err := w.Cancel(t.Context(), cancellation(second)); refusal(err) != "Somebody else is changing this appointment. Look at it again." {
			t.Errorf("%d for ever: %v", status, err)
		}
	}
	w.recorder.after(nil)
	wrongTime := second
	wrongTime.Start = wrongTime.Start.Add(time.Hour)
	if _, err := w.Cancel(t.Context(), cancellation(wrongTime)); !strings.Contains(refusal(err), "changed since you saw it") {
		t.Errorf("another time than was seen: %v", err)
	}
	theirs := w.book(booking(free[2], other, "1111111110"))
	if _, err := w.Cancel(t.Context(), cancellation(theirs)); !strings.Contains(refusal(err), "somebody else’s") {
		t.Errorf("somebody else’s: %v", err)
	}
	absent := second
	absent.ID = "Appointment/none"
	if _, err := w.Cancel(t.Context(), cancellation(absent)); !strings.Contains(refusal(err), "does not have this appointment") {
		t.Errorf("none: %v", err)
	}
	if n := len(w.ledger()); n != 5 {
		t.Errorf("%d effects: %v", n, w.kinds())
	}
}

func TestAMoveThatCannotGiveTheOldOneBackKeepsTheOldOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	free := w.slots(clinical.SlotQuery{})
	theirs := w.book(booking(free[0], other, "1111111110"))
	if _, err := w.Move(t.Context(), booking(free[1], patient, "4820017365"), theirs); !strings.Contains(refusal(err), "somebody else’s") {
		t.Fatalf("moved: %v", err)
	}
	if got := w.kinds(); !cmp.Equal(got, []string{"appointment-booked", "appointment-booked", "appointment-cancelled"}) {
		t.Errorf("the ledger says %v", got)
	}
	if again := w.slots(clinical.SlotQuery{}); again[0].ID != free[1].ID {
		t.Error("the new slot was not given back")
	}
}

func TestWhatIsRefusedBeforeOrByTheSystem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	free := w.slots(clinical.SlotQuery{})
	unknown, wrongBirth, wrongName, nobody := patient, patient, patient, patient
	unknown.NHSNumber, wrongBirth.BirthDate.Year, wrongName.FamilyName, nobody.NHSNumber = "4505577104", 1970, "Green", ""
	unlinked, past := free[0], free[0]
	unlinked.Links, past.Start = nil, monday.Add(-time.Hour)
	byPatient, byNobody, long, mismatched := booking(free[0], patient, "4820017365"), booking(free[0], patient, "4820017365"), booking(free[0], patient, "4820017365"), booking(free[0], patient, "4820017365")
	byPatient.Actor, byNobody.By, long.Reason = audit.Actor{Kind: audit.Patient}, clinical.Party{}, strings.Repeat("x", 101)
	mismatched.Slot.End = mismatched.Slot.End.Add(time.Hour)
	gone := free[0]
	gone.ID = "Slot/none"
	for name, c := range map[string]struct {
		b    clinical.Booking
		says string
	}{
		"a patient whom the practice does not know": {booking(free[0], unknown, "4820017365"), "no active patient"},
		"another date of birth":                     {booking(free[0], wrongBirth, "4820017365"), "another name or date of birth"},
		"another family name":                       {booking(free[0], wrongName, "4820017365"), "another name or date of birth"},
		"no NHS number":                             {booking(free[0], nobody, "4820017365"), "Without an NHS number"},
		"a slot that does not say where":            {booking(unlinked, patient, "4820017365"), "looked for again"},
		"a slot that is past":                       {booking(past, patient, "4820017365"), "time has passed"},
		"a slot that is gone":                       {booking(gone, patient, "4820017365"), "no longer has what was chosen"},
		"times that are not the slot’s":             {mismatched, "one of its own rules forbids it"},
		"a patient who books":                       {byPatient, "staff only"},
		"an organisation without a code":            {byNobody, "staff only"},
		"a long reason":                             {long, "longer than 100 characters"},
	} {
		_, err := w.Book(t.Context(), c.b)
		if !strings.Contains(refusal(err), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(w.ledger()); n != 0 {
		t.Errorf("%d effects", n)
	}
	w.pass(24 * time.Hour * 30)
	if _, err := w.Cancel(t.Context(), cancellation(clinical.Appointment{ID: "../Patient"})); !strings.Contains(refusal(err), "looked for again") {
		t.Errorf("an id that is a path: %v", err)
	}
	if _, err := w.File(t.Context(), clinical.Delivery{}); refusal(err) == "" {
		t.Errorf("filing: %v", err)
	}
}

func TestEveryRequestCarriesItsHeadersAndClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := booking(w.slots(clinical.SlotQuery{})[0], patient, "4820017365")
	w.book(b)
	traces := map[string]bool{}
	for _, r := range w.recorder.sent { // the simulator has judged the rest
		trace := r.Header.Get("Ssp-TraceID")
		if traces[trace] || r.Header.Get("Ssp-From") != "200000000359" || r.Header.Get("Ssp-To") != "918999198738" {
			t.Errorf("%s carries %v", r.Method, r.Header)
		}
		traces[trace] = true
		if r.Method == http.MethodPost && trace != b.ID.String() {
			t.Errorf("the booking’s trace is %s, want its own id", trace)
		}
	}
	offers, err := w.Capabilities(t.Context())
	if err != nil || offers.Version != "1.2.7" || len(offers.Offers) != 6 {
		t.Errorf("capabilities %+v, %v", offers, err)
	}
}

func TestWithoutTheProxysAddressesNothingIsMade(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{gpconnect.SettingConsumerASID, gpconnect.SettingProviderASID, gpconnect.SettingEndpoint} {
		s := settings()
		delete(s, missing)
		if _, err := gpconnect.New(gpconnect.Options{BaseURL: "https://x.example/A81001/STU3/1/gpconnect", Settings: s, Now: time.Now, Random: rand.Reader}); refusal(err) == "" {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

func TestTheProxyStandsBeforeThePracticesAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked string
	proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked = r.URL.Path
		target := strings.TrimPrefix(r.URL.Path, "/") + "?" + r.URL.RawQuery
		onward, _ := http.NewRequestWithContext(r.Context(), r.Method, target, r.Body)
		onward.Header = r.Header
		response, err := http.DefaultTransport.RoundTrip(onward)
		if err != nil {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = response.Body.Close() }()
		rw.Header().Set("Content-Type", response.Header.Get("Content-Type"))
		rw.WriteHeader(response.StatusCode)
		_, _ = io.Copy(rw, response.Body)
	}))
	t.Cleanup(proxy.Close)
	s := settings()
	s[gpconnect.SettingProxy] = proxy.URL + "/"
	root := w.server.URL + simulator.GPConnectPath(practice)
	through, err := gpconnect.New(gpconnect.Options{BaseURL: root + "/", Settings: s, Now: w.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	list, err := through.Slots(t.Context(), clinical.SlotQuery{From: monday, By: by, Actor: staff})
	if err != nil || len(list) == 0 || asked != "/"+root+"/Slot" {
		t.Errorf("%d slots, %v, asked at %q", len(list), err, asked)
	}
}

// Nobody's number stands in an error: addresses hold it.
func TestErrorsNameNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := booking(w.slots(clinical.SlotQuery{})[0], patient, "4820017365")
	w.server.Close()
	for what, err := range map[string]error{"book": second(w.Book(t.Context(), b)), "cancel": second(w.Cancel(t.Context(), cancellation(clinical.Appointment{ID: "Appointment/1"})))} {
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(e.Error(), string(patient.NHSNumber)) || strings.Contains(e.Error(), "identifier") {
				t.Errorf("%s: %v", what, e)
			}
		}
		if err == nil {
			t.Errorf("%s went well without a server", what)
		}
	}
}

func second[T any](_ T, err error) error { return err }
