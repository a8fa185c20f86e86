package directorystore_test

import (
	"testing"
	"time"

	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/fault"
	"onedoor/app/store/directorystore"
	"onedoor/tenants"
)

// editOf is a service as it stands, ready to be changed.
func editOf(d *tenants.Directory, s tenants.Service) directory.ServiceEdit {
	return directory.ServiceEdit{
		NeighbourhoodID: d.Neighbourhood().ID, OrganisationID: s.OrganisationID, ServiceID: s.ID, BasedOn: d.Hash(), Name: s.Name, QueueID: s.QueueID,
		Kinds: s.Kinds, Capabilities: s.Capabilities, Eligibility: s.Eligibility, Hours: s.Hours, Capacity: s.Capacity,
	}
}

func TestAServiceIsEditedByItsOwnOrganisationAlone(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	s := directory.New(directorystore.New(w.DB), w.Now)
	d, err := s.Current(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	own := service(t, d, "FRV03", "pharmacy-first")
	for name, wrong := range map[string]func(*directory.ServiceEdit){
		"another organisation":  func(e *directory.ServiceEdit) { e.OrganisationID = demo.OrganisationID("FRV01") },
		"another neighbourhood": func(e *directory.ServiceEdit) { e.NeighbourhoodID = demo.NeighbourhoodID("hillside") },
		"no such service":       func(e *directory.ServiceEdit) { e.ServiceID = riverside },
	} {
		e := editOf(d, own)
		e.Name = "Taken over"
		wrong(&e)
		if _, err := s.EditService(t.Context(), manager, e); !fault.Is(err, "not_found") {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.Pass(time.Minute)
	e := editOf(d, own)
	e.Name, e.Capacity.Open = "  Pharmacy   First at the pond ", 7
	after, err := s.EditService(t.Context(), manager, e)
	if err != nil {
		t.Fatal(err)
	}
	if is := service(t, after, "FRV03", "pharmacy-first"); is.Name != "Pharmacy First at the pond" || is.Capacity != (tenants.Capacity{Open: 7, Daily: 40}) || !directory.SameHours(is.Hours, own.Hours) {
		t.Errorf("it is %+v", is)
	}
	history, err := s.History(t.Context(), riverside, 10)
	if err != nil || len(history) != 2 || history[0].By != manager.Name || history[0].Hash != after.Hash() || history[1].Hash != d.Hash() {
		t.Fatalf("history %+v, %v", history, err)
	}
	changes := directory.Changes(history[1].Directory, history[0].Directory)
	if len(changes) != 1 || len(changes[0].Fields) != 2 || changes[0].Fields[0] != directory.FieldName || changes[0].Fields[1] != directory.FieldCapacity {
		t.Errorf("changes %+v", changes)
	}
	if other, err := s.History(t.Context(), demo.NeighbourhoodID("hillside"), 10); err != nil || len(other) != 1 || other[0].Hash == d.Hash() {
		t.Errorf("another neighbourhood's history: %v, %v", other, err)
	}
}

func TestAnEditThatChangesNothingMakesNoVersion(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	s := directory.New(directorystore.New(w.DB), w.Now)
	d, err := s.Current(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	w.Pass(time.Minute)
	own := service(t, d, "FRV01", "pharmacy-first")
	if after, err := s.EditService(t.Context(), manager, editOf(d, own)); err != nil || after.Hash() != d.Hash() {
		t.Errorf("an edit of nothing: %v", err)
	}
	if after, err := s.Pause(t.Context(), manager, riverside, own.OrganisationID, own.ID, false); err != nil || after.Hash() != d.Hash() {
		t.Errorf("resumed though it was not paused: %v", err)
	}
	if history, err := s.History(t.Context(), riverside, 10); err != nil || len(history) != 1 {
		t.Errorf("%d versions, %v", len(history), err)
	}
}

func TestAStaleEditIsRefusedAndSaysWhatChanged(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	s := directory.New(directorystore.New(w.DB), w.Now)
	d, err := s.Current(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	own, other := service(t, d, "FRV01", "pharmacy-first"), service(t, d, "FRV02", "pharmacy-first")
	stale := editOf(d, own)
	stale.Name = "Mine"
	w.Pass(time.Minute)
	if _, err := s.Pause(t.Context(), manager, riverside, other.OrganisationID, other.ID, true); err != nil {
		t.Fatal(err)
	}
	w.Pass(time.Minute)
	first := editOf(d, own)
	first.Capacity.Daily = 5
	if _, err := s.EditService(t.Context(), manager, first); err != nil {
		t.Fatalf("another service's change made the form stale: %v", err)
	}
	w.Pass(time.Minute)
	_, err = s.EditService(t.Context(), manager, stale)
	refused := fault.As(err)
	fields, _ := refused.Details["fields"].([]directory.ServiceField)
	if !fault.Is(err, "service_changed") || len(fields) != 1 || fields[0] != directory.FieldCapacity || refused.Details["by"] != manager.Name {
		t.Errorf("refused with %v, %v", err, refused.Details)
	}
}

func TestWhatAServiceCannotBeIsNamedAtItsPlace(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	s := directory.New(directorystore.New(w.DB), w.Now)
	d, err := s.Current(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	minus, old := -1, 131
	for pointer, wrong := range map[string]func(*directory.ServiceEdit){
		"/name":                func(e *directory.ServiceEdit) { e.Name = " " },
		"/queue":               func(e *directory.ServiceEdit) { e.QueueID = demo.QueueID("A81001", "general") },
		"/capabilities":        func(e *directory.ServiceEdit) { e.Capabilities = []string{"Ear Care"} },
		"/eligibility/min_age": func(e *directory.ServiceEdit) { e.Eligibility.MinAge = &minus },
		"/eligibility/max_age": func(e *directory.ServiceEdit) { e.Eligibility.MaxAge = &old },
		"/hours/sunday":        func(e *directory.ServiceEdit) { e.Hours.Week[0] = []tenants.Period{{From: 60, Until: 60}} },
		"/hours/bank-holidays": func(e *directory.ServiceEdit) { e.Hours.BankHolidays = []tenants.Period{{From: 0, Until: 1441}} },
		"/hours/dates":         func(e *directory.ServiceEdit) { e.Hours.Dates = map[string][]tenants.Period{"2026-13-01": nil} },
		"/capacity/open":       func(e *directory.ServiceEdit) { e.Capacity.Open = -1 },
		"/capacity/daily":      func(e *directory.ServiceEdit) { e.Capacity.Daily = 1001 },
	} {
		e := editOf(d, service(t, d, "FRV04", "pharmacy-first"))
		wrong(&e)
		_, err := s.EditService(t.Context(), manager, e)
		if refused := fault.As(err); refused.Kind != fault.Invalid || len(refused.Fields) != 1 || refused.Fields[0].Pointer != pointer {
			t.Errorf("%s: %v %+v", pointer, err, refused.Fields)
		}
	}
}
