package e2e_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"onedoor/app/catalogue"
)

// visitor is a browser without scripts: it keeps cookies, follows redirects, and sends the forms that pages show.
type visitor struct {
	t    testing.TB
	base string
	http *http.Client

	status int
	at     string // path and query of the page
	body   string
	forms  []form
	chose  bool // a pharmacy was asked for
}

// form is one form of a page with what its hidden fields hold.
type form struct {
	action string
	hidden url.Values
}

func (p *product) visit() *visitor {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return &visitor{t: p.t, base: p.BaseURL, http: &http.Client{Transport: p.http.Transport, Jar: jar, Timeout: patience}}
}

func (v *visitor) get(path string) {
	v.t.Helper()
	r, err := http.NewRequest(http.MethodGet, v.base+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	v.do(r)
}

// send fills in the page's form whose action ends as given, and sends it.
func (v *visitor) send(actionEnds string, fields url.Values) {
	v.t.Helper()
	for _, f := range v.forms {
		if !strings.HasSuffix(f.action, actionEnds) {
			continue
		}
		filled := url.Values{}
		for _, from := range []url.Values{f.hidden, fields} {
			for name, values := range from {
				filled[name] = values
			}
		}
		r, err := http.NewRequest(http.MethodPost, v.base+f.action, strings.NewReader(filled.Encode()))
		if err != nil {
			v.t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		v.do(r)
		return
	}
	v.t.Fatalf("%s has no form for %q:\n%s", v.at, actionEnds, v.body)
}

func (v *visitor) do(r *http.Request) {
	v.t.Helper()
	response, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.status, v.at, v.body = response.StatusCode, response.Request.URL.RequestURI(), string(raw)
	v.read()
}

func (v *visitor) read() {
	v.t.Helper()
	v.forms = nil
	document, err := html.Parse(strings.NewReader(v.body))
	if err != nil {
		v.t.Fatal(err)
	}
	for n := range document.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" {
			continue
		}
		f := form{attribute(n, "action"), url.Values{}}
		for field := range n.Descendants() {
			if field.Type == html.ElementNode && field.Data == "input" && attribute(field, "type") == "hidden" {
				f.hidden.Add(attribute(field, "name"), attribute(field, "value"))
			}
		}
		v.forms = append(v.forms, f)
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// shows fails the test unless the page holds all these texts.
func (v *visitor) shows(texts ...string) {
	v.t.Helper()
	for _, text := range texts {
		if !strings.Contains(v.body, text) {
			v.t.Fatalf("%s (%d) does not show %q:\n%s", v.at, v.status, text, v.body)
		}
	}
}

// signIn signs somebody in through the development provider.
func (v *visitor) signIn(subject string) {
	v.t.Helper()
	v.get("/sign-in")
	v.shows("Choose who to sign in as")
	v.send("", url.Values{"subject": {subject}})
	if !strings.HasPrefix(v.at, "/reception") {
		v.t.Fatalf("%s signed in and came to %s (%d):\n%s", subject, v.at, v.status, v.body)
	}
}

// journey is what a patient does on the pages.
type journey struct {
	kind     string
	who      person
	pharmacy string // an ODS code, or none
	// answer is what they say to a question; nothing leaves it out.
	answer func(*catalogue.Item) []string
	// texts says that texts to their mobile number are safe.
	texts bool
}

var soreThroatAnswers = map[string][]string{
	"age-band": {"16-or-over"}, "red-flags-adult": {"none"}, "condition": {"sore-throat"}, "describe": {"It hurts to swallow."}, "duration": {"1-to-3-days"},
	"pregnant": {"no"}, "own-practice-only": {"false"},
}

// soreThroatJourney is that of the demonstration.
func soreThroatJourney(who person) journey {
	return journey{kind: "symptoms", who: who, pharmacy: "FRV01", answer: func(it *catalogue.Item) []string { return soreThroatAnswers[it.LinkID] }}
}

var (
	questionPage = regexp.MustCompile(`^/riverside/question/(\d+)$`)
	shownAs      = regexp.MustCompile(`<strong class="app-reference">(\d{3}) (\d{3}) (\d{4})</strong>`)
)

// mostPages is more than any journey has.
const mostPages = 60

// asks goes the whole way from the front door, and gives the reference and whether it ended in an emergency.
func (v *visitor) asks(c *catalogue.Catalogue, j journey) (reference string, emergency bool) {
	v.t.Helper()
	v.get("/riverside/")
	v.send("/start", url.Values{"kind": {j.kind}})
	return v.goesOn(c, j)
}

// goesOn answers what is asked from a conversation's first page on.
func (v *visitor) goesOn(c *catalogue.Catalogue, j journey) (reference string, emergency bool) {
	v.t.Helper()
	for range mostPages {
		if v.status != http.StatusOK {
			v.t.Fatalf("%s gave %d:\n%s", v.at, v.status, v.body)
		}
		page := strings.TrimPrefix(v.at, "/riverside/")
		switch {
		case strings.HasPrefix(page, "question/"):
			it := itemAt(v.t, c, j.kind, v.at)
			v.send(v.at, answerForm(it, j.answer(it)))
		case strings.HasPrefix(page, "about-you/"):
			f := j.who.form(v.t)
			if j.texts {
				f.Set("safe", "yes")
			}
			v.send(v.at, f)
		case page == "pharmacy":
			v.chose = true
			v.send(v.at, url.Values{"pharmacy": {j.pharmacy}})
		case page == "check-answers":
			v.send(v.at, nil)
		case page == "sent", page == "emergency":
			return v.reference(), page == "emergency"
		default:
			v.t.Fatalf("the pages lead to %s:\n%s", v.at, v.body)
		}
	}
	v.t.Fatalf("after %d pages still at %s", mostPages, v.at)
	return "", false
}

func (v *visitor) reference() string {
	v.t.Helper()
	m := shownAs.FindStringSubmatch(v.body)
	if m == nil {
		v.t.Fatalf("%s shows no reference:\n%s", v.at, v.body)
	}
	return m[1] + m[2] + m[3]
}

// itemAt is the question that a page asks: pages are numbered as the Questionnaire has them.
func itemAt(t testing.TB, c *catalogue.Catalogue, kind, path string) *catalogue.Item {
	t.Helper()
	m := questionPage.FindStringSubmatch(path)
	k, ok := c.Kind(kind)
	if m == nil || !ok {
		t.Fatalf("%s is no page of a question of %s", path, kind)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n < 1 || n > len(k.Questionnaire.Questions()) {
		t.Fatalf("%s has no question %s", kind, path)
	}
	return k.Questionnaire.Questions()[n-1]
}

// answerForm is an answer as the form of its question sends it.
func answerForm(it *catalogue.Item, values []string) url.Values {
	if it.Type == catalogue.TypeDate && len(values) == 1 {
		return dateForm("answer", values[0])
	}
	return url.Values{"answer": values}
}

func dateForm(name, day string) url.Values {
	parts := strings.Split(day, "-")
	return url.Values{name + "-year": {parts[0]}, name + "-month": {parts[1]}, name + "-day": {parts[2]}}
}

// form is a person as they fill in the pages about themselves.
func (who person) form(t testing.TB) url.Values {
	t.Helper()
	f := dateForm("birth", who.BirthDate)
	for name, value := range map[string]string{
		"given-name": who.GivenName, "family-name": who.FamilyName, "nhs-number": who.NHSNumber, "postcode": who.Postcode, "sex": who.Sex,
		"mobile": who.Mobile, "safe": "no",
	} {
		f.Set(name, value)
	}
	return f
}
