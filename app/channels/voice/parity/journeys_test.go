package parity

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/intake"
)

// mostSteps is more than any journey has.
const mostSteps = 120

// byWeb goes the whole way in a browser without scripts, and reports whether a pharmacy was chosen.
func (c *channels) byWeb(s *said) (chose bool) {
	c.t.Helper()
	cookies := map[string]*http.Cookie{}
	call := func(method, at string, form url.Values) string {
		r := httptest.NewRequest(method, at, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, cookie := range cookies {
			r.AddCookie(cookie)
		}
		response := serve(c.web, r)
		for _, cookie := range response.Result().Cookies() {
			cookies[cookie.Name] = cookie
		}
		if response.Code != http.StatusSeeOther {
			c.t.Fatalf("%s gave %d:\n%s", at, response.Code, response.Body)
		}
		return response.Header().Get("Location")
	}
	post := func(at string, form url.Values) string { return call(http.MethodPost, at, form) }
	at := post("/riverside/start", url.Values{"kind": {s.kind.Code}})
	for range mostSteps {
		page := strings.TrimPrefix(at, "/riverside/")
		number, question := strings.CutPrefix(page, "question/")
		switch {
		case question:
			n, err := strconv.Atoi(number)
			if err != nil {
				c.t.Fatal(err)
			}
			it := s.kind.Questionnaire.Questions()[n-1]
			at = post(at, formOf(it, s.to(it)))
		case page == "question":
			at = call(http.MethodGet, at, nil)
		case strings.HasPrefix(page, "about-you/"):
			at = post(at, aboutYou(s))
		case page == "pharmacy":
			chose = true
			at = post(at, url.Values{"pharmacy": {s.pharmacy}})
		case page == "check-answers":
			at = post(at, nil)
		case page == "sent", page == "emergency":
			return chose
		default:
			c.t.Fatalf("the pages lead to %s", at)
		}
	}
	c.t.Fatal("the pages do not end")
	return false
}

func formOf(it *catalogue.Item, values []catalogue.Value) url.Values {
	if it.Type == catalogue.TypeDate && len(values) == 1 {
		return dateForm("answer", values[0].String())
	}
	form := url.Values{}
	for _, v := range values {
		form.Add("answer", v.String())
	}
	return form
}

func dateForm(name, day string) url.Values {
	parts := strings.Split(day, "-")
	return url.Values{name + "-year": {parts[0]}, name + "-month": {parts[1]}, name + "-day": {parts[2]}}
}

func aboutYou(s *said) url.Values {
	f := dateForm("birth", s.who.BirthDate.String())
	for name, value := range map[string]string{
		"given-name": s.who.GivenName, "family-name": s.who.FamilyName, "nhs-number": string(s.who.NHSNumber), "postcode": string(s.who.Postcode),
		"sex": string(s.who.Sex), "mobile": string(s.who.Mobile), "safe": "no",
	} {
		f.Set(name, value)
	}
	return f
}

// byAPI hands in what a program would.
func (c *channels) byAPI(s *said, chose bool) {
	c.t.Helper()
	body := map[string]any{
		"neighbourhood": "riverside", "channel": "app", "kind": s.kind.Code, "answers": s.wire(),
		"patient": map[string]any{
			"nhs_number": s.who.NHSNumber, "birth_date": s.who.BirthDate, "given_name": s.who.GivenName, "family_name": s.who.FamilyName,
			"postcode": s.who.Postcode, "sex": s.who.Sex, "mobile": s.who.Mobile,
		},
	}
	if chose {
		body["choices"] = map[string]any{"pharmacy": s.pharmacy}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/api/v1/requests", bytes.NewReader(raw))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+demo.Key("app"))
	r.Header.Set("Idempotency-Key", uuid.NewString())
	if response := serve(c.api, r); response.Code != http.StatusCreated {
		c.t.Fatalf("the API gave %d %s", response.Code, response.Body)
	}
}

// act is one thing that a caller did, for another telephone channel to do again.
type act struct {
	keys  string // without the hash
	speak bool
	menu  bool // one key is expected
}

// phone is a call whose keys go through the Collector on a clock of its own.
type phone struct {
	*channels
	said      *said
	state     *dialogue.State
	turn      dialogue.Turn
	collector dialogue.Collector
	at        time.Time
	acts      []act
}

// byKeypad goes the whole way by digits, and gives what the caller did.
func (c *channels) byKeypad(s *said) []act {
	c.t.Helper()
	p := &phone{channels: c, said: s, at: demotest.Monday}
	var err error
	p.state, p.turn, err = c.driver.Start(c.t.Context(), dialogue.Start{
		CallID: uuid.Must(uuid.NewV7()), NeighbourhoodID: demo.NeighbourhoodID("riverside"), Language: "en", At: demotest.Monday,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	p.collector.Begin(p.turn.Expect)
	p.key("1")
	for _, key := range s.kind.Key {
		p.key(string(key))
	}
	for range mostSteps {
		switch p.state.Step {
		case "question":
			p.answer()
		case "detail":
			p.detail()
		case "pharmacy":
			p.choosePharmacy()
		case "check":
			p.key("1")
		case "sent", "emergency":
			return p.acts
		default:
			c.t.Fatalf("the call leads to %s: %+v", p.state.Step, p.turn)
		}
	}
	c.t.Fatal("the call does not end")
	return nil
}

// key presses keys that complete what is expected; "" is the hash alone.
func (p *phone) key(keys string) {
	p.t.Helper()
	p.at = p.at.Add(4 * time.Second) // a hash that is meant
	p.acts = append(p.acts, act{keys: keys, menu: p.turn.Expect.Most == 1})
	pressed := keys
	if p.turn.Expect.Most == 0 || len(keys) < p.turn.Expect.Most {
		pressed += "#"
	}
	for i := range len(pressed) {
		p.at = p.at.Add(300 * time.Millisecond)
		e, ok := p.collector.Key(pressed[i], p.at)
		if ok != (i == len(pressed)-1) {
			p.t.Fatalf("%q at %s is complete after %d keys: %v", pressed, p.state.Step, i+1, ok)
		}
		if ok {
			p.handle(e)
		}
	}
}

func (p *phone) speak() {
	p.t.Helper()
	p.acts = append(p.acts, act{speak: true})
	p.handle(dialogue.Event{Kind: dialogue.Recorded, Recording: uuid.Must(uuid.NewV7())})
}

func (p *phone) handle(e dialogue.Event) {
	p.t.Helper()
	raw, err := json.Marshal(p.state)
	if err != nil {
		p.t.Fatal(err)
	}
	p.state = &dialogue.State{}
	if err := json.Unmarshal(raw, p.state); err != nil {
		p.t.Fatal(err)
	}
	if p.turn, err = p.driver.Handle(p.t.Context(), p.state, e); err != nil {
		p.t.Fatal(err)
	}
	p.collector.Begin(p.turn.Expect)
}

func (p *phone) answer() {
	p.t.Helper()
	it, ok := p.said.kind.Questionnaire.Item(p.state.Place.LinkID)
	if !ok {
		p.t.Fatal("no item", p.state.Place)
	}
	values := p.said.to(it)
	if it.FreeText() && len(values) > 0 {
		p.speak()
		return
	}
	for _, v := range values {
		keys := it.Keys(v)
		switch {
		case it.Key.Kind == catalogue.KeyDigits && keys == "0":
			p.key("00") // none left is keyed twice, since 0 alone is a person
		case it.Key.Kind == catalogue.KeyMenu:
			for _, key := range keys {
				p.key(string(key))
			}
		default:
			p.key(keys)
		}
	}
	// A list of several ends with a hash, unless its last choice did.
	if p.state.Step == "question" && p.state.Place.LinkID == it.LinkID {
		p.key("")
	}
}

func (p *phone) detail() {
	p.t.Helper()
	who := p.said.who
	switch detail := p.state.Place.Detail; detail {
	case intake.NHSNumber:
		p.key(string(who.NHSNumber))
	case intake.BirthDate:
		d := who.BirthDate
		p.key(fmt.Sprintf("%02d%02d%04d", d.Day, int(d.Month), d.Year))
	case intake.Sex:
		p.key(map[string]string{"female": "1", "male": "2", "other": "3"}[string(who.Sex)])
	case intake.Mobile:
		p.key("0" + strings.TrimPrefix(string(who.Mobile), "+44"))
	case intake.SafeToText:
		p.key("2")
	default:
		p.t.Fatalf("%s is asked on the telephone", detail)
	}
}

// choosePharmacy finds the one that is wanted in the list as it is said: by the alphabet.
func (p *phone) choosePharmacy() {
	p.t.Helper()
	names := map[string]string{"FRV01": "Quayside Pharmacy", "FRV02": "Bridge Street Pharmacy", "FRV04": "Towpath Pharmacy"}
	for _, phrase := range p.turn.Say {
		if key, ok := strings.CutPrefix(phrase.Text, names[p.said.pharmacy]+", press "); ok {
			p.key(key[:1])
			return
		}
	}
	p.t.Fatalf("%s is not said: %+v", p.said.pharmacy, p.turn.Say)
}

var nextAddress = regexp.MustCompile(`(?:action="|<Redirect method="POST">)([^"<]+)`)

// byTwiML does over the webhook what the caller did by keypad, with every post signed.
func (c *channels) byTwiML(acts []act) {
	c.t.Helper()
	sid := "CA" + strings.ReplaceAll(uuid.NewString(), "-", "")
	reply := c.post("/voice/twiml/riverside", sid, url.Values{"CallStatus": {"ringing"}})
	for _, a := range acts {
		next := nextAddress.FindStringSubmatch(reply)
		if next == nil {
			c.t.Fatalf("nothing is expected: %s", reply)
		}
		c.clock.pass(4 * time.Second)
		form := url.Values{"Digits": {a.keys}, "FinishedOnKey": {""}, "msg": {"Gather End"}}
		switch {
		case a.speak:
			form = url.Values{"RecordingUrl": {"https://recordings.example/RE1"}, "RecordingDuration": {"4"}, "Digits": {"#"}}
		case a.keys == "" && a.menu:
			form.Set("Digits", "#")
		case a.keys == "":
			form.Set("FinishedOnKey", "#")
		}
		reply = c.post(strings.TrimPrefix(next[1], base), sid, form)
	}
}

func (c *channels) post(path, sid string, form url.Values) string {
	c.t.Helper()
	maps.Copy(form, url.Values{"CallSid": {sid}, "AccountSid": {"AC1"}, "From": {"anonymous"}, "To": {"+441632960999"}, "Direction": {"inbound"}})
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", sign(base+path, form))
	response := serve(c.twiml, r)
	if response.Code != http.StatusOK {
		c.t.Fatalf("%s gave %d %s", path, response.Code, response.Body)
	}
	return response.Body.String()
}

// sign is the platform's published sum.
func sign(address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		mac.Write([]byte(name + form.Get(name)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
