package tenants_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

func contents() tenants.Contents {
	id := func(n byte) uuid.UUID { return uuid.UUID{0: n, 15: n} }
	c := tenants.Contents{Neighbourhood: tenants.Neighbourhood{ID: id(1), Slug: "riverside", Name: "Riverside"}, Desk: id(10)}
	for i, ods := range []nhs.ODSCode{"A81001", "A81002", "FAA01"} {
		n := byte(10 + i)
		kind := tenants.Practice
		if i == 2 {
			kind = tenants.Pharmacy
		}
		c.Organisations = append(c.Organisations, tenants.Organisation{ID: id(n), ODS: ods, Name: string(ods), Kind: kind})
		c.Agreements = append(c.Agreements, tenants.Agreement{
			OrganisationID: id(n), From: nhs.Date{Year: 2026, Month: 1, Day: 1}, Until: nhs.Date{Year: 2026, Month: 12, Day: 31},
		})
		c.Sites = append(c.Sites, tenants.Site{ID: id(20 + n), OrganisationID: id(n), Name: "Main", Postcode: "LS1 4AP"})
		for j, slug := range []string{tenants.QueueSafety, tenants.QueueToVerify, tenants.QueueGeneral} {
			c.Queues = append(c.Queues, tenants.Queue{ID: id(100 + 10*n + byte(j)), OrganisationID: id(n), Slug: slug, Name: slug})
		}
		c.Services = append(c.Services, tenants.Service{
			ID: id(40 + n), OrganisationID: id(n), SiteID: id(20 + n), QueueID: id(100 + 10*n + 2), Slug: "help", Name: "Help",
			Capabilities: []string{"listening"}, Hours: tenants.Hours{Always: true},
		})
	}
	return c
}

func TestTheHashOfADirectoryDoesNotDependOnTheOrderOfItsContents(t *testing.T) {
	t.Parallel()
	first, err := tenants.NewDirectory(contents())
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		c := contents()
		shuffle(random, c.Organisations)
		shuffle(random, c.Agreements)
		shuffle(random, c.Sites)
		shuffle(random, c.Queues)
		shuffle(random, c.Services)
		c.Services[0].Kinds = []string{} // as a database may give it
		again, err := tenants.NewDirectory(c)
		if err != nil {
			t.Fatal(err)
		}
		if again.Hash() != first.Hash() {
			t.Fatal("the order of the input changed the hash")
		}
	}
	stored, err := tenants.ParseDirectory(first.Document())
	if err != nil || stored.Hash() != first.Hash() {
		t.Fatalf("a stored directory has another hash: %v", err)
	}
	changed := contents()
	changed.Services[1].Paused = true
	other, err := tenants.NewDirectory(changed)
	if err != nil || other.Hash() == first.Hash() {
		t.Fatalf("a paused service left the hash as it was: %v", err)
	}
}

func shuffle[T any](random *rand.Rand, list []T) {
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func TestDirectoryLookups(t *testing.T) {
	t.Parallel()
	c := contents()
	d, err := tenants.NewDirectory(c)
	if err != nil {
		t.Fatal(err)
	}
	pharmacy, ok := d.ByODS("FAA01")
	if !ok || pharmacy.Kind != tenants.Pharmacy {
		t.Fatal("the pharmacy was not found by its code")
	}
	if _, ok := d.ByODS("ZZZ99"); ok {
		t.Error("an unknown code found something")
	}
	if q, ok := d.QueueOf(pharmacy.ID, tenants.QueueGeneral); !ok || q.OrganisationID != pharmacy.ID {
		t.Error("its general queue was not found")
	}
	if _, ok := d.QueueOf(pharmacy.ID, "absent"); ok {
		t.Error("a queue that is not there was found")
	}
	if n := len(slices.Collect(d.ServicesNamed("help"))); n != 3 {
		t.Errorf("%d services named help", n)
	}
	if n := len(slices.Collect(d.ServicesFor("listening"))); n != 3 {
		t.Errorf("%d services that listen", n)
	}
	if n := len(slices.Collect(d.ServicesOf(pharmacy.ID))); n != 1 {
		t.Errorf("the pharmacy has %d services", n)
	}
	for day, want := range map[string]bool{"2025-12-31": false, "2026-01-01": true, "2026-12-31": true, "2027-01-01": false} {
		if d.TakesPart(pharmacy.ID, date(t, day)) != want {
			t.Errorf("takes part on %s should be %t", day, want)
		}
	}
}

func TestDirectoriesThatCannotBeTrustedAreRefused(t *testing.T) {
	t.Parallel()
	for code, breakIt := range map[string]func(*tenants.Contents){
		"directory_desk":      func(c *tenants.Contents) { c.Desk = uuid.UUID{9} },
		"directory_queue":     func(c *tenants.Contents) { c.Queues = c.Queues[1:] },
		"directory_duplicate": func(c *tenants.Contents) { c.Queues[1].Slug = c.Queues[0].Slug },
		"directory_reference": func(c *tenants.Contents) { c.Agreements[0].OrganisationID = uuid.UUID{9} },
		"opening_hours": func(c *tenants.Contents) {
			c.Services[0].Hours = tenants.Weekdays(tenants.Period{From: 9, Until: 9})
		},
	} {
		c := contents()
		breakIt(&c)
		if _, err := tenants.NewDirectory(c); !fault.Is(err, code) {
			t.Errorf("want %s, got %v", code, err)
		}
	}
}
