package bars

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/fault"
)

// published is where the NHS's published examples lie, beside the checkout.
func published(t *testing.T) string {
	t.Helper()
	folder := filepath.Join("..", "..", "..", "..", "shared", "data", "bars-examples")
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("the published BaRS examples are not in %s, and in CI they have to be", folder)
	}
	t.Skipf("THE PUBLISHED BaRS EXAMPLES ARE NOT HERE: put NHSDigital/booking-and-referral-fhir-api's specification/examples into %s", folder)
	return ""
}

func readPublished(t *testing.T, name ...string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{published(t)}, name...)...))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestPublishedRequestsPassTheCheckAsPublished(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		want act
		code string // why the published example itself breaks a rule of the standard
	}{
		{"Booking (POST).json", actBook, ""},
		// The published request for a validation names no use case, as Core has asked for since 1.1: we take it, and send none such.
		{"ValidationRequest (POST) .json", actRefer, "bars_required"},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			var b received
			if err := json.Unmarshal(readPublished(t, "process_message", "request", c.file), &b); err != nil {
				t.Fatal(err)
			}
			h, err := b.check()
			if err != nil {
				t.Fatalf("the frame: %v", err)
			}
			got, err := b.workflow(h)
			if got != c.want || err != nil {
				t.Errorf("got %v, %v; want %v", got, err, c.want)
			}
			if err := Check(readPublished(t, "process_message", "request", c.file)); (err == nil) != (c.code == "") || (err != nil && !fault.Is(err, c.code)) {
				t.Errorf("checked: %v; want %q", err, c.code)
			}
		})
	}
}

// The published table of errors, each as its status and OperationOutcome, with the ids given back.
func TestPublishedErrorsAreJudgedByTheTableOfRetries(t *testing.T) {
	t.Parallel()
	want := map[string]verdict{
		"REC/409-REC_CONFLICT-duplicate":               duplicate,
		"REC/408-REC_TIMEOUT-timeout":                  lostAway,
		"REC/503-REC_SERVICE_UNAVAILABLE-transient":    later,
		"REC/500-REC_SERVER_ERROR-exception":           lostAway,
		"REC/500-REC_SERVER_ERROR-no-store":            lostAway,
		"REC/500-REC_SERVER_ERROR-transient":           lostAway,
		"SEND/429-SEND_TOO_MANY_REQUESTS-throttled":    later,
		"PROXY-NONE/500-SERVER_ERROR-exception":        lostAway,
		"PROXY-NONE/500-SERVER_ERROR-transient":        lostAway,
		"PROXY-NONE/503-SERVICE_UNAVAILABLE-transient": later,
		"PROXY-NONE/409-BAD_REQUEST-duplicate":         duplicate,
	}
	root := filepath.Join(published(t), "OperationOutcome")
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator))), ".json")
		status := 0
		for _, digit := range filepath.Base(name)[:3] {
			status = status*10 + int(digit-'0')
		}
		a := answer{status: status, echoed: true, body: body}
		expected, retried := want[name]
		if !retried {
			expected = refused
		}
		if got, _ := a.judge(); got != expected {
			t.Errorf("%s: judged %d, want %d", name, got, expected)
		}
		seen++
		return nil
	})
	if err != nil || seen < 40 {
		t.Errorf("%d errors were judged: %v", seen, err)
	}
}

func TestWhatTheTableOfRetriesSaysBesides(t *testing.T) {
	t.Parallel()
	duplicated := []byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"duplicate"}]}`)
	invalid := []byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid"}]}`)
	for _, c := range []struct {
		name string
		a    answer
		want verdict
	}{
		{"a success that gives the ids back", answer{status: 200, echoed: true, body: []byte(`{}`)}, taken},
		{"a success without the ids", answer{status: 200, body: []byte(`{}`)}, lostAway},
		{"a success that is not FHIR", answer{status: 200, echoed: true}, lostAway},
		{"no OperationOutcome", answer{status: 400, echoed: true}, lostAway},
		{"a page of something on the way", answer{status: 404}, lostAway},
		{"an OperationOutcome without the ids", answer{status: 400, body: invalid}, lostAway},
		{"invalid", answer{status: 400, echoed: true, body: invalid}, refused},
		{"duplicate", answer{status: 409, echoed: true, body: duplicated}, duplicate},
		{"duplicate with another status", answer{status: 400, echoed: true, body: duplicated}, refused},
		{"408 by whoever", answer{status: 408}, lostAway},
		{"425: it still works on it", answer{status: 425}, waiting},
		{"429 by whoever", answer{status: 429}, later},
		{"503 by whoever", answer{status: 503}, later},
		{"504 by whoever", answer{status: 504}, lostAway},
		{"elsewhere", answer{status: 307}, refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, _ := c.a.judge(); got != c.want {
				t.Errorf("judged %d, want %d", got, c.want)
			}
		})
	}
}

func TestThePublishedCapabilitiesAndDefinitionAreUnderstood(t *testing.T) {
	t.Parallel()
	var c capabilityStatement
	if err := json.Unmarshal(readPublished(t, "metadata", "BaRS_API_Capability_Statement.json"), &c); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{definitionReferral, definitionReferralEnd, definitionBooking, definitionBookingEnd} {
		if !c.takes(d) {
			t.Errorf("%s is not among what is taken", d)
		}
	}
	if !c.does("Slot", "search-type") || !c.does("ServiceRequest", "read") || c.does("Slot", "read") {
		t.Error("what the server does is not understood")
	}
	var list received
	if err := json.Unmarshal(readPublished(t, "message_definition", "MessageDefinition_ServiceRequest-request_CaseTransfer.json"), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Entry) != 1 {
		t.Fatalf("%d definitions", len(list.Entry))
	}
}

func TestThePublishedSlotsAreRead(t *testing.T) {
	t.Parallel()
	var list received
	if err := json.Unmarshal(readPublished(t, "slots", "GET-success.json"), &list); err != nil {
		t.Fatal(err)
	}
	from := time.Date(2021, 10, 6, 0, 0, 0, 0, time.UTC)
	got := list.slots(clinical.SlotQuery{Held: clinical.ByTelephone}, from, from.AddDate(0, 0, 1))
	if len(got) != 3 || got[0].ID != "Slot/slot001" || got[0].With != "Dr Joe Bloggs" || got[0].Where != "Healthcare Service Location" || !got[0].Start.Equal(from.Add(9*time.Hour)) {
		t.Errorf("read %+v", got)
	}
	if got := list.slots(clinical.SlotQuery{Held: clinical.InPerson}, from, from.AddDate(0, 0, 1)); len(got) != 0 {
		t.Errorf("%d are not by telephone", len(got))
	}
	if got := list.slots(clinical.SlotQuery{Most: 1}, from.Add(10*time.Hour), from.AddDate(0, 0, 1)); len(got) != 1 || got[0].ID != "Slot/slot002" {
		t.Errorf("read %+v", got)
	}
}

func TestThePublishedReferralIsReadBack(t *testing.T) {
	t.Parallel()
	a := answer{status: 200, echoed: true, body: readPublished(t, "service_request", "id", "GET-success.json")}
	r, found, err := a.one("ServiceRequest")
	if err != nil || !found || r.name() != "ServiceRequest/71d2b38e-b81c-4894-a522-6a65265b1d58" || r.stage() != clinical.StageWaiting {
		t.Errorf("read %+v, %v, %v", r, found, err)
	}
	// The published search result names no identifier of ours, and so is not ours.
	a.body = readPublished(t, "service_request", "GET-success.json")
	if _, found, err := a.search("ServiceRequest", uuid.New()); err != nil || found {
		t.Errorf("another's referral was taken for ours: %v, %v", found, err)
	}
	a.body = readPublished(t, "process_message", "POST-success.json")
	if got := a.named("Appointment"); got != "Appointment/e284470a-6695-4c95-b2ad-fa26b3a486c7" {
		t.Errorf("the booking was named %q", got)
	}
}

func TestSeededFaultsAreFound(t *testing.T) {
	t.Parallel()
	good := string(readPublished(t, "process_message", "POST-body.json"))
	for name, c := range map[string]struct{ from, to, code string }{
		"a reference to nothing":               {`"reference": "urn:uuid:3a62607b-df65-4932-940c-14262787f62d"`, `"reference": "urn:uuid:00000000-df65-4932-940c-14262787f62d"`, "bars_invariant"},
		"no message":                           {`"type": "message"`, `"type": "collection"`, "bars_value"},
		"an event that is not its focus'":      {`"code": "booking-request"`, `"code": "servicerequest-request"`, "bars_invariant"},
		"a reason that is no workflow":         {`"code": "new"`, `"code": "delete"`, "bars_invariant"},
		"a status that is no workflow":         {`"status": "booked"`, `"status": "fulfilled"`, "bars_invariant"},
		"a definition that says cancelled":     {`bars-message-booking-request"`, `bars-message-booking-request-cancelled"`, "bars_invariant"},
		"a focus on what is not in it":         {`"reference": "urn:uuid:aca94bdb-2e38-4399-9ece-2ba083ce65b5"`, `"reference": "Appointment/1"`, "bars_invariant"},
		"the header's entry twice":             {`urn:uuid:aca94bdb-2e38-4399-9ece-2ba083ce65b5`, `urn:uuid:c5957fdd-097b-409d-a406-49c52ceef2cd`, "bars_invariant"},
		"a first entry that is not the header": {`"resourceType": "MessageHeader"`, `"resourceType": "Basic"`, "bars_invariant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := Check([]byte(good)); err != nil {
				t.Fatalf("the example itself: %v", err)
			}
			broken := strings.ReplaceAll(good, c.from, c.to)
			if broken == good {
				t.Fatal("nothing was broken")
			}
			if err := Check([]byte(broken)); !fault.Is(err, c.code) {
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
}
