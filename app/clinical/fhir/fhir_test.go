package fhir

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
	"onedoor/app/nhs"
)

var update = flag.Bool("update", false, "write the golden files")

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func document() clinical.Document {
	return clinical.Document{
		DeliveryID: uuid.MustParse("0199a2c4-7d00-7c11-8a55-3f0f6c1d2e01"), Reference: "4820017365", Purpose: clinical.RegisteredPractice,
		Kind:    clinical.Coded{Code: "symptoms", Title: "Symptoms or a health problem"},
		Patient: clinical.Patient{NHSNumber: "9990000018", GivenName: "Ada", FamilyName: "Moor", BirthDate: nhs.Date{Year: 1996, Month: 4, Day: 27}},
		Outcome: clinical.Coded{Code: "treated", Title: "Treated"}, Note: "Advice given.",
		RecordedBy: "Priya Shah", RecordedAt: noon,
		From: clinical.Party{ODS: "FA001", Name: "Canal Pharmacy"}, For: clinical.Party{ODS: "A81001", Name: "Mill Lane Surgery"},
	}
}

func deliveryOf(doc clinical.Document) clinical.Delivery {
	return clinical.Delivery{ID: doc.DeliveryID, Document: doc}
}

func made(t *testing.T, address string, transport http.RoundTripper) *System {
	t.Helper()
	s, err := New(Options{BaseURL: address, Transport: transport, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// bundled is a document as it is sent.
func bundled(t *testing.T, doc clinical.Document) r4.Bundle {
	t.Helper()
	entries, err := made(t, "http://127.0.0.1:1", nil).filing(doc)
	if err != nil {
		t.Fatal(err)
	}
	return r4.Bundle{Type: r4.Transaction, Entry: entries}
}

func TestEmittedJSON(t *testing.T) {
	t.Parallel()
	untraced := document()
	untraced.Patient.NHSNumber, untraced.Note, untraced.Purpose = "", "", clinical.OwnRecord
	unnamed := untraced
	unnamed.Patient = clinical.Patient{}
	for name, doc := range map[string]clinical.Document{
		"outcome": document(), "outcome-without-nhs-number-or-note": untraced, "outcome-of-somebody-not-known": unnamed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.MarshalIndent(bundled(t, doc), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Error(diff)
			}
			if faults := r4.Faults(got); len(faults) > 0 {
				t.Error(faults)
			}
			again, _ := json.MarshalIndent(bundled(t, doc), "", "  ")
			if !bytes.Equal(append(again, '\n'), got) {
				t.Error("a second try would not send the same bytes")
			}
		})
	}
}

// answering is a server that gives the same answers to every POST and to every GET.
func answering(t *testing.T, post, get http.HandlerFunc) *System {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			post(w, r)
			return
		}
		get(w, r)
	}))
	t.Cleanup(server.Close)
	return made(t, server.URL+"/fhir/", server.Client().Transport)
}

func says(status int, header map[string]string, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

const (
	committed = `{"resourceType":"Bundle","type":"transaction-response","entry":[
		{"response":{"status":"201 Created","location":"http://x/fhir/Task/a1/_history/3","etag":"W/\"3\"","lastModified":"2026-11-23T12:00:01Z"}},
		{"response":{"status":"200 OK","location":"DocumentReference/b2"}}]}`
	nothing = `{"resourceType":"Bundle","type":"searchset","total":0}`
	there   = `{"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"resource":{"resourceType":"Task","id":"a1",
		"meta":{"versionId":"3","lastUpdated":"2026-11-23T12:00:01Z"},
		"identifier":[{"system":"https://onedoor.example/identifier/delivery","value":"0199a2c4-7d00-7c11-8a55-3f0f6c1d2e01"}]}}]}`
	anothers = `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Task","id":"z9",
		"identifier":[{"system":"https://elsewhere.example","value":"1"}]}}]}`
)

func TestFileReceipts(t *testing.T) {
	t.Parallel()
	want := clinical.Receipt{State: clinical.Filed, ExternalID: "Task/a1", ETag: `W/"3"`, At: noon.Add(time.Second)}
	var sent *http.Request
	s := answering(t, func(w http.ResponseWriter, r *http.Request) {
		sent = r
		says(200, nil, committed)(w, r)
	}, says(200, nil, there))
	got, err := s.File(context.Background(), deliveryOf(document()))
	if err != nil || !cmp.Equal(want, got) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
	if sent.URL.Path != "/fhir" || sent.Header.Get("X-Request-ID") != document().DeliveryID.String() || sent.Header.Get("Content-Type") != r4.ContentType {
		t.Errorf("sent to %s with %v", sent.URL.Path, sent.Header)
	}
	back, found, err := s.Find(context.Background(), deliveryOf(document()))
	if err != nil || !found || !cmp.Equal(want, back) {
		t.Errorf("read back: %v %v\n%s", found, err, cmp.Diff(want, back))
	}
}

func TestAnothersTaskIsNotOurs(t *testing.T) {
	t.Parallel()
	s := answering(t, says(200, nil, committed), says(200, nil, anothers))
	if _, found, err := s.Find(context.Background(), deliveryOf(document())); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestAnswersThatAreNotReceipts(t *testing.T) {
	t.Parallel()
	issue := func(code, expression, words string) string {
		return `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"` + code + `","expression":["` + expression + `"],"diagnostics":"` + words + `"}]}`
	}
	redirect := map[string]string{"Location": "http://127.0.0.1:1/elsewhere"}
	html := map[string]string{"Content-Type": "text/html"}
	tests := []struct {
		name   string
		status int
		header map[string]string
		body   string
		find   string
		kind   error
		words  string
		after  time.Duration
	}{
		{"an element is missing", 422, nil, issue("required", "Task.for", "Ada Moor is missing"), nothing, &clinical.Refused{}, "something that it needs is missing (at Task.for)", 0},
		{"a place that is not a path is left out", 400, nil, issue("value", "Ada Moor", ""), nothing, &clinical.Refused{}, "a value is not one that it allows.", 0},
		{"not allowed", 403, nil, "", nothing, &clinical.Refused{}, "we are not allowed to", 0},
		{"no reason", 418, html, "<p>", nothing, &clinical.Refused{}, "gave no reason", 0},
		{"a redirect is not followed", 307, redirect, "", nothing, &clinical.Refused{}, "another address", 0},
		{"a conflict, and absent", 409, nil, issue("conflict", "", ""), nothing, &clinical.Unavailable{}, "conflict", 0},
		{"a conflict that cannot be read", 409, nil, "", "no JSON", &clinical.Unknown{}, "conflict", 0},
		{"a precondition, and absent", 412, nil, "", nothing, &clinical.Unavailable{}, "conflict", 0},
		{"too early", 425, map[string]string{"Retry-After": "7"}, "", nothing, &clinical.Unavailable{}, "later", 7 * time.Second},
		{"timed out at their side", 408, nil, "", nothing, &clinical.Unavailable{}, "later", 0},
		{"too many, in seconds", 429, map[string]string{"Retry-After": "2"}, "", nothing, &clinical.Unavailable{}, "no more for the moment", 2 * time.Second},
		{"too many, until a date", 429, map[string]string{"Retry-After": "Mon, 23 Nov 2026 12:00:09 GMT"}, "", nothing, &clinical.Unavailable{}, "no more for the moment", 9 * time.Second},
		{"too many, in nonsense", 429, map[string]string{"Retry-After": "-soon"}, "", nothing, &clinical.Unavailable{}, "no more for the moment", 0},
		{"down", 503, html, "<p>", nothing, &clinical.Unavailable{}, "a problem of its own", 0},
		{"a success in HTML", 200, html, "<p>signed out</p>", nothing, &clinical.Unknown{}, "cannot read", 0},
		{"a success that is no Bundle", 200, nil, `{"resourceType":"Patient"}`, nothing, &clinical.Unknown{}, "cannot read", 0},
		{"a success with too few entries", 200, nil, `{"resourceType":"Bundle","entry":[]}`, nothing, &clinical.Unknown{}, "cannot read", 0},
		{"a success without a location", 200, nil, strings.ReplaceAll(committed, "Task/a1", "a1"), nothing, &clinical.Unknown{}, "cannot read", 0},
		{"a success that never ends", 200, nil, strings.Repeat(" ", answerLimit+10), nothing, &clinical.Unknown{}, "cannot read", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := answering(t, says(test.status, test.header, test.body), says(200, nil, test.find))
			_, err := s.File(context.Background(), deliveryOf(document()))
			var after time.Duration
			var refused *clinical.Refused
			var unknown *clinical.Unknown
			var unavailable *clinical.Unavailable
			ok := (errors.As(test.kind, &refused) && errors.As(err, &refused)) || (errors.As(test.kind, &unknown) && errors.As(err, &unknown))
			if errors.As(test.kind, &unavailable) && errors.As(err, &unavailable) {
				ok, after = true, unavailable.RetryAfter
			}
			if !ok || !strings.Contains(err.Error(), test.words) || strings.Contains(err.Error(), "Ada") || after != test.after {
				t.Errorf("got %T %q after %v", err, err, after)
			}
		})
	}
}

func TestAConflictWithOurOwnEarlierTryIsAReceipt(t *testing.T) {
	t.Parallel()
	for _, status := range []int{409, 412} {
		s := answering(t, says(status, nil, ""), says(200, nil, there))
		if got, err := s.File(context.Background(), deliveryOf(document())); err != nil || got.ExternalID != "Task/a1" {
			t.Errorf("%d: %+v, %v", status, got, err)
		}
	}
}

func TestLostConnections(t *testing.T) {
	t.Parallel()
	s := answering(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, says(200, nil, nothing))
	_, err := s.File(context.Background(), deliveryOf(document()))
	var unknown *clinical.Unknown
	if !errors.As(err, &unknown) {
		t.Errorf("dropped after the request: %T %v", err, err)
	}
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err = made(t, server.URL, nil).File(context.Background(), deliveryOf(document()))
	var unavailable *clinical.Unavailable
	if !errors.As(err, &unavailable) {
		t.Errorf("never connected: %T %v", err, err)
	}
}

func TestAnIncompleteDocumentIsNotSent(t *testing.T) {
	t.Parallel()
	doc := document()
	doc.Outcome = clinical.Coded{}
	_, err := made(t, "http://127.0.0.1:1", nil).File(context.Background(), deliveryOf(doc))
	var refused *clinical.Refused
	if !errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, []byte(committed), "")
	f.Add(422, []byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"value","expression":["Task.for"]}]}`), "2")
	f.Fuzz(func(t *testing.T, status int, body []byte, header string) {
		a := answer{status: status, body: body, fhir: true, retryAfter: wait(header, noon)}
		if a.retryAfter < 0 {
			t.Error("a wait into the past")
		}
		if id, ok := externalID(string(body), "Task"); ok && !bytes.Contains(body, []byte("Task/")) {
			t.Errorf("a receipt without a Task: %s", id)
		}
		if a.problem() == nil {
			t.Error("a problem that is none")
		}
	})
}
