package web_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/channels/web"
	"onedoor/app/demo"
	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/app/store/conversationstore"
	"onedoor/ui/browsertest"
)

var riverside = demo.NeighbourhoodID("riverside")

// line is a telephone line over the same stores: it answers by the walker, as a dialogue does.
type line struct {
	t      *testing.T
	site   *site
	walker *intake.Walker
	store  *conversationstore.Store
	talk   *intake.Conversation
}

var callToken = []byte("the hash of a call's token")

func (s *site) line(t *testing.T) *line {
	return &line{t: t, site: s, store: conversationstore.New(s.DB, s.Now), walker: intake.NewWalker(s.Catalogue,
		requests.NeedsPharmacy(s.Catalogue, s.Requests), s.Now, intake.References(requests.Drawing(rand.Reader)))}
}

// ring begins a conversation, and answers as far as a sore throat that is described aloud.
func (l *line) ring() *line {
	l.t.Helper()
	var err error
	if l.talk, err = l.walker.Start(uuid.Must(uuid.NewV7()), riverside, "symptoms", intake.ChannelPhone, "en"); err != nil {
		l.t.Fatal(err)
	}
	for _, a := range [][2]string{{"age-band", "16-or-over"}, {"red-flags-adult", "none"}, {"condition", "sore-throat"}} {
		if err := l.walker.Answer(l.talk, a[0], []catalogue.Value{catalogue.Text(a[1])}); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := l.walker.Record(l.talk, "describe", uuid.NewString()); err != nil {
		l.t.Fatal(err)
	}
	return l.save()
}

func (l *line) save() *line {
	l.t.Helper()
	if err := l.store.Save(l.t.Context(), callToken, l.talk); err != nil {
		l.t.Fatal(err)
	}
	return l
}

func TestWhatWasBegunByTelephoneGoesOnInABrowser(t *testing.T) {
	t.Parallel()
	s := open(t)
	call := s.line(t).ring()
	began := s.Now()
	s.Pass(10 * time.Minute)
	v := s.visit(t)
	v.get("")
	v.shows(`href="/riverside/go-on"`)
	v.get("go-on")
	v.wants("Go on with answers that you began by telephone")
	v.send("reference", call.talk.Reference)
	if v.at != "/riverside/question/6" && !strings.HasPrefix(v.at, "/riverside/question/") {
		t.Fatalf("it goes on at %s (%d)\n%s", v.at, v.status, v.body)
	}
	v.wants("How long has this been going on?")
	v.send("answer", "1-to-3-days")
	for strings.HasPrefix(v.at, "/riverside/question/") {
		v.send()
		if v.status == http.StatusUnprocessableEntity {
			v.send("answer", "no")
		}
	}
	v.about(s.person(0))
	v.send("pharmacy", "FRV02")
	v.wants("Check your answers before you send your request")
	v.shows("Sore throat", "You said this by telephone, and staff will listen to it")
	v.send()
	v.wants("Request sent")
	view, err := s.Requests.Get(t.Context(), s.Actor(t, "sam.carter"), requests.Reference(v.reference()))
	if err != nil {
		t.Fatal(err)
	}
	if view.Channel != requests.Web || !view.Staff.FirstAt.Equal(began) || len(view.Staff.Recordings) != 1 {
		t.Errorf("%s, first contact %s, %d recordings", view.Channel, view.Staff.FirstAt, len(view.Staff.Recordings))
	}
	for _, address := range v.addresses {
		if strings.Contains(address, call.talk.Reference) {
			t.Errorf("the address %s holds the reference", address)
		}
	}
	v.get("go-on")
	v.send("reference", call.talk.Reference)
	v.shows("We cannot find answers with this reference number")
}

func TestWhatWasSaidIsKeptUntilSomethingIsWrittenInstead(t *testing.T) {
	t.Parallel()
	s := open(t)
	call := s.line(t).ring()
	v := s.visit(t)
	v.get("go-on")
	v.send("reference", call.talk.Reference)
	described := numberOf(t, s, "describe")
	v.get("question/" + described)
	v.shows("You answered this question by telephone")
	v.send("answer", "")
	v.wants("How long has this been going on?")
	v.get("question/" + described)
	v.shows("You answered this question by telephone")
	v.send("answer", "It hurts to swallow.")
	v.get("question/" + described)
	v.shows("It hurts to swallow.")
	if strings.Contains(v.body, "You answered this question by telephone") {
		t.Error("what was said is still kept beside what was written instead")
	}
}

// numberOf is the number of a question's page.
func numberOf(t *testing.T, s *site, linkID string) string {
	t.Helper()
	kind, _ := s.Catalogue.Kind("symptoms")
	for i, it := range kind.Questionnaire.Questions() {
		if it.LinkID == linkID {
			return itoa(i + 1)
		}
	}
	t.Fatal("no question", linkID)
	return ""
}

func TestNobodyElseGoesOnWithAnothersAnswers(t *testing.T) {
	t.Parallel()
	s := open(t)
	call := s.line(t).ring()
	if err := call.walker.Give(call.talk, intake.BirthDate, "1990-05-06"); err != nil {
		t.Fatal(err)
	}
	call.save()
	v := s.visit(t)
	try := func(want string, pairs ...string) {
		t.Helper()
		v.get("go-on")
		v.send(pairs...)
		v.shows(want)
		if v.status != http.StatusUnprocessableEntity || v.at != "/riverside/go-on" {
			t.Errorf("%v: %d at %s", pairs, v.status, v.at)
		}
	}
	born := []string{"birth-day", "6", "birth-month", "5", "birth-year"}
	try("Enter a reference number of 10 digits", "reference", "12345")
	try("We cannot find answers", "reference", "1234567894")
	try("Enter the date of birth that was given on the call", "reference", call.talk.Reference)
	try("We cannot find answers", append([]string{"reference", call.talk.Reference}, append(born, "1991")...)...)
	try("Date of birth must include a year", append([]string{"reference", call.talk.Reference}, append(born, "")...)...)
	v.get("/hillside/go-on")
	v.send(append([]string{"reference", call.talk.Reference}, append(born, "1990")...)...)
	v.shows("We cannot find answers")
	v.get("go-on")
	v.send(append([]string{"reference", call.talk.Reference}, append(born, "1990")...)...)
	v.wants("How long has this been going on?")
}

var telephoneReference = regexp.MustCompile(`app-digits">(\d{3}) (\d{3}) (\d{4})<`)

func TestWhatWasBegunInABrowserGoesOnByTelephone(t *testing.T) {
	t.Parallel()
	s := open(t, func(o *web.Options) {
		o.Line = func(uuid.UUID) nhs.Phone { return "+441134960100" }
	})
	v := s.visit(t)
	v.soreThroat()
	v.shows("Go on by telephone instead", "0113 496 0100")
	m := telephoneReference.FindStringSubmatch(v.body)
	if m == nil {
		t.Fatal("the page shows no reference")
	}
	call := s.line(t)
	talk, err := call.store.ByReference(t.Context(), riverside, "a call", m[1]+m[2]+m[3], nhs.Date{}, callToken)
	if err != nil {
		t.Fatal(err)
	}
	if err := call.walker.GoOn(talk, intake.ChannelPhone); err != nil {
		t.Fatal(err)
	}
	step, err := call.walker.Next(t.Context(), talk)
	if err != nil || step.Kind != intake.StepDetails || step.Details[0] == intake.Name {
		t.Errorf("the line asks next for %+v, %v", step, err)
	}
	if talk.Answers["condition"][0] != catalogue.Text("sore-throat") {
		t.Error("what was answered is lost")
	}
	v.get("question")
	v.wants("Your answers are no longer here")
	v.shows("If you went on by telephone")
}

func TestTheOldAnswersOfADeviceGoWhenOthersAreTakenUp(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.soreThroat()
	address, err := url.Parse(s.address)
	if err != nil {
		t.Fatal(err)
	}
	before := v.client.Jar.Cookies(address)
	call := s.line(t).ring()
	v.get("go-on")
	v.send("reference", call.talk.Reference)
	v.wants("How long has this been going on?")
	v.client.Jar.SetCookies(address, before)
	v.get("question")
	v.wants("Your answers are no longer here")
}

func TestWrongReferencesComeToAnEnd(t *testing.T) {
	t.Parallel()
	s := open(t, func(o *web.Options) {
		o.Conversations = tried{o.Conversations.(*conversationstore.Store)}
	})
	v := s.visit(t)
	v.get("go-on")
	v.send("reference", "1234567894")
	v.shows("There were too many wrong tries")
}

// tried are conversations at the end of an hour in which a thousand wrong references were tried.
type tried struct{ *conversationstore.Store }

func (tried) ByReference(context.Context, uuid.UUID, string, string, nhs.Date, []byte) (*intake.Conversation, error) {
	return nil, fault.New(fault.TooMany, "too_many_tries", "There were too many wrong tries.")
}

func TestGoingOnIsAccessible(t *testing.T) {
	t.Parallel()
	s := open(t)
	call := s.line(t).ring()
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
	tab.Go(s.address + "/riverside/go-on")
	look("go-on")
	tab.Fill("reference", "123")
	if status := tab.Continue(); status != http.StatusUnprocessableEntity {
		t.Errorf("a reference that is none: %d", status)
	}
	look("go-on-wrong")
	tab.Fill("reference", call.talk.Reference)
	if status := tab.Continue(); status != http.StatusOK || tab.Heading() != "How long has this been going on?" {
		t.Fatalf("it goes on at %q (%d)", tab.Heading(), status)
	}
	tab.Press("details.nhsuk-details summary")
	look("question-elsewhere")
	tab.Go(s.address + "/riverside/question/" + numberOf(t, s, "describe"))
	look("question-recorded")
}
