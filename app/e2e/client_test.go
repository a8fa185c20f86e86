package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"
)

type object = map[string]any

// client calls the API with one of the demonstration's keys.
type client struct {
	t    testing.TB
	http *http.Client
	base string
	key  string
}

// as is a client with the key of that name.
func (p *product) as(name string) client {
	p.t.Helper()
	return p.demonstration.as(p.t, p.http, name)
}

func (d demonstration) as(t testing.TB, h *http.Client, name string) client {
	t.Helper()
	key, ok := d.Keys[name]
	if !ok {
		t.Fatalf("demo.json has no key %q", name)
	}
	return client{t, h, d.BaseURL, key}
}

// reply is an answer, read whole.
type reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// named is an organisation or a queue in a reply.
type named struct {
	ID      string `json:"id"`
	ODS     string `json:"ods_code"`
	Name    string `json:"name"`
	Service string `json:"service"`
}

// request is what the API tells of a request.
type request struct {
	Reference   string   `json:"reference"`
	Status      string   `json:"status"`
	Version     int      `json:"version"`
	Accountable named    `json:"accountable"`
	Queue       named    `json:"queue"`
	Destination named    `json:"destination"`
	Urgency     string   `json:"urgency"`
	Ignored     []string `json:"ignored"`
	Decision    struct {
		PolicyVersion string   `json:"policy_version"`
		Rule          string   `json:"rule"`
		Because       []string `json:"because"`
	} `json:"decision"`
	Claimed *struct {
		By string `json:"by"`
	} `json:"claimed"`
	Deliveries []delivery `json:"deliveries"`
	Referred   struct {
		Organisation named  `json:"organisation"`
		Reference    string `json:"reference"`
	} `json:"referred"`
	Staff struct {
		Arrivals []struct {
			TheirReference string `json:"their_reference"`
		} `json:"arrivals"`
	} `json:"staff"`
}

type delivery struct {
	ID           string `json:"id"`
	Organisation named  `json:"organisation"`
	State        string `json:"state"`
	LastError    string `json:"last_error"`
}

// do makes one call, and gives the error of one that got no answer.
func (c client) do(method, path string, body any, headers ...string) (reply, error) {
	var sent []byte
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return reply{}, err
		}
	}
	r, err := http.NewRequest(method, c.base+path, bytes.NewReader(sent))
	if err != nil {
		return reply{}, err
	}
	r.Header.Set("Authorization", "Bearer "+c.key)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.http.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, read}, err
}

// must makes a call that has to be answered with a status, and reads the answer into one of the types above.
func must[T any](c client, status int, method, path string, body any, headers ...string) (into T) {
	c.t.Helper()
	got, err := c.do(method, path, body, headers...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	if got.Status != status {
		c.t.Fatalf("%s %s: %d, want %d: %s", method, path, got.Status, status, got.Body)
	}
	if err := json.Unmarshal(got.Body, &into); err != nil {
		c.t.Fatalf("%s %s: %v: %s", method, path, err, got.Body)
	}
	return into
}

// submit sends a request with an idempotency key of its own.
func (c client) submit(body object) request {
	c.t.Helper()
	return must[request](c, http.StatusCreated, "POST", "/api/v1/requests", body, "Idempotency-Key", uuid.NewString())
}

// get reads a request.
func (c client) get(reference string) request {
	c.t.Helper()
	return must[request](c, http.StatusOK, "GET", "/api/v1/requests/"+reference, nil)
}

// command gives a command that has to succeed.
func (c client) command(reference, name string, body object) request {
	c.t.Helper()
	if body == nil {
		body = object{}
	}
	return must[request](c, http.StatusOK, "POST", "/api/v1/requests/"+reference+"/"+name, body)
}

// asks is a submission in a person's name.
func asks(who person, kind string, answers object) object {
	return object{
		"neighbourhood": "riverside", "channel": "app", "kind": kind, "answers": answers,
		"patient": object{
			"nhs_number": who.NHSNumber, "birth_date": who.BirthDate, "given_name": who.GivenName, "family_name": who.FamilyName,
			"postcode": who.Postcode, "sex": who.Sex, "mobile": who.Mobile,
		},
	}
}

// soreThroat is a submission that may go to a pharmacy.
func soreThroat(who person) object {
	body := asks(who, "symptoms", object{"red-flags-adult": []string{"none"}, "condition": "sore-throat"})
	body["choices"] = object{"pharmacy": "FRV01"}
	return body
}

// toClaimed brings a sore throat to where the pharmacist of FRV01 can record its outcome.
func (p *product) toClaimed() (reference string) {
	p.t.Helper()
	reference = p.as("app").submit(soreThroat(p.Patients[0])).Reference
	p.as("receptionist").command(reference, "verify", nil)
	p.as("pharmacist").command(reference, "accept", nil)
	p.as("pharmacist").command(reference, "claim", nil)
	return reference
}

// states are how far a request's deliveries have come, by the ODS code of the organisation that each is for.
func (r request) states() map[string]string {
	states := map[string]string{}
	for _, d := range r.Deliveries {
		states[d.Organisation.ODS] = d.State
	}
	return states
}

// filedAt reports whether a request's outcome is filed in the systems of all these organisations, and of no other.
func (r request) filedAt(codes ...string) bool {
	states := r.states()
	slices.Sort(codes)
	if !slices.Equal(slices.Sorted(maps.Keys(states)), codes) {
		return false
	}
	for _, state := range states {
		if state != "filed" {
			return false
		}
	}
	return true
}
