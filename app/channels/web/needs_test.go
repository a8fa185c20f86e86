package web_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/channels/web"
	"onedoor/app/clinical/simulator/national"
	"onedoor/app/demo"
	"onedoor/app/needs"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/patients/flags"
	"onedoor/app/patients/pds"
	"onedoor/app/requests"
	"onedoor/app/selfservice/selfservicetest"
	"onedoor/app/store/tracestore"
	"onedoor/app/traces"
	"onedoor/ui/browsertest"
)

// registered is the pages with the national registers that the simulator plays.
type registered struct {
	*site
	desk     *selfservicetest.Desk
	register *national.Server
	needs    *needs.Service
}

// late is filled in once the world is there.
type late struct{ web.Needs }

func openRegistered(t *testing.T) *registered {
	t.Helper()
	pagesOf := &late{}
	r := &registered{register: national.New()}
	r.site = open(t, func(o *web.Options) { o.Needs, o.Log = pagesOf, slog.New(slog.NewTextHandler(t.Output(), nil)) })
	r.desk = selfservicetest.New(t, r.World)
	r.register.Know(demo.NationalPeople(nhs.DateOf(r.Now()))...)
	played := httptest.NewServer(r.register)
	t.Cleanup(played.Close)
	envelopes := needs.NewEnvelopes(r.Vault)
	r.needs = needs.New(needs.Options{Callers: r.desk.Callers, Envelopes: envelopes, Registers: traces.New(traces.Options{
		Tracer: pds.New(pds.Options{BaseURL: played.URL + national.PDSPath, Transport: http.DefaultTransport, Now: r.Now, Random: rand.Reader}),
		Flags:  flags.New(flags.Options{BaseURL: played.URL + national.FlagsPath, Transport: http.DefaultTransport, Random: rand.Reader}),
		Store:  tracestore.New(r.World.DB), Requests: r.Requests, Sealer: r.Vault, Keeper: envelopes, Now: r.Now,
	})})
	pagesOf.Needs = r.needs
	return r
}

// marsh is somebody of whom large print, and that they want things said to them, is recorded.
const marsh = 3

// asks begins a request and opens the page of needs.
func (v *visitor) asks(kind string) {
	v.t.Helper()
	v.get("")
	v.send("kind", kind)
	v.shows("Tell us if you need support")
	v.get("needs")
	v.wants("Support that you need")
}

// says who they are, to have their needs read.
func (v *visitor) says(p patients.Patient, by string) {
	v.t.Helper()
	v.get("needs/recorded")
	v.wants("Check that it is you")
	v.send("nhs-number", p.NHSNumber.Spaced(), "birth-day", itoa(p.BirthDate.Day), "birth-month", itoa(int(p.BirthDate.Month)), "birth-year", itoa(p.BirthDate.Year), "by", by)
}

func (r *registered) kept(t *testing.T, reference string) []patients.Needs {
	t.Helper()
	view, err := r.Requests.Get(t.Context(), r.Actor(t, "sam.carter"), requests.Reference(reference))
	if err != nil {
		t.Fatal(err)
	}
	var list []patients.Needs
	for _, k := range view.Staff.Needs {
		if strings.Contains(string(k.Sealed), "arge") {
			t.Error("what somebody needs is not sealed")
		}
		n, err := r.needs.Open(t.Context(), demo.NeighbourhoodID("riverside"), &k)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

func TestNeedsAreReadBeforeAnybodyIsAsked(t *testing.T) {
	t.Parallel()
	r := openRegistered(t)
	v := r.visit(t)
	p := r.Patients[marsh]
	v.asks("callback")
	v.says(p, "code")
	v.wants("Enter the code that we sent you")
	if code := r.desk.Code(); code == "" {
		t.Fatal("no code was sent")
	}
	v.send("proof", "000000")
	v.shows("That did not work")
	v.send("proof", r.desk.Code())
	v.wants("Support that you need")
	v.shows("This is what your NHS record says", "Requires information verbally")
	if !strings.Contains(v.body, `class="app-large-print"`) {
		t.Error("the page is not in large print")
	}
	for _, value := range []string{"large-print", "367741000000102"} {
		if i := strings.Index(v.body, `value="`+value+`"`); i < 0 || !strings.Contains(v.body[i:min(len(v.body), i+120)], "checked") {
			t.Errorf("%s is not shown as recorded", value)
		}
	}
	v.send("needs", "large-print", "needs", "more-time", "words", "Please speak slowly")
	for strings.HasPrefix(v.at, "/riverside/question/") { // which begin where they were left
		v.answerAnyhow()
	}
	v.get("about-you/name")
	v.about(r.person(marsh))
	if v.at != "/riverside/check-answers" {
		t.Fatalf("at %s\n%s", v.at, v.body)
	}
	v.shows("Support needed", "Large print", "More time", "Please speak slowly")
	v.send()
	got := r.kept(t, v.reference())
	if len(got) != 1 || !got[0].Confirmed || len(got[0].Adjustments) != 0 || len(got[0].Said) != 2 || got[0].Words != "Please speak slowly" {
		t.Errorf("went along: %+v", got)
	}
	for _, at := range v.addresses {
		if strings.ContainsAny(at, "?") && !strings.Contains(at, "lang=") {
			t.Errorf("an address holds something: %s", at)
		}
	}
}

// Whoever proves nothing is told nothing, and can still say what they need; nobody is kept from asking by a silent register.
func TestNeedsAreToldToNobodyElse(t *testing.T) {
	t.Parallel()
	r := openRegistered(t)
	p := r.Patients[marsh]
	nobody := p
	nobody.NHSNumber = "9434765919"
	pages := map[string]string{}
	for name, who := range map[string]patients.Patient{"somebody on the register": p, "somebody who is not": nobody} {
		v := r.visit(t)
		v.asks("callback")
		v.says(who, "pin")
		v.send("proof", "135790")
		v.shows("That did not work")
		pages[name] = v.heading
		v.get("needs")
		if strings.Contains(v.body, "checked") || strings.Contains(v.body, "verbally") {
			t.Errorf("%s: the page tells what is recorded", name)
		}
		v.send("needs", "sign-language")
	}
	if pages["somebody on the register"] != pages["somebody who is not"] {
		t.Errorf("the answers differ: %v", pages)
	}
	for name, form := range map[string]url.Values{
		"no way to prove it": fields("nhs-number", "9434765919", "birth-day", "1", "birth-month", "2", "birth-year", "1990"),
		"no number":          fields("birth-day", "1", "birth-month", "2", "birth-year", "1990", "by", "pin"),
		"no date":            fields("nhs-number", "9434765919", "by", "pin"),
	} {
		v := r.visit(t)
		v.asks("callback")
		v.post("needs/recorded", form)
		if v.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, v.status)
		}
		v.get("needs/code")
		v.wants("Check that it is you")
	}
}

func TestASilentRegisterKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	r := openRegistered(t)
	for _, service := range []string{"personal-demographics", "patient-flags"} {
		down := httptest.NewRecorder()
		r.register.ServeHTTP(down, httptest.NewRequest(http.MethodPost, "/"+service+"/faults", strings.NewReader(`{"mode":"down"}`)))
		if down.Code != http.StatusOK {
			t.Fatal(down.Body)
		}
	}
	v := r.visit(t)
	v.asks("callback")
	v.says(r.Patients[marsh], "code")
	v.send("proof", r.desk.Code())
	v.wants("Support that you need")
	v.shows("We found nothing on your NHS record, or could not read it now")
}

// Needs that cannot be opened are no reason to keep anybody from asking.
type unreadable struct{ web.Needs }

func (unreadable) Open(context.Context, uuid.UUID, *patients.KeptNeeds) (patients.Needs, error) {
	return patients.Needs{}, context.DeadlineExceeded
}

func TestNeedsThatCannotBeOpenedStopNobody(t *testing.T) {
	t.Parallel()
	s := open(t, func(o *web.Options) { o.Needs = unreadable{} })
	v := s.visit(t)
	v.asks("callback")
	if v.status != http.StatusOK {
		t.Errorf("%d", v.status)
	}
}

func TestThePagesOfNeedsAreAccessible(t *testing.T) {
	t.Parallel()
	r := openRegistered(t)
	tab := browsertest.Open(t)
	tab.Size(browsertest.Phone)
	look := func(name string) {
		t.Helper()
		browsertest.Axe(t, tab)
		browsertest.Reflows(t, tab)
		if *pictures != "" {
			tab.Picture(*pictures + "/" + name + ".png")
		}
	}
	p := r.Patients[marsh]
	tab.Go(r.address + "/riverside/?lang=cy")
	tab.Choose("kind", "callback")
	tab.Continue()
	look("needs-first-question")
	tab.Go(r.address + "/riverside/needs")
	look("needs")
	tab.Go(r.address + "/riverside/needs/recorded")
	if status := tab.Continue(); status != http.StatusUnprocessableEntity {
		t.Errorf("nothing given: %d", status)
	}
	look("needs-recorded-wrong")
	for name, value := range map[string]string{
		"nhs-number": string(p.NHSNumber), "birth-day": itoa(p.BirthDate.Day), "birth-month": itoa(int(p.BirthDate.Month)), "birth-year": itoa(p.BirthDate.Year),
	} {
		tab.Fill(name, value)
	}
	tab.Choose("by", "code")
	tab.Continue()
	look("needs-code")
	tab.Fill("proof", r.desk.Code())
	tab.Continue()
	if !strings.Contains(tab.Text("main"), "Requires information verbally") {
		t.Errorf("what is recorded is not shown: %s", tab.Text("main"))
	}
	look("needs-read")
}
