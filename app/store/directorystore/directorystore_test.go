package directorystore_test

import (
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"onedoor/app/audit"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/store/directorystore"
	"onedoor/tenants"
)

var (
	riverside = demo.NeighbourhoodID("riverside")
	manager   = audit.Actor{Kind: audit.Person, Name: "Jo Bennett"}
)

func service(t *testing.T, d *tenants.Directory, organisation, slug string) tenants.Service {
	t.Helper()
	for _, s := range d.Services() {
		if o, _ := d.Organisation(s.OrganisationID); string(o.ODS) == organisation && s.Slug == slug {
			return s
		}
	}
	t.Fatalf("%s has no service %s", organisation, slug)
	return tenants.Service{}
}

func TestADirectoryReadBackIsTheSameVersion(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	s := directory.New(directorystore.New(w.DB), w.Now)
	before, err := s.Current(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	after, err := s.Change(t.Context(), manager, riverside, "directory.nothing", nil, func(*tenants.Contents) error { return nil })
	if err != nil || after.Hash() != before.Hash() {
		t.Errorf("a change of nothing made %s of %s, %v", after.Hash(), before.Hash(), err)
	}
	if _, err := s.BySlug(t.Context(), "nowhere"); !fault.Is(err, "not_found") {
		t.Errorf("an unknown neighbourhood: %v", err)
	}
}

func TestAPausedServiceTakesNothingAndResumes(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	store := directorystore.New(w.DB)
	s := directory.New(store, w.Now)
	d, err := s.Current(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	offered := service(t, d, "FRV01", "pharmacy-first")
	if _, err := s.Pause(t.Context(), manager, riverside, demo.OrganisationID("A81001"), offered.ID, true); !fault.Is(err, "not_found") {
		t.Errorf("another organisation paused it: %v", err)
	}
	if _, err := s.Pause(t.Context(), manager, demo.NeighbourhoodID("hillside"), offered.OrganisationID, offered.ID, true); !fault.Is(err, "not_found") {
		t.Errorf("another neighbourhood paused it: %v", err)
	}
	ask := requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.App, Kind: "symptoms", By: audit.Actor{Kind: audit.Client},
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`), "condition": json.RawMessage(`"sore-throat"`)},
	}
	ask.Patient.NHSNumber = w.Patients[0].NHSNumber
	for _, paused := range []bool{true, false} {
		w.Pass(time.Minute) // versions are told apart by their moment
		if _, err := s.Pause(t.Context(), manager, riverside, offered.OrganisationID, offered.ID, paused); err != nil {
			t.Fatal(err)
		}
		w.Pass(time.Minute)
		receipt, err := w.Requests.Submit(t.Context(), ask)
		if err != nil || (receipt.Destination.ODS == "FRV01") == paused {
			t.Errorf("paused %v: sent to %s, %v", paused, receipt.Destination.ODS, err)
		}
	}
}

func TestAChangeThatDoesNotHoldTogetherIsRefusedWhole(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	s := directory.New(directorystore.New(w.DB), w.Now)
	before, err := s.Current(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	w.Pass(time.Minute)
	for code, change := range map[string]func(*tenants.Contents) error{
		"directory_desk": func(c *tenants.Contents) error { c.Desk = demo.OrganisationID("B82001"); return nil },
		"opening_hours": func(c *tenants.Contents) error {
			c.Services[0].Hours.Week[1] = []tenants.Period{{From: 600, Until: 500}}
			return nil
		},
		"directory_reference": func(c *tenants.Contents) error { c.Services[0].QueueID = riverside; return nil },
	} {
		if _, err := s.Change(t.Context(), manager, riverside, "directory.break", nil, change); !fault.Is(err, code) {
			t.Errorf("want %s: %v", code, err)
		}
	}
	after, err := s.Current(t.Context(), riverside)
	if err != nil || after.Hash() != before.Hash() {
		t.Errorf("something of it was kept: %v", err)
	}
}

func TestChangesAtOnceAreAllKept(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	s := directory.New(directorystore.New(w.DB), func() time.Time { w.Pass(time.Second); return w.Now() })
	const people = 8
	errs := make([]error, people)
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() {
			_, errs[i] = s.Change(t.Context(), manager, riverside, "directory.capacity", nil, func(c *tenants.Contents) error {
				c.Services[0].Capacity.Daily++
				return nil
			})
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	d, err := s.Change(t.Context(), manager, riverside, "directory.look", nil, func(c *tenants.Contents) error {
		if c.Services[0].Capacity.Daily < people {
			t.Errorf("%d of %d changes are there", c.Services[0].Capacity.Daily, people)
		}
		return nil
	})
	if err != nil || d == nil {
		t.Error(err)
	}
}

func TestAFullServiceOverflowsToThePractice(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]tenants.Capacity{"open at once": {Open: 2}, "in a day": {Daily: 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := demotest.New(t)
			_, err := directory.New(directorystore.New(w.DB), w.Now).Change(t.Context(), manager, riverside, "directory.capacity", nil, func(c *tenants.Contents) error {
				for i, s := range c.Services {
					if s.OrganisationID == demo.OrganisationID("FRV01") {
						c.Services[i].Capacity = limit
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			w.Pass(time.Minute)
			ask := requests.Submission{
				NeighbourhoodID: riverside, Channel: requests.App, Kind: "symptoms", By: audit.Actor{Kind: audit.Client}, ChosenPharmacy: "FRV01",
				Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`), "condition": json.RawMessage(`"sore-throat"`)},
			}
			ask.Patient.NHSNumber = w.Patients[0].NHSNumber
			for i, want := range []string{"FRV01", "FRV01", "A81001"} {
				receipt, err := w.Requests.Submit(t.Context(), ask)
				if err != nil || receipt.Destination.ODS != want {
					t.Errorf("request %d went to %s, %v; want %s", i+1, receipt.Destination.ODS, err, want)
				}
			}
			w.Pass(24 * time.Hour)
			receipt, err := w.Requests.Submit(t.Context(), ask)
			if want := map[string]string{"open at once": "A81001", "in a day": "FRV01"}[name]; err != nil || receipt.Destination.ODS != want {
				t.Errorf("a day later it went to %s, %v; want %s", receipt.Destination.ODS, err, want)
			}
		})
	}
}
