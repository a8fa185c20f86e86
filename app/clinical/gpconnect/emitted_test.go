package gpconnect_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/gpconnect"
)

// What a booking and a cancellation look like, beside the published examples of the same.
func TestWhatIsEmittedIsAsItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	booked := w.book(booking(w.slots(clinical.SlotQuery{})[0], patient, "4820017365"))
	c := cancellation(booked)
	c.Reason = "Feeling better"
	if _, err := w.Cancel(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for i, r := range w.recorder.sent {
		name := map[string]string{http.MethodPost: "testdata/booking.json", http.MethodPut: "testdata/cancellation.json"}[r.Method]
		if name == "" {
			continue
		}
		body := bytes.ReplaceAll(w.recorder.bodies[i], []byte(booked.ID[len("Appointment/"):]), []byte("9")) // the simulator draws ids
		var got, want any
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if os.Getenv("UPDATE_GOLDEN") != "" {
			var pretty bytes.Buffer
			_ = json.Indent(&pretty, body, "", "  ")
			if err := os.WriteFile(name, append(pretty.Bytes(), '\n'), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		stored, err := os.ReadFile(name)
		if err != nil || json.Unmarshal(stored, &want) != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %v\n%s", name, err, cmp.Diff(want, got))
		}
	}
}

// says answers everything with the same bytes.
type says struct {
	status int
	body   []byte
}

func (s says) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: s.status, Header: http.Header{"Content-Type": {"application/fhir+json"}}, Body: io.NopCloser(bytes.NewReader(s.body)), Request: r,
	}, nil
}

// FuzzAnswers reads whatever a system may say: it ends in one of the port's errors, and in no panic.
func FuzzAnswers(f *testing.F) {
	f.Add(200, []byte(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Slot","id":"1","status":"free"}},{"resource":null}]}`))
	f.Add(200, []byte(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"2","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9434765919"}],"name":[]}}]}`))
	f.Add(200, []byte(`{"resourceType":"Appointment","id":"9","participant":[{"actor":{"reference":"Patient/2"}}]}`))
	f.Add(409, []byte(`{"resourceType":"OperationOutcome","issue":[{"details":{"coding":[{"code":"DUPLICATE_REJECTED"}]}}]}`))
	f.Add(302, []byte(`null`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		s, err := gpconnect.New(gpconnect.Options{
			BaseURL: "https://x.example/A81001/STU3/1/gpconnect", Settings: settings(), Transport: says{status, body}, Random: rand.Reader,
			Now: (&world{now: monday}).Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		slot := clinical.Slot{ID: "Slot/1", Start: monday.AddDate(0, 0, 1), End: monday.AddDate(0, 0, 1), Links: []string{"Location/1"}}
		b := booking(slot, patient, "4820017365")
		for _, err := range []error{
			second(s.Slots(t.Context(), clinical.SlotQuery{From: monday, By: by, Actor: staff})), second(s.Book(t.Context(), b)),
			second(s.Cancel(t.Context(), cancellation(clinical.Appointment{ID: "Appointment/9", Start: slot.Start}))),
			second(s.Amend(t.Context(), clinical.Amendment{ID: uuid.New(), Appointment: clinical.Appointment{ID: "Appointment/9"}, Patient: patient, Reason: "x", By: by, Actor: staff})),
			second(s.Seen(t.Context(), clinical.Looker{By: by, Actor: staff}, patient, monday, 3)), second(s.Capabilities(t.Context())),
		} {
			var refused *clinical.Refused
			var unknown *clinical.Unknown
			var unavailable *clinical.Unavailable
			var taken *clinical.Taken
			if err != nil && !errors.As(err, &refused) && !errors.As(err, &unknown) && !errors.As(err, &unavailable) && !errors.As(err, &taken) {
				t.Errorf("status %d: %v", status, err)
			}
		}
	})
}
