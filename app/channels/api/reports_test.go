package api_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/demo"
	"onedoor/app/nhs"
)

// rung is calls of one morning, on the surgery's line: five completed, one of them a second try, and one put through.
func (w *world) rung(t *testing.T) {
	t.Helper()
	for i, ending := range []calls.Ending{calls.Completed, calls.Completed, calls.Completed, calls.Completed, calls.Completed, calls.Person} {
		from := nhs.Phone("+44770090012" + string(rune('0'+max(i, 1)))) // the second is the first once more
		at := w.Now().Add(-time.Hour + time.Duration(i)*time.Minute)
		c, err := w.calls.Begin(t.Context(), calls.New{
			NeighbourhoodID: demo.NeighbourhoodID("riverside"), OrganisationID: demo.OrganisationID("A81001"), Line: "A81001", Via: calls.SIP, Caller: from, Language: "en", At: at,
		})
		if err != nil {
			t.Fatal(err)
		}
		note := calls.Note{Answered: at, Kind: "callback"}
		if ending == calls.Person {
			note.PersonAsked, note.Person = at.Add(10*time.Second), at.Add(40*time.Second)
		}
		if err := w.calls.Note(t.Context(), c.NeighbourhoodID, c.ID, note); err != nil {
			t.Fatal(err)
		}
		if _, err := w.calls.End(t.Context(), c.NeighbourhoodID, c.ID, ending); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheReportOfCallsSaysHowTheLineDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rung(t)
	day := nhs.DateOf(w.Now()).String()
	at := "/api/v1/neighbourhoods/riverside/reports/calls?from=" + day + "&to=" + day
	got := w.call(t, "lead", http.MethodGet, at, nil)
	total, _ := got.json["total"].(map[string]any)
	outcomes, _ := total["outcomes"].(map[string]any)
	for name, want := range map[string]float64{"answered": 6, "completed": 5, "completed_without_repeat": 4, "person": 1, "repeats_within_24_hours": 1} {
		if outcomes[name] != want {
			t.Errorf("%s is %v, want %v: %s", name, outcomes[name], want, got.body)
		}
	}
	if wait, _ := outcomes["seconds_to_person"].(map[string]any); wait["median"] != 30.0 {
		t.Errorf("the wait for a person is %v", wait)
	}
	if own := w.call(t, "org_admin", http.MethodGet, at, nil); own.text("organisation") != "A81001" {
		t.Errorf("an administrator sees %s", own.body)
	}
	for key, want := range map[string]int{"receptionist": http.StatusForbidden, "foreign_receptionist": http.StatusForbidden, "app": http.StatusForbidden} {
		if got := w.call(t, key, http.MethodGet, at, nil); got.StatusCode != want {
			t.Errorf("%s: %d", key, got.StatusCode)
		}
	}
	if got := w.call(t, "lead", http.MethodGet, strings.Replace(at, "riverside", "hillside", 1), nil); got.StatusCode != http.StatusNotFound {
		t.Errorf("another neighbourhood's: %d", got.StatusCode)
	}
	if got := w.call(t, "lead", http.MethodGet, strings.Replace(at, "from="+day, "from=today", 1), nil); got.StatusCode != http.StatusUnprocessableEntity && got.StatusCode != http.StatusBadRequest {
		t.Errorf("a day that is none: %d %s", got.StatusCode, got.body)
	}

	sheet := w.call(t, "lead", http.MethodGet, at, nil, "Accept", "text/csv")
	rows, err := csv.NewReader(strings.NewReader(string(sheet.body))).ReadAll()
	if err != nil || len(rows) < 2 || len(rows[0]) < 5 {
		t.Errorf("the sheet has %v, %v", rows, err)
	}
	if strings.Contains(string(sheet.body), "+44") || strings.Contains(string(sheet.body), "077009") {
		t.Errorf("a caller's number stands in it: %s", sheet.body)
	}
}

func TestTheReportOfParityComparesChannels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, channel := range []string{"app", "app", "app", "app", "app"} {
		body := map[string]any{
			"neighbourhood": "riverside", "channel": channel, "kind": "callback", "answers": map[string]any{"age-band": "16-or-over", "red-flags-adult": []string{"none"}},
			"patient": map[string]any{"nhs_number": w.Patients[0].NHSNumber, "given_name": "Daniel", "family_name": "Okafor"},
		}
		if got := w.call(t, "app", http.MethodPost, "/api/v1/requests", body, "Idempotency-Key", uuid.NewString()); got.StatusCode != http.StatusCreated {
			t.Fatalf("%d %s", got.StatusCode, got.body)
		}
	}
	day := nhs.DateOf(w.Now()).String()
	at := "/api/v1/neighbourhoods/riverside/reports/parity?from=" + day + "&to=" + day
	got := w.call(t, "lead", http.MethodGet, at, nil)
	rows, _ := got.json["rows"].([]any)
	if len(rows) != 1 {
		t.Fatalf("%s", got.body)
	}
	row, _ := rows[0].(map[string]any)
	if row["kind"] != "callback" || row["channel"] != "app" || row["requests"] != 5.0 || row["withheld"] != false {
		t.Errorf("%s", got.body)
	}
	if got := w.call(t, "org_admin", http.MethodGet, at, nil); got.StatusCode != http.StatusForbidden {
		t.Errorf("an administrator: %d", got.StatusCode)
	}
}
