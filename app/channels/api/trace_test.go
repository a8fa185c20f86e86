package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"onedoor/app/clinical/simulator/national"
)

// registerIs sets how the national register answers.
func (w *world) registerIs(t *testing.T, mode string) {
	t.Helper()
	set := httptest.NewRecorder()
	w.register.ServeHTTP(set, httptest.NewRequest(http.MethodPost, "/personal-demographics/faults", strings.NewReader(`{"mode":"`+mode+`"}`)))
	if set.Code != http.StatusOK {
		t.Fatal(set.Body)
	}
}

func TestAProgramLooksSomebodyUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := "/api/v1/requests/" + must(t, w.submit(t, "app", w.soreThroat()), 201).text("reference")
	seen := must(t, w.call(t, "receptionist", "POST", at+"/trace", object{"version": 1}), 200)
	trace, _ := seen.json["staff"].(map[string]any)["trace"].(map[string]any)
	if trace["verdict"] != "verified" || seen.json["version"] != 2.0 {
		t.Errorf("%s", seen.body)
	}
	if stale := must(t, w.call(t, "receptionist", "POST", at+"/trace", object{"version": 1}), 409); stale.code() != "stale_version" {
		t.Errorf("%s", stale.body)
	}
	for _, key := range []string{"pharmacist", "foreign_receptionist"} {
		must(t, w.call(t, key, "POST", at+"/trace", nil), 404)
	}
	must(t, w.call(t, "app", "POST", at+"/trace", nil), 403)
	must(t, w.call(t, "receptionist", "POST", at+"/trace", object{"version": 0}), 422)

	w.registerIs(t, "down")
	if off := must(t, w.call(t, "receptionist", "POST", at+"/trace", nil), 503); off.code() != "tracing_unavailable" {
		t.Errorf("%s", off.body)
	}
	w.registerIs(t, "rate-limit")
	if off := must(t, w.call(t, "receptionist", "POST", at+"/trace", nil), 503); off.code() != "tracing_unavailable" || off.Header.Get("Retry-After") == "" {
		t.Errorf("%s", off.body)
	}
}

func TestARestrictedRecordIsToldByTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	daniel := w.Patients[0]
	w.register.Know(national.Person{
		NHSNumber: string(daniel.NHSNumber), Given: daniel.GivenName, Family: daniel.FamilyName, BirthDate: daniel.BirthDate.String(), Restricted: true,
	})
	at := "/api/v1/requests/" + must(t, w.submit(t, "app", w.soreThroat()), 201).text("reference")
	seen := must(t, w.call(t, "receptionist", "POST", at+"/trace", nil), 200)
	staff := seen.json["staff"].(map[string]any)
	held, _ := staff["held"].(map[string]any)
	patient, _ := staff["patient"].(map[string]any)
	if held["restricted"] != true || patient["postcode"] != nil || seen.text("status") != "queued" {
		t.Errorf("%s", seen.body)
	}
	for command, body := range map[string]object{"transfer": {"to": "FRV01", "reason": "Please see."}, "verify": {}} {
		if no := must(t, w.call(t, "receptionist", "POST", at+"/"+command, body), 409); no.code() != "record_restricted" {
			t.Errorf("%s: %s", command, no.body)
		}
	}
}

func TestTheAPITellsStaffWhatAPersonNeeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	daniel := w.Patients[0]
	w.register.Know(national.Person{
		NHSNumber: string(daniel.NHSNumber), Given: daniel.GivenName, Family: daniel.FamilyName, BirthDate: daniel.BirthDate.String(), Practice: "A81001",
		Adjustments: [][2]string{{"1326191000000101", "Requires additional time"}, {"999", "Prefers to wait outside"}},
	})
	at := "/api/v1/requests/" + must(t, w.submit(t, "app", w.soreThroat()), 201).text("reference")
	if before := must(t, w.call(t, "receptionist", "GET", at, nil), 200); strings.Contains(string(before.body), `"needs"`) {
		t.Errorf("needs that nobody read: %s", before.body)
	}
	must(t, w.call(t, "receptionist", "POST", at+"/trace", nil), 200)
	seen := must(t, w.call(t, "receptionist", "GET", at, nil), 200)
	needs, _ := seen.json["staff"].(map[string]any)["needs"].([]any)
	if len(needs) != 1 || needs[0].(map[string]any)["told"] != false || !strings.Contains(string(seen.body), `"supports":["more-time"]`) || !strings.Contains(string(seen.body), "Prefers to wait outside") {
		t.Errorf("%s", seen.body)
	}
	if own := must(t, w.call(t, "app", "GET", at, nil), 200); strings.Contains(string(own.body), "additional time") {
		t.Errorf("a program that submits is told: %s", own.body)
	}
}
