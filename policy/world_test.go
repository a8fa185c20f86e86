package policy_test

import (
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

// world is a neighbourhood to route in: two practices, three pharmacies, a community service with two teams, another that
// left, and a hub that keeps the desk of last resort.
type world struct {
	contents tenants.Contents
	next     byte
}

func newWorld() *world {
	w := &world{}
	w.contents.Neighbourhood = tenants.Neighbourhood{ID: w.id(), Slug: "riverside", Name: "Riverside"}
	practice := []string{"safety", "to-verify", "general", "clinical", "prescriptions", "appointments", "admin", "results", "callbacks"}
	core := tenants.Weekdays(tenants.Clock("08:00", "18:30"))
	day := tenants.Weekdays(tenants.Clock("09:00", "17:00"))
	for _, o := range []struct {
		ods, name, postcode string
		kind                tenants.OrganisationKind
		queues              []string
		services            []tenants.Service
	}{
		{"A81001", "Weir Practice", "LS1 4AP", tenants.Practice, practice, []tenants.Service{{Slug: "general-practice", Name: "General practice", Hours: core}}},
		{"A81002", "Mill Practice", "LS2 7AB", tenants.Practice, []string{"safety", "to-verify", "general"}, []tenants.Service{{Slug: "general-practice", Name: "General practice", Hours: core}}},
		{"FAA01", "Lock Pharmacy", "LS1 4BB", tenants.Pharmacy, []string{"pharmacy-first"}, []tenants.Service{{Slug: "pharmacy-first", Name: "Pharmacy First", Kinds: []string{"symptoms"}, Hours: tenants.Hours{Always: true}}}},
		{"FAA02", "Bridge Pharmacy", "LS1 9ZZ", tenants.Pharmacy, []string{"pharmacy-first"}, []tenants.Service{{Slug: "pharmacy-first", Name: "Pharmacy First", Kinds: []string{"symptoms"}, Hours: day}}},
		{"FAA03", "Former Pharmacy", "LS1 9ZZ", tenants.Pharmacy, []string{"pharmacy-first"}, []tenants.Service{{Slug: "pharmacy-first", Name: "Pharmacy First", Hours: day}}},
		{"RCC01", "Riverside Community", "LS9 1AA", tenants.Community, []string{"physiotherapy", "podiatry"}, []tenants.Service{
			{Slug: "physiotherapy", Name: "Physiotherapy", Capabilities: []string{"physio"}, Hours: day},
			{Slug: "podiatry", Name: "Podiatry", Hours: day},
		}},
		{"RCC02", "Canal Community", "LS1 4CC", tenants.Community, []string{"physiotherapy"}, []tenants.Service{
			{Slug: "physiotherapy", Name: "Physiotherapy", Capabilities: []string{"physio"}, Hours: day},
		}},
		{"U1001", "Riverside Hub", "LS3 1AA", tenants.Hub, []string{"safety", "to-verify", "general", "clinical"}, []tenants.Service{{Slug: "desk", Name: "Desk", Hours: core}}},
	} {
		w.organisation(tenants.Organisation{ODS: nhs.ODSCode(o.ods), Name: o.name, Kind: o.kind}, nhs.Postcode(o.postcode), o.queues, o.services)
	}
	w.contents.Desk = w.org("U1001").ID
	for i := range w.contents.Agreements {
		if w.contents.Agreements[i].OrganisationID == w.org("FAA03").ID {
			w.contents.Agreements[i].Until = nhs.Date{Year: 2026, Month: 10, Day: 31}
		}
	}
	return w
}

func (w *world) id() uuid.UUID {
	w.next++
	return uuid.UUID{0: 1, 15: w.next}
}

func (w *world) organisation(o tenants.Organisation, postcode nhs.Postcode, queues []string, services []tenants.Service) {
	o.ID = w.id()
	w.contents.Organisations = append(w.contents.Organisations, o)
	w.contents.Agreements = append(w.contents.Agreements, tenants.Agreement{OrganisationID: o.ID, From: nhs.Date{Year: 2020, Month: 1, Day: 1}})
	site := tenants.Site{ID: w.id(), OrganisationID: o.ID, Name: "Main", Postcode: postcode}
	w.contents.Sites = append(w.contents.Sites, site)
	ids := map[string]uuid.UUID{}
	for _, slug := range queues {
		ids[slug] = w.id()
		w.contents.Queues = append(w.contents.Queues, tenants.Queue{ID: ids[slug], OrganisationID: o.ID, Slug: slug, Name: slug})
	}
	for _, s := range services {
		s.ID, s.OrganisationID, s.SiteID, s.QueueID = w.id(), o.ID, site.ID, ids[s.Slug]
		if s.QueueID == uuid.Nil {
			s.QueueID = ids["general"]
		}
		w.contents.Services = append(w.contents.Services, s)
	}
}

func (w *world) org(ods nhs.ODSCode) tenants.Organisation {
	for _, o := range w.contents.Organisations {
		if o.ODS == ods {
			return o
		}
	}
	panic("no such organisation in the test's world: " + ods)
}

func (w *world) service(ods nhs.ODSCode, slug string) *tenants.Service {
	for i := range w.contents.Services {
		if s := &w.contents.Services[i]; s.OrganisationID == w.org(ods).ID && s.Slug == slug {
			return s
		}
	}
	panic("no such service in the test's world: " + slug)
}

func (w *world) directory(t testing.TB) *tenants.Directory {
	t.Helper()
	d, err := tenants.NewDirectory(w.contents)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// where is a place in words: A81001/clinical.
func where(d *tenants.Directory, p policy.Place) string {
	o, okO := d.Organisation(p.Organisation)
	q, okQ := d.Queue(p.Queue)
	if !okO || !okQ || q.OrganisationID != o.ID {
		return "nowhere"
	}
	return string(o.ODS) + "/" + q.Slug
}

// screened are the facts of somebody whom the safety stage lets go on, with more on top.
func screened(more policy.Facts) policy.Facts {
	f := policy.Facts{
		"red-flag": policy.Text("none"), "free-text": policy.Text("clear"),
		"registration": policy.Text("here"), "registered-practice": policy.Text("A81001"),
	}
	for name, v := range more {
		f[name] = v
	}
	return f
}

func texts(pairs ...string) policy.Facts {
	f := policy.Facts{}
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i]] = policy.Text(pairs[i+1])
	}
	return f
}

// sore is a sore throat that a pharmacy may take.
func sore(more ...string) policy.Facts {
	f := screened(texts("kind", "symptoms", "condition", "sore-throat", "sex", "male", "pregnant", "not-applicable"))
	f["age"] = policy.Int(30)
	for name, v := range texts(more...) {
		f[name] = v
	}
	return f
}

func riverside(t testing.TB) *policy.Policy {
	t.Helper()
	document, err := os.ReadFile("../app/demo/riverside.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(document))
}

// london reads a moment such as 2026-11-24 10:00, a Tuesday.
func london(t testing.TB, clock string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", clock, tenants.London())
	if err != nil {
		t.Fatal(err)
	}
	return at
}
