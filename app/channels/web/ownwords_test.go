package web_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/channels/web"
	"onedoor/app/demo"
	"onedoor/app/store/understandingstore"
	"onedoor/app/understanding"
	"onedoor/app/understanding/local"
)

// heard notes what understanding was told, besides doing what it does.
type heard struct {
	*understanding.Service
	mu       sync.Mutex
	listened []understanding.Heard
	chosen   []string
	broken   bool
}

func (h *heard) Offers(ctx context.Context, neighbourhood, organisation uuid.UUID) (bool, error) {
	if h.broken {
		return false, errors.New("no database")
	}
	return h.Service.Offers(ctx, neighbourhood, organisation)
}

func (h *heard) Listen(said understanding.Heard) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listened = append(h.listened, said)
}

func (h *heard) Chose(ctx context.Context, neighbourhood, use uuid.UUID, kind string) error {
	h.mu.Lock()
	h.chosen = append(h.chosen, kind)
	h.mu.Unlock()
	return h.Service.Chose(ctx, neighbourhood, use, kind)
}

// trained is the local model, which all tests share and which has learnt before the first of them asks it: the race detector
// makes learning longer than anybody may wait for an answer.
var trained = sync.OnceValues(func() (*local.Model, error) {
	kinds, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	model, err := local.New(kinds)
	if err != nil {
		return nil, err
	}
	_, err = model.Understand(context.Background(), understanding.Text{Words: "I would like to see a doctor", Language: "en"})
	return model, err
})

// understood is a site that has understanding by the local model, in a mode.
func understood(t *testing.T, mode understanding.Mode) (*site, *heard) {
	t.Helper()
	h := &heard{}
	s := open(t, func(o *web.Options) { o.Understanding = h })
	model, err := trained()
	if err != nil {
		t.Fatal(err)
	}
	store := understandingstore.New(s.DB)
	h.Service, err = understanding.New(understanding.Options{Store: store, Catalogue: s.Catalogue, Models: []understanding.Model{model}, Now: s.Now})
	if err != nil {
		t.Fatal(err)
	}
	set := understanding.Setting{NeighbourhoodID: demo.NeighbourhoodID("riverside"), Mode: mode, Model: local.Name, ChangedAt: s.Now()}
	if mode == understanding.ModeOn {
		set.OnModel, set.OnVersion = model.About().Model, model.About().Version
		for _, k := range s.Catalogue.Kinds() {
			set.OnKinds = append(set.OnKinds, k.Code)
		}
	}
	_, err = store.Save(t.Context(), set, 0, audit.Entry{ID: uuid.New(), NeighbourhoodID: demo.NeighbourhoodID("riverside"), At: s.Now(), Actor: audit.Actor{Kind: audit.System}, Action: "understanding.change", SubjectKind: "understanding_setting", Subject: demo.NeighbourhoodID("riverside")})
	if err != nil {
		t.Fatal(err)
	}
	return s, h
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(words|use|kind|answers)" value="([^"]*)"`)

// answer sends the form that the page shows, with what it carries.
func (v *visitor) answer(pairs ...string) {
	v.t.Helper()
	unescape := strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&", "&lt;", "<", "&gt;", ">")
	for _, m := range hiddenField.FindAllStringSubmatch(v.body, -1) {
		pairs = append(pairs, m[1], unescape.Replace(m[2]))
	}
	v.send(pairs...)
}

func TestOwnWordsAreAskedForOnlyWhereTheyAreTurnedOn(t *testing.T) {
	t.Parallel()
	for _, mode := range []understanding.Mode{understanding.ModeOff, understanding.ModeShadow, understanding.ModeOn} {
		s, _ := understood(t, mode)
		v := s.visit(t)
		v.get("")
		v.wants("What do you need help with?")
		if offered := strings.Contains(v.body, `href="/riverside/own-words"`); offered != (mode == understanding.ModeOn) {
			t.Errorf("%s: offered is %v", mode, offered)
		}
		v.get("own-words")
		if asked := v.heading == "What do you need help with, in your own words?"; asked != (mode == understanding.ModeOn) {
			t.Errorf("%s: asked is %v", mode, asked)
		}
		v.get("/hillside/")
		if strings.Contains(v.body, "own-words") {
			t.Errorf("%s: another neighbourhood offers it", mode)
		}
	}
	v := open(t).visit(t)
	v.get("own-words")
	v.wants("What do you need help with?")
}

func TestAProposalIsConfirmedAndEachAnswerStillAsked(t *testing.T) {
	t.Parallel()
	s, h := understood(t, understanding.ModeOn)
	v := s.visit(t)
	v.get("own-words")
	v.shows("Call 999", "A computer program reads what you write", `maxlength="1000"`)
	words := "My left ear hurts <really> & it has been aching for three days"
	v.send("words", words)
	v.wants("Is this what you need: Get help with symptoms?")
	v.shows("It can be wrong", "Earache", "1 to 3 days", "My left ear hurts &lt;really&gt; &amp; it has been aching for three days")
	if v.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page may be kept: %q", v.header.Get("Cache-Control"))
	}
	v.answer()
	v.shows("Select yes if this is what you need")
	v.answer("right", "yes")
	v.wants("How old is the person who needs help?")
	if strings.Contains(v.body, "checked") {
		t.Error("an answer about safety is filled in")
	}
	v.get("check-answers")
	v.wants("How old is the person who needs help?")
	v.send("answer", "16-or-over")
	if strings.Contains(v.body, "checked") {
		t.Error("an answer about safety is filled in")
	}
	v.send("answer", "none")
	v.wants("What do you need help with?")
	condition := v.at
	v.shows(`value="earache" checked`, "We filled this in from what you told us")
	v.send()
	v.shows("Select an answer") // it counts for nothing until it is given
	v.send("answer", "sore-throat")
	v.wants("Tell us about the problem")
	v.shows("My left ear hurts &lt;really&gt;")
	v.send("answer", words)
	v.shows(`value="1-to-3-days" checked`)
	v.get(condition)
	v.shows(`value="sore-throat" checked`)
	if strings.Contains(v.body, "We filled this in") {
		t.Error("an answer that was given is still called suggested")
	}
	if !slices.Equal(h.chosen, []string{"symptoms"}) || len(h.listened) != 0 {
		t.Errorf("chose %v, listened %v", h.chosen, h.listened)
	}
	for _, address := range v.addresses {
		if strings.Contains(address, "ear") || strings.Contains(address, "symptoms") {
			t.Errorf("the address %s says too much", address)
		}
	}
}

func TestAProposalThatIsRefusedLeavesTheListAndTheWords(t *testing.T) {
	t.Parallel()
	s, h := understood(t, understanding.ModeOn)
	v := s.visit(t)
	v.get("own-words")
	v.send("words", "I need another sick note for work")
	if !strings.HasPrefix(v.heading, "Is this what you need: ") {
		t.Fatalf("got %q", v.heading)
	}
	v.answer("right", "no")
	v.wants("What do you need help with?")
	v.shows("Choose what you need from the list below")
	v.answer("kind", "no-such-kind")
	v.shows("Select what you need help with")
	form := fields("kind", "callback")
	for _, m := range hiddenField.FindAllStringSubmatch(v.body, -1) {
		form.Set(m[1], m[2])
	}
	v.post("start", form)
	v.send("answer", "16-or-over")
	v.send("answer", "none")
	v.wants("What is it about?")
	v.send("answer", "other")
	v.shows("I need another sick note for work", "We filled this in")
	if !slices.Equal(h.chosen, []string{"callback"}) {
		t.Errorf("chose %v", h.chosen)
	}
}

func TestWordsThatAreNotUnderstoodLeadToTheList(t *testing.T) {
	t.Parallel()
	s, _ := understood(t, understanding.ModeOn)
	v := s.visit(t)
	v.get("own-words")
	for words, says := range map[string]string{"": "Tell us what you need help with", "   ": "Tell us what you need help with", strings.Repeat("ear ", 251) + "!": "must be 1000 characters or fewer"} {
		v.send("words", words)
		if v.status != http.StatusUnprocessableEntity || !strings.Contains(v.body, says) {
			t.Errorf("%.20q: %d, and not %q", words, v.status, says)
		}
	}
	v.send("words", "xqzt wvpl")
	v.wants("What do you need help with?")
	v.shows("We could not tell from your words", `value="xqzt wvpl"`)
}

func TestAnEmergencyInOwnWordsStopsBeforeAnyModel(t *testing.T) {
	t.Parallel()
	for _, mode := range []understanding.Mode{understanding.ModeOn, understanding.ModeOff} { // the page may be older than the setting
		s, _ := understood(t, mode)
		v := s.visit(t)
		v.post("own-words", fields("words", "can I have an appointment, I have crushing chest pain"))
		v.wants("Immediate action required: Call 999 now")
		v.shows("We have recorded your answers so far")
		first := v.reference()
		v.get("question")
		v.wants("Immediate action required: Call 999 now")
		if again := v.reference(); again != first {
			t.Errorf("two requests: %s and %s", first, again)
		}
	}
	s, _ := understood(t, understanding.ModeOn)
	v := s.visit(t)
	v.get("?lang=cy")
	for words, crisis := range map[string]bool{"I want to end my life": true, "dw i eisiau marw": true, "ga i apwyntiad, mae gen i boen yn fy mrest": false} {
		v.post("own-words", fields("words", words))
		v.wants("Angen gweithredu ar unwaith: Ffoniwch 999 nawr")
		if strings.Contains(v.body, "116 123") != crisis {
			t.Errorf("%q: help for a crisis is not %v", words, crisis)
		}
	}
	v = s.visit(t)
	v.post("own-words", fields("words", strings.Repeat("well ", 900)+"and now chest pain"))
	v.wants("Immediate action required: Call 999 now")
	v.reference()
}

func TestNobodyCanSuggestASafetyAnswer(t *testing.T) {
	t.Parallel()
	s, _ := understood(t, understanding.ModeOn)
	v := s.visit(t)
	v.post("own-words/answer", fields("kind", "symptoms", "right", "yes", "words", "my ear", "use", "not-an-id",
		"answers", `{"red-flags-adult":"none","age-band":"16-or-over","pregnant":"no","condition":"cancer","duration":["today"],"urgency":"routine"}`))
	v.wants("How old is the person who needs help?")
	if strings.Contains(v.body, "checked") {
		t.Error("an age was filled in")
	}
	for _, junk := range []string{"", "[]", "{", `{"condition":{}}`, "null"} {
		v.post("own-words/answer", fields("kind", "symptoms", "right", "yes", "answers", junk))
		v.wants("How old is the person who needs help?")
	}
	v.post("own-words/answer", fields("kind", "nothing", "right", "yes"))
	v.wants("What do you need help with?")
	v.get("own-words/answer")
	v.wants("What do you need help with, in your own words?")
}

func TestOwnWordsInWelsh(t *testing.T) {
	t.Parallel()
	s, _ := understood(t, understanding.ModeOn)
	v := s.visit(t)
	v.get("?lang=cy")
	v.shows("Dweud wrthym yn eich geiriau eich hun")
	v.get("own-words")
	v.send("words", "ma llwnc tost da fi ers wythnos")
	v.wants("Ai dyma sydd ei angen arnoch chi: Cael help gyda symptomau?")
	v.shows("Dolur gwddf", "Eich geiriau")
	if body := strings.ReplaceAll(v.body, `lang="en" hreflang="en"`, ""); strings.Contains(body, `lang="en"`) {
		t.Error("a part of the page is in English")
	}
	v.answer("right", "yes")
	v.wants("Beth yw oedran y person sydd angen help?")
}

func TestTheShadowHearsWhatIsWrittenAnyway(t *testing.T) {
	t.Parallel()
	s, h := understood(t, understanding.ModeShadow)
	v := s.visit(t)
	v.soreThroat()
	if len(h.listened) != 1 {
		t.Fatalf("listened %+v", h.listened)
	}
	if got := h.listened[0]; got.Kind != "symptoms" || got.Words != "It hurts to swallow." || got.NeighbourhoodID != demo.NeighbourhoodID("riverside") || got.Channel != "web" || got.Language != "en" {
		t.Errorf("heard %+v", got)
	}
}

func TestTheFrontDoorStandsWhenUnderstandingDoesNot(t *testing.T) {
	t.Parallel()
	s, h := understood(t, understanding.ModeOn)
	h.broken = true
	began := time.Now()
	v := s.visit(t)
	v.get("")
	v.wants("What do you need help with?")
	if v.status != http.StatusOK || strings.Contains(v.body, "own-words") {
		t.Errorf("%d after %v: %s", v.status, time.Since(began), v.body)
	}
}
