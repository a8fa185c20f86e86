//go:build peers

package fhir_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/fhir"
	"onedoor/app/clinical/r4"
	"onedoor/app/clinical/r4/r4peer"
)

// One server for all: it takes seconds to read the definitions of FHIR.
var (
	peer   *r4peer.Peer
	judged atomic.Int64
)

func TestMain(m *testing.M) {
	var err error
	if peer, err = r4peer.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		peer.Stop()
		os.Exit(1)
	}
	status := m.Run()
	peer.Stop()
	os.Exit(status)
}

// judge puts what was sent before the validators.
func judge(t *testing.T, raw []byte) {
	t.Helper()
	verdicts, err := peer.Judge(raw)
	if err != nil {
		t.Error(err)
	}
	for _, v := range verdicts {
		judged.Add(1)
		if !v.Good() {
			t.Errorf("%+v in %s", v, raw)
		}
	}
}

// Every resource that the tests of this package send is judged: each of these tests ends with kept.
func TestPeerEverythingThatIsSentIsValid(t *testing.T) {
	t.Run("all", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T){
			"appointments": TestAnAppointmentIsBookedMovedAmendedAndCancelled, "repeats": TestRepeatsAreListedAndAskedFor,
			"people": TestPeopleAreLookedUpWhereTheServerKnowsThemByItsOwnName, "arrivals": TestAnArrivalIsATaskWhoseStandingIsReadBack,
			"referrals": TestAReferralIsAServiceRequestToo, "withdrawals": TestAnArrivalIsTakenBack, "documents": TestDocumentsInTheFormThatWasSetUp,
			"communications": TestWhatWasSaidToThePatientIsACommunication, "faults": TestEachOperationMeetsEachFault,
		} {
			t.Run(name, test)
		}
	})
	for _, golden := range []string{"outcome", "outcome-without-nhs-number-or-note", "outcome-of-somebody-not-known"} {
		raw, err := os.ReadFile("testdata/" + golden + ".json")
		if err != nil {
			t.Fatal(err)
		}
		judge(t, raw)
	}
	t.Logf("%d resources were judged", judged.Load())
	if judged.Load() < 100 {
		t.Error("too few")
	}
}

// What is wrong is found: each seeded fault by the one who is there to find it.
func TestPeerSeededFaultsAreFound(t *testing.T) {
	good := `{"resourceType":"Task","status":"requested","intent":"order","for":{"display":"A"},"output":[{"type":{"text":"o"},"valueString":"s"}]}`
	judge(t, []byte(good))
	for name, test := range map[string]struct {
		raw string
		by  func(r4peer.Verdict) []string
	}{
		"an element that is missing":    {strings.Replace(good, `"intent":"order",`, "", 1), func(v r4peer.Verdict) []string { return v.Structure }},
		"an element that FHIR lacks":    {strings.Replace(good, `"intent"`, `"bogus":1,"intent"`, 1), func(v r4peer.Verdict) []string { return v.Structure }},
		"text where a list belongs":     {strings.Replace(good, `"intent"`, `"note":"x","intent"`, 1), func(v r4peer.Verdict) []string { return v.Structure }},
		"an invariant (app-3)":          {`{"resourceType":"Appointment","status":"booked","participant":[{"status":"accepted","actor":{"display":"p"}}]}`, func(v r4peer.Verdict) []string { return v.Structure }},
		"a code out of its set":         {strings.Replace(good, "requested", "wished", 1), func(v r4peer.Verdict) []string { return v.Codes }},
		"a second value of a choice":    {strings.Replace(good, `"valueString":"s"`, `"valueString":"s","valueBoolean":true`, 1), func(v r4peer.Verdict) []string { return v.Walk }},
		"an output without a value":     {strings.Replace(good, `,"valueString":"s"`, "", 1), func(v r4peer.Verdict) []string { return v.Walk }},
		"an empty list":                 {strings.Replace(good, `"intent"`, `"note":[],"intent"`, 1), func(v r4peer.Verdict) []string { return v.Walk }},
		"a date that is none":           {strings.Replace(good, `"intent"`, `"authoredOn":"yesterday","intent"`, 1), func(v r4peer.Verdict) []string { return v.Structure }},
		"an extension with two values":  {strings.Replace(good, `"intent"`, `"extension":[{"url":"http://x","valueCode":"a","valueString":"b"}],"intent"`, 1), func(v r4peer.Verdict) []string { return v.Walk }},
		"an identifier that is no list": {strings.Replace(good, `"intent"`, `"identifier":{"value":"1"},"intent"`, 1), func(v r4peer.Verdict) []string { return v.Structure }},
	} {
		verdicts, err := peer.Judge([]byte(test.raw))
		if err != nil || len(verdicts) != 1 || len(test.by(verdicts[0])) == 0 {
			t.Errorf("%s: %+v, %v", name, verdicts, err)
		}
	}
}

// elsewhere makes something at the peer, as its own users would, and gives its name.
func elsewhere(t *testing.T, body string) string {
	t.Helper()
	kind, err := r4.Peek([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(peer.BaseURL+"/"+kind, r4.MediaType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var made struct {
		ID    string `json:"id"`
		Issue any    `json:"issue"`
	}
	if err := json.NewDecoder(response.Body).Decode(&made); err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %s, %v, %v", kind, response.Status, made.Issue, err)
	}
	return kind + "/" + made.ID
}

func at(t *testing.T, name string) map[string]any {
	t.Helper()
	response, err := http.Get(peer.BaseURL + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var r map[string]any
	if err := json.NewDecoder(response.Body).Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

func change(t *testing.T, name string, elements map[string]any) {
	t.Helper()
	r := at(t, name)
	for k, v := range elements {
		r[k] = v
	}
	body, _ := json.Marshal(r)
	request, _ := http.NewRequest(http.MethodPut, peer.BaseURL+"/"+name, bytes.NewReader(body))
	request.Header.Set("Content-Type", r4.MediaType)
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", response, err)
	}
	_ = response.Body.Close()
}

func atPeer(t *testing.T) *fhir.System {
	t.Helper()
	s, err := fhir.New(fhir.Options{
		BaseURL: peer.BaseURL, Settings: map[string]string{fhir.SettingPatients: fhir.PatientsBySearch, fhir.SettingDocuments: fhir.DocumentsBoth},
		Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPeerAnIndependentServerTakesWhatIsFiled(t *testing.T) {
	s := atPeer(t)
	for name, d := range map[string]clinical.Delivery{"outcome": outcome("advice-given"), "arrival": arrival("A81001"), "referral": arrival("FRV01")} {
		first, err := s.File(t.Context(), d)
		if err != nil {
			t.Fatalf("%s: %T %v", name, err, err)
		}
		again, err := s.File(t.Context(), d)
		back, found, err2 := s.Find(t.Context(), d)
		if err != nil || err2 != nil || !found || again.ExternalID != first.ExternalID || back.ExternalID != first.ExternalID || back.ETag == "" {
			t.Errorf("%s: %+v, %+v %v, %+v %v %v", name, first, again, err, back, found, err2)
		}
		list := at(t, "Task?identifier="+r4.DeliverySystem+"%7C"+d.ID.String())
		if entries, _ := list["entry"].([]any); len(entries) != 1 {
			t.Errorf("%s: %d tasks", name, len(entries))
		}
		focus, _ := at(t, first.ExternalID)["focus"].(map[string]any)
		if document := at(t, focus["reference"].(string)); document["resourceType"] != "DocumentReference" {
			t.Errorf("%s: the focus is %v", name, focus)
		}
	}
	d := arrival("A81001")
	filed, err := s.File(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	change(t, filed.ExternalID, map[string]any{"status": "in-progress"})
	if standing, found, err := s.Standing(t.Context(), d); err != nil || !found || standing.Stage != clinical.StageInHand {
		t.Errorf("%+v %v, %v", standing, found, err)
	}
	if _, err := s.File(t.Context(), withdrawal(d)); err != nil || at(t, filed.ExternalID)["status"] != "cancelled" {
		t.Errorf("taken back: %T %v, %v", err, err, at(t, filed.ExternalID)["status"])
	}
}

func TestPeerAnIndependentServerBooks(t *testing.T) {
	s := atPeer(t)
	elsewhere(t, fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":"Moor"}]}`, ada))
	keeper := elsewhere(t, `{"resourceType":"Schedule","actor":[{"type":"Practitioner","display":"Dr Shah"}]}`)
	for i := range 3 {
		elsewhere(t, fmt.Sprintf(`{"resourceType":"Slot","schedule":{"reference":%q},"status":"free","start":"2026-11-25T10:%d0:00Z","end":"2026-11-25T10:%d5:00Z"}`, keeper, i, i))
	}
	slots, err := s.Slots(t.Context(), clinical.SlotQuery{From: now})
	if err != nil || len(slots) != 3 {
		t.Fatalf("%+v, %v", slots, err)
	}
	b := bookingOf(slots[0])
	booked, err := s.Book(t.Context(), b)
	if err != nil {
		t.Fatalf("%T %v", err, err)
	}
	if again, err := s.Book(t.Context(), b); err != nil || again.ID != booked.ID {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	if _, err := s.Book(t.Context(), bookingOf(slots[0])); !is[*clinical.Taken](err) {
		t.Errorf("somebody else's booking: %T %v", err, err)
	}
	moved, err := s.Move(t.Context(), bookingOf(slots[1]), booked)
	if err != nil || moved.ID != booked.ID || !moved.Start.Equal(slots[1].Start) {
		t.Fatalf("%+v, %T %v", moved, err, err)
	}
	if at(t, slots[0].ID)["status"] != "free" || at(t, slots[1].ID)["status"] != "busy" {
		t.Errorf("the slots are %v, %v", at(t, slots[0].ID)["status"], at(t, slots[1].ID)["status"])
	}
	list, err := s.Appointments(t.Context(), ada, now, 5)
	if err != nil || len(list) != 1 || list[0].ID != booked.ID {
		t.Errorf("%+v, %v", list, err)
	}
	cancelled, err := s.Cancel(t.Context(), clinical.Cancellation{ID: uuid.New(), Appointment: moved, Patient: patient(ada), At: now})
	if err != nil || !cancelled.Cancelled || at(t, slots[1].ID)["status"] != "free" {
		t.Errorf("%+v, %v", cancelled, err)
	}
}

func TestPeerAnIndependentServerTakesOrders(t *testing.T) {
	s := atPeer(t)
	name := elsewhere(t, fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}],"name":[{"family":"Hill"}]}`, ben))
	for _, m := range []string{"Ramipril", "Metformin"} {
		elsewhere(t, fmt.Sprintf(`{"resourceType":"MedicationRequest","status":"active","intent":"plan","medicationCodeableConcept":{"text":%q},"subject":{"reference":%q}}`, m, name))
	}
	list, err := s.Repeats(t.Context(), ben)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	order := clinical.MedicineOrder{ID: outcome("done").ID, Reference: "4820017365", Patient: patient(ben), Medicines: list, At: now}
	for range 2 {
		if _, err := s.Ask(t.Context(), order); err != nil {
			t.Fatalf("%T %v", err, err)
		}
	}
	entries, _ := at(t, "Task?identifier="+fhir.OrderSystem+"%7C"+order.ID.String())["entry"].([]any)
	if standing, found, err := s.Asked(t.Context(), order); len(entries) != 2 || err != nil || !found || standing.Stage != clinical.StageWaiting {
		t.Errorf("%d tasks, %+v %v, %v", len(entries), standing, found, err)
	}
}
