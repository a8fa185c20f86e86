package patientfacing_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/patientfacing"
	"onedoor/app/clinical/simulator"
	"onedoor/app/nhs"
)

const practice = nhs.ODSCode("A81001")

var (
	monday  = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	patient = clinical.Patient{NHSNumber: "9434765919", GivenName: "Daniel", FamilyName: "Okoro"}
)

// world is a simulated practice and an adapter for it.
type world struct {
	*patientfacing.System
	t      *testing.T
	server *httptest.Server
	losing bool // the next answers to what changes something
}

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && w.losing && r.Method == http.MethodPost {
		_ = response.Body.Close()
		return nil, errors.New("connection reset for " + r.URL.String())
	}
	return response, err
}

func medicine(id, code, name, expires string, of nhs.Number, intent string) map[string]any {
	return map[string]any{
		"resourceType": "MedicationRequest", "status": "active", "intent": intent,
		"medicationCodeableConcept": map[string]any{"coding": []any{map[string]any{"system": "https://dmd.nhs.uk", "code": code, "display": name}}},
		"subject":                   map[string]any{"reference": "Patient/" + id, "identifier": map[string]any{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": string(of)}},
		"extension": []any{map[string]any{"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-MedicationRepeatInformation", "extension": []any{
			map[string]any{"url": "authorisationExpiryDate", "valueDateTime": expires},
		}}},
		"dosageInstruction": []any{map[string]any{"text": "One to two puffs as needed"}},
		"dispenseRequest":   map[string]any{"quantity": map[string]any{"value": 1, "unit": "inhaler"}},
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	now := func() time.Time { return monday }
	sim, err := simulator.Open("", now)
	if err != nil {
		t.Fatal(err)
	}
	for id, r := range map[string]map[string]any{
		"m1": medicine("x", "3113111000001106", "Pulmicort 100 Turbohaler", "2027-09-10T19:00:00Z", patient.NHSNumber, "plan"),
		"m2": medicine("x", "39113311000001107", "Salbutamol inhaler", "2026-09-10T19:00:00Z", patient.NHSNumber, "plan"),
		"m3": medicine("x", "39113311000001107", "An issue of the past", "2027-09-10T19:00:00Z", patient.NHSNumber, "order"),
		"m4": medicine("x", "39113311000001107", "Somebody else’s", "2027-09-10T19:00:00Z", "9434765870", "plan"),
	} {
		if err := sim.Hold(practice, "MedicationRequest", id, r); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{t: t, server: httptest.NewServer(sim)}
	t.Cleanup(func() { _ = sim.Close(); w.server.Close() })
	w.System, err = patientfacing.New(patientfacing.Options{
		BaseURL: w.server.URL + simulator.PatientFacingPath(practice), Transport: w, Now: now, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) ledger() (effects []simulator.Effect) {
	w.t.Helper()
	response, err := http.Get(w.server.URL + simulator.LedgerPath(practice))
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&effects); err != nil {
		w.t.Fatal(err)
	}
	return effects
}

func order(ids ...string) clinical.MedicineOrder {
	o := clinical.MedicineOrder{ID: uuid.New(), Reference: "4820017365", Patient: patient, Note: "Ran out", At: monday, By: clinical.Party{ODS: practice}}
	for _, id := range ids {
		o.Medicines = append(o.Medicines, clinical.Medicine{ID: "MedicationRequest/" + id})
	}
	return o
}

func TestAPatientSeesWhatTheyTakeAndAsksForIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list, err := w.Repeats(t.Context(), patient.NHSNumber)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	byID := map[string]clinical.Medicine{}
	for _, m := range list {
		byID[m.ID] = m
	}
	one, due := byID["MedicationRequest/m1"], byID["MedicationRequest/m2"]
	if one.Name != "Pulmicort 100 Turbohaler" || one.Code != "3113111000001106" || one.Dosage == "" || one.Quantity != "1 inhaler" || !one.May || due.May || due.Why == "" {
		t.Errorf("%+v and %+v", one, due)
	}
	o := order("m1", "m2")
	if _, there, err := w.Asked(t.Context(), o); there || err != nil {
		t.Errorf("before: %v, %v", there, err)
	}
	first, err := w.Ask(t.Context(), o)
	if err != nil || first.State != clinical.Accepted || first.ExternalID == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	if again, err := w.Ask(t.Context(), o); err != nil || again.ExternalID != first.ExternalID {
		t.Errorf("again: %+v, %v", again, err)
	}
	if standing, there, err := w.Asked(t.Context(), o); !there || err != nil || standing.Stage != clinical.StageWaiting {
		t.Errorf("after: %+v, %v, %v", standing, there, err)
	}
	effects := w.ledger()
	if len(effects) != 2 || effects[0].RequestReference != "4820017365" {
		t.Errorf("%+v", effects)
	}
}

func TestALostAnswerIsUnknownAndTheOrderIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := order("m1")
	w.losing = true
	var unknown *clinical.Unknown
	if _, err := w.Ask(t.Context(), o); !errors.As(err, &unknown) || strings.Contains(unknown.Cause.Error()+err.Error(), string(patient.NHSNumber)) {
		t.Fatalf("asked: %v", err)
	}
	w.losing = false
	if standing, there, err := w.Asked(t.Context(), o); !there || err != nil || standing.Stage != clinical.StageWaiting {
		t.Errorf("%+v, %v, %v", standing, there, err)
	}
	if _, err := w.Ask(t.Context(), o); err != nil || len(w.ledger()) != 1 {
		t.Errorf("again: %v, %d effects", err, len(w.ledger()))
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nobody := order("m1")
	nobody.Patient.NHSNumber = ""
	for name, c := range map[string]struct {
		o    clinical.MedicineOrder
		says string
	}{
		"somebody else’s medicine": {order("m4"), "no longer has what was chosen"},
		"an issue that is no plan": {order("m3"), "no longer has what was chosen"},
		"none":                     {order(), "at least one medicine"},
		"nobody":                   {nobody, "names a patient"},
		"an id that is a path":     {order("../Task"), "looked for again"},
	} {
		_, err := w.Ask(t.Context(), c.o)
		var refused *clinical.Refused
		if !errors.As(err, &refused) || !strings.Contains(refused.Says, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(w.ledger()); n != 0 {
		t.Errorf("%d effects", n)
	}
	var refused *clinical.Refused
	if _, err := w.File(t.Context(), clinical.Delivery{}); !errors.As(err, &refused) {
		t.Errorf("filing: %v", err)
	}
}

// An order that was taken in part is neither refused nor taken, and is not sent again: a person sees to what is missing.
func TestAnOrderThatIsTakenInPartIsSaidToBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := order("m1", "m4")
	_, err := w.Ask(t.Context(), o)
	var unknown *clinical.Unknown
	if !errors.As(err, &unknown) || errors.As(err, new(*clinical.Refused)) || !strings.Contains(unknown.Says, "took the first 1 of 2") {
		t.Fatalf("%v", err)
	}
	standing, there, err := w.Asked(t.Context(), o)
	if err != nil || !there || standing.Stage != clinical.StageRefused || !strings.HasPrefix(standing.Says, "1 of 2 medicines did not arrive") {
		t.Errorf("%+v, %v, %v", standing, there, err)
	}
	if n := len(w.ledger()); n != 1 {
		t.Errorf("%d effects", n)
	}
}

func TestHowAnOrderStandsIsTheLeastOfItsMedicines(t *testing.T) {
	t.Parallel()
	o := order("m1", "m2")
	for name, c := range map[string]struct {
		status []string
		want   clinical.Stage
		says   string
	}{
		"nobody has begun":      {[]string{"requested", "in-progress"}, clinical.StageWaiting, ""},
		"one in hand":           {[]string{"in-progress", "completed"}, clinical.StageInHand, ""},
		"both done":             {[]string{"completed", "completed"}, clinical.StageDone, ""},
		"one refused, with why": {[]string{"completed", "rejected"}, clinical.StageRefused, "No longer suitable"},
		"taken back":            {[]string{"cancelled", "completed"}, clinical.StageCancelled, ""},
	} {
		var entries []any
		for i, m := range o.Medicines {
			task := map[string]any{
				"resourceType": "Task", "id": "t" + string(rune('0'+i)), "status": c.status[i], "intent": "order", "lastModified": "2026-11-23T09:00:00Z",
				"identifier": []any{map[string]any{"system": "https://tools.ietf.org/html/rfc4122", "value": uuid.NewSHA1(o.ID, []byte(m.ID)).String()}},
				"for":        map[string]any{"identifier": map[string]any{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": string(patient.NHSNumber)}},
			}
			if c.status[i] == "rejected" {
				task["statusReason"] = map[string]any{"text": "No longer suitable"}
			}
			entries = append(entries, map[string]any{"resource": task})
		}
		body, _ := json.Marshal(map[string]any{"resourceType": "Bundle", "type": "searchset", "entry": entries})
		s, err := patientfacing.New(patientfacing.Options{BaseURL: "https://x.example", Transport: says(body), Now: func() time.Time { return monday }, Random: rand.Reader})
		if err != nil {
			t.Fatal(err)
		}
		got, there, err := s.Asked(t.Context(), o)
		if err != nil || !there || got.Stage != c.want || got.Says != c.says || got.At.IsZero() {
			t.Errorf("%s: %+v, %v, %v", name, got, there, err)
		}
	}
}

// says answers everything with the same bytes.
type says []byte

func (s says) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/fhir+json"}}, Body: io.NopCloser(strings.NewReader(string(s))), Request: r,
	}, nil
}

// FuzzAnswers reads whatever a system may say, without a panic.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Task","id":"1"}},{}]}`))
	f.Add([]byte(`{"resourceType":"Task","id":"1","identifier":[{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := patientfacing.New(patientfacing.Options{BaseURL: "https://x.example", Transport: says(body), Now: func() time.Time { return monday }, Random: rand.Reader})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = s.Repeats(t.Context(), patient.NHSNumber)
		_, _ = s.Ask(t.Context(), order("m1"))
		_, _, _ = s.Asked(t.Context(), order("m1"))
	})
}
