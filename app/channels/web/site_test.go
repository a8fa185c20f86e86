package web_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"onedoor/app/channels/web"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/intake"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/app/store/conversationstore"
	"onedoor/app/store/directorystore"
	"onedoor/ui/static"
)

// site is the pages over the demonstration's real stores.
type site struct {
	*demotest.World
	address string
}

func open(t *testing.T, change ...func(*web.Options)) *site {
	t.Helper()
	w := demotest.New(t)
	o := web.Options{
		Catalogue: w.Catalogue, Requests: w.Requests, Neighbourhoods: directory.New(directorystore.New(w.DB), w.Now),
		Directories: directory.New(directorystore.New(w.DB), w.Now), Conversations: conversationstore.New(w.DB, w.Now),
		Now: w.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	}
	o.Walker = intake.NewWalker(w.Catalogue, requests.NeedsPharmacy(w.Catalogue, w.Requests), w.Now, intake.References(requests.Drawing(rand.Reader)))
	for _, c := range change {
		c(&o)
	}
	h := web.New(o)
	server := routes.New(routes.Options{Development: true, Now: w.Now, ProblemPage: h.Problem})
	server.AddHTTP(http.MethodGet, static.Root+"*", routes.Public, static.Handler())
	h.Register(server)
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.Close)
	return &site{w, listening.URL}
}

// visitor is a browser without scripts: it keeps cookies, follows redirects and remembers every address it was at.
type visitor struct {
	t         *testing.T
	site      *site
	client    *http.Client
	addresses []string

	status  int
	at      string
	header  http.Header
	body    string
	heading string
	title   string
	action  string
}

func (s *site) visit(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, site: s}
	v.client = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		v.addresses = append(v.addresses, r.URL.RequestURI())
		return nil
	}}
	return v
}

// get opens a page of Riverside, or any other by a path that begins with a slash.
func (v *visitor) get(path string, headers ...string) {
	v.t.Helper()
	v.do(http.MethodGet, path, nil, headers...)
}

// post sends a form.
func (v *visitor) post(path string, form url.Values) {
	v.t.Helper()
	v.do(http.MethodPost, path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// send answers the form that the page shows, where it says.
func (v *visitor) send(pairs ...string) {
	v.t.Helper()
	if v.action == "" {
		v.t.Fatalf("%s has no form:\n%s", v.at, v.body)
	}
	v.post(v.action, fields(pairs...))
}

func fields(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

func (v *visitor) do(method, path string, body io.Reader, headers ...string) {
	v.t.Helper()
	if !strings.HasPrefix(path, "/") {
		path = "/riverside/" + path
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.site.address+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	v.addresses = append(v.addresses, path)
	response, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.status, v.at, v.header, v.body = response.StatusCode, response.Request.URL.RequestURI(), response.Header, string(raw)
	v.read()
}

// read finds the heading, the title and the first form of the page.
func (v *visitor) read() {
	v.heading, v.title, v.action = "", "", ""
	document, err := html.Parse(strings.NewReader(v.body))
	if err != nil {
		v.t.Fatal(err)
	}
	for n := range document.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "h1" && v.heading == "":
			v.heading = textOf(n)
		case n.Data == "title" && v.title == "":
			v.title = textOf(n)
		case n.Data == "form" && v.action == "":
			for _, a := range n.Attr {
				if a.Key == "action" {
					v.action = a.Val
				}
			}
		}
	}
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func (v *visitor) wants(heading string) {
	v.t.Helper()
	if v.heading != heading {
		v.t.Fatalf("at %s (%d): got the page %q, want %q\n%s", v.at, v.status, v.heading, heading, v.body)
	}
}

func (v *visitor) shows(texts ...string) {
	v.t.Helper()
	for _, text := range texts {
		if !strings.Contains(v.body, text) {
			v.t.Errorf("%s does not show %q:\n%s", v.at, text, v.body)
		}
	}
}

// person is somebody of the register, as they fill in the pages about themselves.
func (s *site) person(i int) url.Values {
	p := s.Patients[i]
	form := fields(
		"given-name", p.GivenName, "family-name", p.FamilyName, "nhs-number", p.NHSNumber.Spaced(),
		"postcode", string(p.Postcode), "sex", string(p.Sex), "mobile", "07700 900123", "safe", "no",
	)
	form.Set("birth-day", itoa(p.BirthDate.Day))
	form.Set("birth-month", itoa(int(p.BirthDate.Month)))
	form.Set("birth-year", itoa(p.BirthDate.Year))
	return form
}

// toDetails answers the questions of a sore throat, up to those about the person.
func (v *visitor) soreThroat() {
	v.t.Helper()
	v.get("")
	v.send("kind", "symptoms")
	v.send("answer", "16-or-over")
	v.send("answer", "none")
	v.send("answer", "sore-throat")
	v.send("answer", "It hurts to swallow.")
	v.send("answer", "1-to-3-days")
	for strings.HasPrefix(v.at, "/riverside/question/") {
		v.send() // what is left is optional, or follows from the person
		if v.status == http.StatusUnprocessableEntity {
			v.send("answer", "no")
		}
	}
}

// about answers the pages about the person.
func (v *visitor) about(form url.Values) {
	v.t.Helper()
	for strings.HasPrefix(v.at, "/riverside/about-you/") || strings.HasPrefix(v.at, "/riverside/question/") {
		if strings.HasPrefix(v.at, "/riverside/question/") {
			v.send()
			continue
		}
		before := v.at
		v.post(v.action, form)
		if v.status != http.StatusOK || v.at == before {
			v.t.Fatalf("stuck at %s (%d)\n%s", v.at, v.status, v.body)
		}
	}
}

// requestsThat lets a test break one of the requests service's methods.
type requestsThat struct {
	web.Requests
	submit func(context.Context, requests.Submission) (requests.Receipt, error)
}

func (r requestsThat) Submit(ctx context.Context, in requests.Submission) (requests.Receipt, error) {
	return r.submit(ctx, in)
}
