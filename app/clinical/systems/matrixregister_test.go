package systems_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"onedoor/app/audit"
	"onedoor/app/clinical/simulator/national"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/patients/pds"
	"onedoor/app/requests"
	"onedoor/app/store/limitstore"
	"onedoor/app/store/tracestore"
	"onedoor/app/traces"
)

// sought is somebody whom staff look up in the national register of patients.
type sought struct {
	*row
	given patients.Given
	want  patients.Verdict
}

// registerMatrix are the cells of the register of patients. It is only asked, so its effects are none; what is looked at is
// that nobody is taken for somebody, or for nobody, because the register did not answer.
func registerMatrix(t *testing.T) ([]*row, func()) {
	w := demotest.New(t)
	daniel, today := w.Patients[0], nhs.DateOf(demotest.Monday)
	people := demo.NationalPeople(today)
	gone := people[slices.IndexFunc(people, func(p national.Person) bool { return p.Invalidated })]
	named := patients.Given{NHSNumber: daniel.NHSNumber, GivenName: daniel.GivenName, FamilyName: daniel.FamilyName, BirthDate: daniel.BirthDate, Postcode: daniel.Postcode}
	unnumbered := named
	unnumbered.NHSNumber, unnumbered.Postcode = "", "LS1 4AP" // the register here does not know them by it
	var rows []*row
	var cells []sought
	for _, mode := range national.Modes() {
		for _, c := range []sought{
			{&row{operation: "verify a number"}, named, patients.Verified},
			{&row{operation: "trace by name"}, unnumbered, patients.Found},
			{&row{operation: "a withdrawn number"}, patients.Given{NHSNumber: nhs.Number(gone.NHSNumber), FamilyName: "Here", BirthDate: nhs.Date{Year: 1970, Month: 1, Day: 1}}, patients.NotFound},
		} {
			c.adapter, c.fault = "PDS", mode
			rows, cells = append(rows, c.row), append(cells, c)
		}
	}
	staff := w.Actor(t, "sam.carter")
	return rows, func() {
		atOnce(cells, func(sought) bool { return false }, func(c sought) {
			if err := registerCell(w, staff, people, c); err != nil {
				c.errorf("%v", err)
			}
		})
	}
}

func registerCell(w *demotest.World, staff requests.Actor, people []national.Person, c sought) error {
	ctx := context.Background()
	register := national.New()
	register.Know(people...)
	played := httptest.NewServer(register)
	defer played.Close()
	service := traces.New(traces.Options{
		Tracer: pds.New(pds.Options{BaseURL: played.URL + national.PDSPath, Transport: &http.Transport{}, Now: w.Now, Random: rand.Reader}),
		Limit:  limitstore.New(w.DB, "register of "+c.operation+", "+c.fault, limitstore.PerSecond(5)),
		Store:  tracestore.New(w.DB), Requests: w.Requests, Sealer: w.Vault, Now: w.Now,
	})
	mode := func(m string) error {
		response, err := http.Post(played.URL+"/personal-demographics/faults", "application/json", strings.NewReader(`{"mode":"`+m+`"}`)) //nolint:noctx // a server of the test's own
		if err != nil {
			return err
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return errors.New(response.Status)
		}
		return nil
	}
	receipt, err := w.Requests.Submit(ctx, requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.Phone, Kind: "callback", By: audit.Actor{Kind: audit.Patient}, Patient: c.given, AskedOf: demo.OrganisationID("A81001"),
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`)},
	})
	if err != nil {
		return err
	}
	if err := mode(c.fault); err != nil {
		return err
	}
	trace := func() (requests.View, error) {
		return service.Trace(ctx, staff, requests.Command{Reference: receipt.Reference})
	}
	view, err := trace()
	c.says(heard(err))
	answers := c.fault == "ok" || c.fault == "slow"
	switch {
	case err == nil && (!answers || view.Staff.Trace == nil || view.Staff.Trace.Verdict != c.want):
		c.errorf("it came to %+v", view.Staff.Trace)
	case err != nil && answers, err != nil && !fault.Is(err, "tracing_unavailable"):
		c.errorf("told %v", err)
	case err != nil && strings.Contains(err.Error()+fmt.Sprint(errors.Unwrap(err)), whose(c.given)):
		c.errorf("the error names somebody: %v", err)
	}
	before, looking := w.Requests.Get(ctx, staff, receipt.Reference)
	if looking != nil {
		return looking
	}
	if !answers && (before.Staff.Trace != nil || before.Version != receipt.Version || before.Staff.Patient.NHSNumber != c.given.NHSNumber) {
		c.errorf("nobody answered, and the request says %+v of %q", before.Staff.Trace, before.Staff.Patient.NHSNumber)
	}
	if well := mode("ok"); well != nil {
		return well
	}
	for ends := time.Now().Add(time.Minute); err != nil; { // the register asked for some seconds' peace, and gets them
		if view, err = trace(); !fault.Is(err, "too_many_calls") || time.Now().After(ends) {
			break
		}
	}
	if err != nil || view.Staff.Trace == nil || view.Staff.Trace.Verdict != c.want {
		c.errorf("when all is well: %+v, %v", view.Staff.Trace, err)
		return nil
	}
	c.came(0, string(view.Staff.Trace.Verdict)+", once it answers")
	return nil
}

// whose is what must not stand in an error: the number, or the family name where there is none.
func whose(g patients.Given) string {
	if g.NHSNumber != "" {
		return string(g.NHSNumber)
	}
	return g.FamilyName
}
