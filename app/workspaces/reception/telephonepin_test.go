package reception_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"onedoor/app/database"
	"onedoor/app/patients"
	"onedoor/tenants"
)

func pinForm(p patients.Patient, pin string, more ...string) url.Values {
	form := url.Values{
		"nhs-number": {p.NHSNumber.Spaced()}, "birth-day": {strconv.Itoa(p.BirthDate.Day)}, "birth-month": {strconv.Itoa(int(p.BirthDate.Month))},
		"birth-year": {strconv.Itoa(p.BirthDate.Year)}, "pin": {pin}, "checked": {"yes"}, "do": {"set"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

func (h *house) pins(t *testing.T, p patients.Patient) (n int) {
	t.Helper()
	if err := h.DB.InTx(t.Context(), tenants.JobOf(riverside), func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(t.Context(), "select count(*) from caller_pins where patient_id = $1", p.ID).Scan(&n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAPINIsSetAndRemovedAtTheDesk(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam, daniel, noah := h.colleague(t, "sam.carter"), h.Patients[0], h.Patients[8]
	sam.wants(sam.get("/reception/telephone-pin"), http.StatusOK, "Set a telephone PIN", "I have checked who they are", "Telephone PIN</strong>")

	for name, c := range map[string]struct {
		form url.Values
		says string
	}{
		"an easy PIN":                {pinForm(daniel, "123456"), "Choose a PIN that is harder to guess"},
		"too short a PIN":            {pinForm(daniel, "1234"), "A PIN has 6 digits"},
		"an NHS number mistyped":     {pinForm(daniel, "739184", "nhs-number", "999 000 1007"), "This is not a valid NHS number"},
		"no birth date":              {pinForm(daniel, "739184", "birth-year", ""), "Enter their date of birth"},
		"another's birth date":       {pinForm(daniel, "739184", "birth-year", "1950"), "Nobody on your practice’s list"},
		"another practice's patient": {pinForm(noah, "739184"), "Nobody on your practice’s list"},
		"identity not checked":       {pinForm(daniel, "739184", "checked", ""), "Confirm that you have checked who this person is"},
	} {
		t.Run(name, func(t *testing.T) {
			sam.wants(sam.do(http.MethodPost, "/reception/telephone-pin", c.form), http.StatusUnprocessableEntity, c.says, "not 739184", "not 123456")
		})
	}
	if h.pins(t, daniel)+h.pins(t, noah) != 0 {
		t.Fatal("a PIN was set all the same")
	}
	sam.wants(sam.do(http.MethodPost, "/reception/telephone-pin", pinForm(daniel, "739 184")), http.StatusOK, "The PIN is set", "not 739")
	if h.pins(t, daniel) != 1 {
		t.Fatal("no PIN was set")
	}
	sam.wants(sam.do(http.MethodPost, "/reception/telephone-pin", pinForm(daniel, "", "do", "remove")), http.StatusOK, "There is no PIN for this person now")
	if h.pins(t, daniel) != 0 {
		t.Fatal("the PIN is still there")
	}
	// Who administers a practice, and does not stand at the desk, sets none.
	jo := h.colleague(t, "jo.bennett")
	jo.wants(jo.get("/reception/telephone-pin"), http.StatusForbidden)
	jo.wants(jo.do(http.MethodPost, "/reception/telephone-pin", pinForm(daniel, "739184")), http.StatusForbidden)
}
