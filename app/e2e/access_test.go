package e2e_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/demo"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/policy"
	"onedoor/policy/access"
	"onedoor/tenants"
)

// roles are what each of the demonstration's keys is.
var roles = map[string]tenants.Role{
	"app": tenants.App, "partner": tenants.Partner, "receptionist": tenants.Receptionist, "pharmacist": tenants.Clinician,
	"lead": tenants.Lead, "org_admin": tenants.OrgAdmin, "operator": tenants.Operator, "foreign_receptionist": tenants.Receptionist,
}

// Every route of the whole product, pages included, by nobody and by every role. Who is nobody learns nothing; who has no
// permission is told so; and what belongs to others cannot be told from what does not exist.
func TestEveryRouteByEveryRole(t *testing.T) {
	t.Parallel()
	p := start(t)
	// Another practice's request, which nobody with a key may see but the app that sent it.
	theirs := p.as("app").submit(asks(p.patientOf("A81002"), "admin", object{"red-flags-adult": []string{"none"}}))
	none := p.unused()
	cells, leaks := 0, 0
	for _, r := range p.routes {
		object, action, needed := r.Rule.Permission()
		if r.Path == routes.SignInPath || r.Path == routes.SignInCallbackPath || strings.HasPrefix(r.Path, "/development/") {
			continue // signing in is a test of its own
		}
		at := p.fill("", r.Path, theirs, theirs.Reference)
		if strings.Contains(at, "/:") {
			t.Errorf("%s: nothing of another's is put in its place", at)
		}
		got := p.ask("", r, at)
		cells++
		switch {
		case got.Status >= http.StatusInternalServerError:
			t.Errorf("%s %s by nobody: %d %s", r.Method, at, got.Status, got.Body)
		case needed || r.Rule == routes.SignedIn:
			turnedAway := got.Status == http.StatusUnauthorized || strings.HasPrefix(got.Header.Get("Location"), routes.SignInPath)
			if !turnedAway {
				t.Errorf("%s %s by nobody: %d", r.Method, at, got.Status)
			}
		case r.Rule == routes.Signed:
			if got.Status != http.StatusForbidden && got.Status != http.StatusUnauthorized {
				t.Errorf("%s %s without a signature: %d", r.Method, at, got.Status)
			}
		case got.Status == http.StatusUnauthorized || got.Status == http.StatusForbidden:
			t.Errorf("%s %s is for anybody (%s): %d", r.Method, at, r.Rule, got.Status)
		}
		if !needed {
			continue
		}
		for key, role := range roles {
			at := p.fill(key, r.Path, theirs, theirs.Reference)
			got, absent := p.ask(key, r, at), p.ask(key, r, p.fill(key, r.Path, request{Queue: named{ID: uuid.NewString()}}, none))
			cells += 2
			_, allowed := access.Allow(role, object, action)
			if forbidden := got.Status == http.StatusForbidden; !allowed && !forbidden {
				t.Errorf("%s may not %s a %s, and %s %s: %d", key, action, object, r.Method, at, got.Status)
			}
			if got.Status >= http.StatusInternalServerError {
				t.Errorf("%s %s by %s: %d %s", r.Method, at, key, got.Status, got.Body)
			}
			if key == "app" || !strings.Contains(r.Path, ":") || strings.HasPrefix(r.Path, "/api/v1/kinds") {
				continue // it sent it, or nothing particular is asked for
			}
			if got.Status != absent.Status || alike(got, theirs.Reference) != alike(absent, none) {
				leaks++
				t.Errorf("%s %s by %s tells what is another's (%d) from what is not there (%d):\n%s\n%s",
					r.Method, r.Path, key, got.Status, absent.Status, got.Body, absent.Body)
			}
		}
	}
	// A referral is signed by a partner's key: it comes as far as the headers that it lacks, and any other no further.
	for key, want := range map[string]int{"partner": http.StatusBadRequest, "app": http.StatusUnauthorized, "receptionist": http.StatusUnauthorized} {
		if got := p.ask(key, routes.Route{Method: http.MethodGet}, "/bars/FHIR/R4/metadata"); got.Status != want {
			t.Errorf("a referral by %s: %d %s", key, got.Status, got.Body)
		}
	}
	t.Logf("%d cells, %d leaks", cells, leaks)
	if cells < 400 {
		t.Errorf("only %d cells were tried", cells)
	}
	if after := p.as("app").get(theirs.Reference); after.Version != theirs.Version || after.Status != theirs.Status {
		t.Errorf("somebody changed another's request: %+v", after)
	}
}

func (p *product) patientOf(practice string) person {
	p.t.Helper()
	for _, who := range p.Patients {
		if who.Practice == practice {
			return who
		}
	}
	p.t.Fatalf("nobody is registered at %s", practice)
	return person{}
}

// unused is a well-formed reference that no request has.
func (p *product) unused() string {
	p.t.Helper()
	for n := 100000000; ; n++ {
		for digit := range 10 {
			candidate := string(append([]byte(nineDigits(n)), byte('0'+digit)))
			if _, err := requests.ParseReference(candidate); err == nil && p.count(`select count(*) from requests where reference = $1`, candidate) == 0 {
				return candidate
			}
		}
	}
}

func nineDigits(n int) string {
	digits := make([]byte, 9)
	for i := range digits {
		digits[8-i] = byte('0' + n%10)
		n /= 10
	}
	return string(digits)
}

// fill puts into a route's path what is another's, or what does not exist: a request, a queue and a service of another
// practice, and a version of the policy, a draft and a run of another neighbourhood. A lead sees every service of theirs, and
// is asked for the other neighbourhood's.
func (p *product) fill(key, path string, of request, reference string) string {
	queue, id, service, slug, hash := of.Queue.ID, uuid.NewString(), uuid.NewString(), "nowhere", strings.Repeat("0", 64)
	place := "A99999"
	if reference == of.Reference {
		other, err := hillsides()
		if err != nil {
			p.t.Fatal(err)
		}
		queue, slug, hash = demo.QueueID("A81002", "admin").String(), "hillside", other
		service = demo.ServiceID("A81002", "general-practice").String()
		place = "A81002"
		if key == "lead" {
			service = demo.ServiceID("B82001", "general-practice").String()
		}
		if key == "operator" { // who sets up connections in the whole neighbourhood, and in no other
			place = "B82001"
		}
	}
	if strings.Contains(path, "/queues/:id") {
		id = queue
	}
	return strings.NewReplacer(
		":reference", reference, ":queue", queue, ":id", id, ":recording", uuid.NewString(), ":kind", "symptoms", ":neighbourhood", "riverside", ":number", "1", ":slug", slug, ":name", "first",
		":hash", hash, ":version", hash, ":policy", hash, ":service", service, ":run", id, ":place", place, ":ods", place, ":cell", "none", ":table", "everything-else", ":rule", "admin", "*", "none",
		":line", "riverside", ":call", id, ":step", "1", ":turn", "1.wav", ":pass", "none", ":phrase", "first", ":language", "en",
	).Replace(path)
}

// hillsides is the hash of the policy that is live in the other neighbourhood; it is asked for at every route.
var hillsides = sync.OnceValues(func() (string, error) {
	other, err := policy.Parse(demo.Hillside)
	if err != nil {
		return "", err
	}
	return other.Hash(), nil
})

// ask makes one call without following where it leads. A stream is asked for its head, since it does not end.
func (p *product) ask(key string, r routes.Route, at string) reply {
	p.t.Helper()
	method := r.Method
	if strings.HasSuffix(at, "/events") {
		method = http.MethodHead
	}
	c := client{p.t, &http.Client{Transport: p.http.Transport, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, p.BaseURL, p.Keys[key]}
	var body any
	var headers []string
	switch {
	case method == http.MethodPost && strings.HasPrefix(at, "/api/"):
		body = object{}
	case method == http.MethodPost:
		headers = []string{"Content-Type", "application/x-www-form-urlencoded"}
	}
	if key == "" {
		headers = append(headers, "Authorization", "")
	}
	got, err := c.do(method, at, body, headers...)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, at, err)
	}
	return got
}

var ownToEach = regexp.MustCompile(`nonce="[^"]*"|'nonce-[^']*'`)

// alike is an answer without what each one has of its own.
func alike(r reply, reference string) string {
	body := ownToEach.ReplaceAllString(string(r.Body), "")
	spaced := reference[:3] + " " + reference[3:6] + " " + reference[6:]
	for _, form := range []string{reference, spaced} {
		body = strings.ReplaceAll(body, form, "REFERENCE")
	}
	return body
}
