package systems_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/bookings"
	"onedoor/app/callers"
	"onedoor/app/clinical"
	"onedoor/app/clinical/fhir"
	"onedoor/app/clinical/gpconnect"
	"onedoor/app/clinical/patientfacing"
	"onedoor/app/clinical/simulator"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/selfservice"
	"onedoor/app/store/bookingstore"
	"onedoor/app/store/selfservicestore"
	"onedoor/tenants"
)

var riverside = demo.NeighbourhoodID("riverside")

// desk is the product's own services over its stores, with the systems of all cells at the far end. A cell's context says
// which of them is meant.
type desk struct {
	*demotest.World
	far      *far
	patient  patients.Patient
	practice uuid.UUID
	bookings map[bool]*bookings.Service // whether somebody waits no longer than the product lets them
	self     map[bool]*selfservice.Service
	staff    requests.Actor
	mu       sync.Mutex
	ends     map[uuid.UUID]*end
}

// end is one cell's far end.
type end struct {
	id     uuid.UUID // of its integration
	ods    nhs.ODSCode
	system clinical.System
	far    *far

	mu   sync.Mutex
	then simulator.Mode // the fault that begins after the next write; none when empty
}

// RoundTrip lets a fault begin between two writes of one act.
func (e *end) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := e.far.client.Transport.RoundTrip(r)
	if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/_search") {
		return response, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.then != "" {
		err = errors.Join(err, e.far.fault(e.ods, e.then))
		e.then = ""
	}
	return response, err
}

type endKey struct{}

// For implements the way of the product's services to systems.
func (d *desk) For(ctx context.Context, _, _ uuid.UUID, _ clinical.Use, _ string) (clinical.System, clinical.Integration, error) {
	e, ok := ctx.Value(endKey{}).(*end)
	if !ok {
		return nil, clinical.Integration{}, errors.New("nobody says which")
	}
	// What is in development nationally wants a sign-in that no visitor has here; but for that it goes the same way.
	return e.system, clinical.Integration{ID: e.id, Kind: clinical.FHIR}, nil
}

// Of implements the way back.
func (d *desk) Of(_ context.Context, _, id uuid.UUID) (clinical.System, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ends[id].system, nil
}

// proved stands for package callers, whose proofs have tests of their own: everybody is the one patient.
type proved struct{ d *desk }

func (p proved) SendCode(context.Context, uuid.UUID, uuid.UUID, patients.Given, string) error {
	return nil
}

func (p proved) Prove(_ context.Context, neighbourhood, call uuid.UUID, _ patients.Given, _ string) (callers.Proof, error) {
	return callers.Proof{ID: uuid.New(), NeighbourhoodID: neighbourhood, CallID: call}, nil
}

func (p proved) ProveOutside(ctx context.Context, neighbourhood, about uuid.UUID, given patients.Given, code string) (callers.Proof, error) {
	return p.Prove(ctx, neighbourhood, about, given, code)
}

func (p proved) Whose(context.Context, callers.Proof) (patients.Patient, error) {
	return p.d.patient, nil
}

func (p proved) Appointments(ctx context.Context, _ callers.Proof) ([]clinical.Appointment, error) {
	e, _ := ctx.Value(endKey{}).(*end)
	book, ok := e.system.(clinical.AppointmentBook)
	if !ok {
		return nil, errors.New("it has no appointment book")
	}
	list, err := book.Appointments(ctx, p.d.patient.NHSNumber, p.d.Now(), 5)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "appointments_unavailable", "The practice’s appointments cannot be read now.").Because(err)
	}
	return list, nil
}

func newDesk(t *testing.T, f *far) *desk {
	t.Helper()
	d := &desk{World: demotest.New(t), far: f, ends: map[uuid.UUID]*end{}, bookings: map[bool]*bookings.Service{}, self: map[bool]*selfservice.Service{}}
	d.patient, d.practice = d.Patients[0], d.Patients[0].PracticeID
	d.staff = d.Actor(t, "sam.carter")
	for _, hurried := range []bool{false, true} {
		budget := bookings.Budget
		if !hurried { // the systems of these answer at once, one way or another
			budget = time.Minute
		}
		d.bookings[hurried] = bookings.New(bookings.Options{
			Store: bookingstore.New(d.DB), Systems: d, Now: d.Now, Budget: budget, StaffBudget: budget,
			Settled: func(ctx context.Context, b bookings.Booking) error { return d.self[hurried].Settled(ctx, b) },
		})
		d.self[hurried] = selfservice.New(selfservice.Options{
			Requests: d.Requests, Callers: proved{d}, Bookings: d.bookings[hurried], Systems: d, Store: selfservicestore.New(d.DB), Sealer: d.Vault, Now: d.Now, Budget: budget,
		})
	}
	return d
}

// hurries reports whether a fault makes somebody wait.
func hurries(mode simulator.Mode) bool {
	return slices.Contains([]simulator.Mode{simulator.Slow, simulator.TimeoutAfterCommit, simulator.NeverArrives, simulator.NeverAnswers}, mode)
}

func (d *desk) submit(ctx context.Context, kind string) (requests.Reference, uuid.UUID, error) {
	receipt, err := d.Requests.Submit(ctx, requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.Web, Kind: kind, By: audit.Actor{Kind: audit.Patient},
		Patient: patients.Given{NHSNumber: d.patient.NHSNumber, BirthDate: d.patient.BirthDate},
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`)},
	})
	if err != nil {
		return "", uuid.Nil, err
	}
	var id uuid.UUID
	err = d.DB.InTx(ctx, tenants.JobOf(riverside), func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(ctx, "select id from requests where neighbourhood_id = $1 and reference = $2", riverside, string(receipt.Reference)).Scan(&id)
	})
	return receipt.Reference, id, err
}

// who asks for the patient: a member of staff.
func (d *desk) who(reference requests.Reference, id uuid.UUID) bookings.Who {
	return bookings.Who{
		Scope: d.staff.Scope, Actor: d.staff.Actor, NeighbourhoodID: riverside, OrganisationID: d.practice, RequestID: id, Reference: string(reference),
		Patient: d.about(), By: clinical.Party{ODS: "A81001", Name: "Weir Lane Surgery"}, Use: clinical.UseStaffBooking,
	}
}

func (d *desk) about() clinical.Patient {
	p := d.patient
	return clinical.Patient{NHSNumber: p.NHSNumber, GivenName: p.GivenName, FamilyName: p.FamilyName, BirthDate: p.BirthDate, Sex: p.Sex, Postcode: p.Postcode, OnRegister: true}
}

// arranged puts a diary, a patient and what they take into an organisation's system.
func (d *desk) arranged(ods nhs.ODSCode) error {
	resources := [][3]string{{"Schedule", "dr", `{"resourceType":"Schedule","actor":[{"type":"Practitioner","display":"Dr Shah"},{"type":"Location","display":"The surgery"}]}`}}
	for i := range 4 {
		resources = append(resources, [3]string{"Slot", fmt.Sprint("s", i), fmt.Sprintf(`{"resourceType":"Slot","schedule":{"reference":"Schedule/dr"},"status":"free","start":"2026-11-25T10:%d0:00Z","end":"2026-11-25T10:%d9:00Z"}`, i, i)})
	}
	for i := range 2 {
		resources = append(resources, [3]string{"MedicationRequest", fmt.Sprint("m", i), fmt.Sprintf(`{"resourceType":"MedicationRequest","status":"active","intent":"plan",
			"medicationCodeableConcept":{"text":"Medicine %d"},"subject":{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q}}}`, i, d.patient.NHSNumber)})
	}
	for _, r := range resources {
		if err := d.far.hold(ods, r[0], r[1], r[2]); err != nil {
			return err
		}
	}
	return d.far.sim.HoldPerson(ods, simulator.Person{NHSNumber: d.patient.NHSNumber, Given: d.patient.GivenName, Family: d.patient.FamilyName, BirthDate: d.patient.BirthDate})
}

// end makes a cell's far end, and asks its system once what it offers, as set-up does.
func (d *desk) end(ctx context.Context, adapter string) (*end, error) {
	e := &end{id: uuid.New(), ods: d.far.organisation(), far: d.far}
	if err := d.arranged(e.ods); err != nil {
		return nil, err
	}
	var err error
	url := d.far.server.URL
	switch adapter {
	case "FHIR R4":
		e.system, err = fhir.New(fhir.Options{BaseURL: url + simulator.BasePath(e.ods), Transport: e, Now: d.far.Now})
	case "BaRS":
		e.system, err = newBaRS(d.far, e.ods, e)
	case "GP Connect":
		e.system, err = gpconnect.New(gpconnect.Options{
			BaseURL: url + simulator.GPConnectPath(e.ods), Transport: e, Now: d.far.Now, Random: rand.Reader,
			Settings: map[string]string{
				gpconnect.SettingConsumerASID: "200000000359", gpconnect.SettingProviderASID: "918999198738",
				gpconnect.SettingEndpoint: "https://onedoor.example/", gpconnect.SettingTelephone: "0300 303 5678",
			},
		})
	case "Patient Facing":
		e.system, err = patientfacing.New(patientfacing.Options{BaseURL: url + simulator.PatientFacingPath(e.ods), Transport: e, Now: d.far.Now, Random: rand.Reader})
	}
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.ends[e.id] = e
	d.mu.Unlock()
	_, err = e.system.Capabilities(ctx)
	return e, err
}

// attempt is one cell of the product's services.
type attempt struct {
	*row
	mode simulator.Mode
	op   operation
	end  *end

	reference requests.Reference
	request   uuid.UUID
	already   int // effects before
	first     error
	inPart    bool // it was done in part, and somebody is told to see to the rest
}

// operation is what somebody asks of a system. Ready does what goes before, and gives what is tried.
type operation struct {
	name    string
	kind    string // of the request
	asks    bool   // it changes nothing
	second  bool   // the fault begins when the first of what is written was taken
	effects int    // of one that is done
	ready   func(ctx context.Context, a *attempt) (func(ctx context.Context) error, error)
	// state is what we keep, and whether it says that it is done, or is not certain yet.
	state func(ctx context.Context, a *attempt) (says string, done, open bool, err error)
}

// bookingsMatrix are the cells of appointments and medicines. It goes in steps, since a job looks after all of a
// neighbourhood's acts together: everybody tries, while their system has its fault; what may have been done is read back
// while the faults stand that answer at once; and again when all systems are well.
func bookingsMatrix(t *testing.T, f *far) ([]*row, func()) {
	d := newDesk(t, f)
	var rows []*row
	var tried []*attempt
	for adapter, operations := range d.operations() {
		for _, op := range operations {
			for _, mode := range simulator.Modes() {
				r := &row{adapter: adapter, operation: op.name, fault: string(mode)}
				rows = append(rows, r)
				if op.asks && meetsWritesOnly(mode) {
					r.cannot = onlyAsks
					continue
				}
				tried = append(tried, &attempt{row: r, mode: mode, op: op})
			}
		}
	}
	return rows, func() {
		atOnce(tried, func(a *attempt) bool { return hurries(a.mode) }, d.try)
		for _, a := range tried {
			if a.end != nil && hurries(a.mode) {
				d.well(a)
			}
		}
		d.settle(t, 10*time.Second)
		for _, a := range tried {
			if a.end != nil {
				d.well(a)
			}
		}
		d.settle(t, 5*time.Minute)
		atOnce(tried, func(*attempt) bool { return false }, d.judge)
	}
}

func (d *desk) well(a *attempt) {
	if err := d.far.fault(a.end.ods, simulator.OK); err != nil {
		a.errorf("%v", err)
	}
}

// settle lets time pass and does what the product's jobs do until they have nothing more to do.
func (d *desk) settle(t *testing.T, after time.Duration) {
	d.Pass(after)
	d.far.pass(after)
	for range 20 {
		acts, err := d.bookings[false].Settle(t.Context(), riverside)
		orders, orderErr := d.self[false].SettleOrders(t.Context(), riverside)
		if err = errors.Join(err, orderErr); err != nil {
			t.Error(err)
		}
		if acts+orders == 0 {
			return
		}
	}
}

// try is the first try of one cell.
func (d *desk) try(a *attempt) {
	err := func() error {
		ctx := context.Background()
		var err error
		if a.end, err = d.end(ctx, a.adapter); err != nil {
			return err
		}
		ctx = context.WithValue(ctx, endKey{}, a.end)
		if a.reference, a.request, err = d.submit(ctx, a.op.kind); err != nil {
			return err
		}
		do, err := a.op.ready(ctx, a)
		if err != nil {
			return err
		}
		if a.already, err = d.far.effects(a.end.ods); err != nil {
			return err
		}
		if a.op.second {
			a.end.mu.Lock()
			a.end.then = a.mode
			a.end.mu.Unlock()
		} else if err = d.far.fault(a.end.ods, a.mode); err != nil {
			return err
		}
		a.first = do(ctx)
		a.says(heard(a.first))
		return nil
	}()
	if err != nil {
		a.errorf("it could not be tried: %v", err)
		a.end = nil
	}
}

// What somebody may be told, and what it means of what was done.
var (
	nothingDone = []string{
		bookings.CodeTaken, bookings.CodeRefused, bookings.CodeUnavailable, "medicines_unavailable", "order_refused", bookings.CodeNotOffered, selfservice.CodeNotOffered,
	}
	notCertain = []string{bookings.CodeUnknown, "order_unknown"}
)

// judge compares what was said, what we keep and what the receiver counted.
func (d *desk) judge(a *attempt) {
	if a.end == nil {
		return
	}
	ctx := context.WithValue(context.Background(), endKey{}, a.end)
	effects, err := d.far.effects(a.end.ods)
	if err != nil {
		a.errorf("%v", err)
	}
	effects -= a.already
	says, done, open, err := a.op.state(ctx, a)
	if err != nil {
		a.errorf("what we keep: %v", err)
	}
	a.came(effects, says)
	code := ""
	if a.first != nil {
		code = fault.As(a.first).Code
	}
	switch {
	case open:
		a.errorf("it is still not certain: %s", says)
	case a.op.asks && effects != 0:
		a.errorf("a question had %d effects", effects)
	case a.op.asks:
		if code != "" && !slices.Contains(nothingDone, code) {
			a.errorf("told %q: %v", code, a.first)
		}
	case a.inPart && effects == 1:
	case done && effects != a.op.effects, !done && effects != 0:
		a.errorf("%d effects, and we say that it is %s", effects, says)
	case code == "" && !done:
		a.errorf("told that it is done, and it is %s", says)
	case slices.Contains(nothingDone, code) && done:
		a.errorf("told %q, and it is %s", code, says)
	case code != "" && !slices.Contains(nothingDone, code) && !slices.Contains(notCertain, code):
		a.errorf("told %q: %v", code, a.first)
	}
	if a.mode == simulator.OK && a.first != nil {
		a.errorf("when all is well: %v", a.first)
	}
}
