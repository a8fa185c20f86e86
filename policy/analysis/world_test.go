package analysis

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/tenants"
)

// town is a directory to route in.
type town struct {
	contents tenants.Contents
	next     byte
}

func (w *town) id() uuid.UUID {
	w.next++
	return uuid.UUID{0: 9, 15: w.next}
}

func (w *town) add(ods nhs.ODSCode, name string, kind tenants.OrganisationKind, queues []string, services ...tenants.Service) tenants.Organisation {
	o := tenants.Organisation{ID: w.id(), ODS: ods, Name: name, Kind: kind}
	w.contents.Organisations = append(w.contents.Organisations, o)
	w.contents.Agreements = append(w.contents.Agreements, tenants.Agreement{OrganisationID: o.ID, From: nhs.Date{Year: 2020, Month: 1, Day: 1}})
	site := tenants.Site{ID: w.id(), OrganisationID: o.ID, Name: name, Postcode: "LS1 4AP"}
	w.contents.Sites = append(w.contents.Sites, site)
	ids := map[string]uuid.UUID{}
	if kind == tenants.Practice || kind == tenants.Hub {
		queues = append(queues, tenants.QueueSafety, tenants.QueueToVerify, tenants.QueueGeneral)
	}
	for _, q := range queues {
		ids[q] = w.id()
		w.contents.Queues = append(w.contents.Queues, tenants.Queue{ID: ids[q], OrganisationID: o.ID, Slug: q, Name: q})
	}
	for _, s := range services {
		s.ID, s.OrganisationID, s.SiteID, s.Name = w.id(), o.ID, site.ID, s.Slug
		if s.QueueID = ids[s.Slug]; s.QueueID == uuid.Nil {
			s.QueueID = ids[tenants.QueueGeneral]
		}
		w.contents.Services = append(w.contents.Services, s)
	}
	if kind == tenants.Hub {
		w.contents.Desk = o.ID
	}
	return o
}

func (w *town) directory(t testing.TB) *tenants.Directory {
	t.Helper()
	w.contents.Neighbourhood = tenants.Neighbourhood{ID: uuid.UUID{1}, Slug: "town", Name: "Town"}
	d, err := tenants.NewDirectory(w.contents)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var office = tenants.Weekdays(tenants.Clock("09:00", "17:00"))

var core = tenants.Weekdays(tenants.Clock("08:00", "18:30"))

// plainTown has two practices, two pharmacies, a team of physiotherapists and a desk.
func plainTown() *town {
	w := &town{}
	w.add("A81001", "Weir Practice", tenants.Practice, []string{"clinical"}, tenants.Service{Slug: "general-practice", Hours: core})
	w.add("A81002", "Mill Practice", tenants.Practice, nil, tenants.Service{Slug: "general-practice", Hours: core})
	w.add("FAA01", "Lock Pharmacy", tenants.Pharmacy, []string{"pharmacy-first"}, tenants.Service{Slug: "pharmacy-first", Kinds: []string{"symptoms"}, Hours: office})
	w.add("FAA02", "Bridge Pharmacy", tenants.Pharmacy, []string{"pharmacy-first"}, tenants.Service{Slug: "pharmacy-first", Hours: office})
	w.add("RCC01", "Community", tenants.Community, []string{"physiotherapy"}, tenants.Service{Slug: "physiotherapy", Capabilities: []string{"physio"}, Hours: office})
	w.add("U1001", "Hub", tenants.Hub, []string{"clinical"}, tenants.Service{Slug: "desk", Hours: core})
	return w
}

// madeTown is a plain town with hours, limits, pauses and agreements at random.
func madeTown(r *rand.Rand) *town {
	w := plainTown()
	w.add("RCC02", "Other Community", tenants.Community, []string{"physiotherapy"}, tenants.Service{Slug: "physiotherapy", Capabilities: []string{"physio"}})
	for i := range w.contents.Services {
		s := &w.contents.Services[i]
		s.Hours = madeHours(r)
		s.Paused = r.IntN(8) == 0
		if r.IntN(3) == 0 {
			s.Kinds = []string{[]string{"symptoms", "admin", "else"}[r.IntN(3)]}
		}
		if r.IntN(3) == 0 {
			age := r.IntN(5)
			s.Eligibility.MinAge = &age
		}
		if r.IntN(4) == 0 {
			age := r.IntN(5)
			s.Eligibility.MaxAge = &age
		}
		if r.IntN(6) == 0 {
			s.Eligibility.Registered = []nhs.ODSCode{"A81001"}
		}
	}
	for i := range w.contents.Agreements {
		if r.IntN(5) == 0 {
			w.contents.Agreements[i].Until = today.Add(r.IntN(80))
		}
	}
	return w
}

func madeHours(r *rand.Rand) tenants.Hours {
	if r.IntN(6) == 0 {
		return tenants.Hours{Always: true}
	}
	var h tenants.Hours
	periods := func() []tenants.Period {
		from := 1 + r.IntN(20*60)
		list := []tenants.Period{{From: from, Until: from + 1 + r.IntN(3*60)}}
		if r.IntN(3) == 0 {
			list = append(list, tenants.Period{From: list[0].Until + 7, Until: 24 * 60})
		}
		return list
	}
	for day := range h.Week {
		if r.IntN(3) > 0 {
			h.Week[day] = periods()
		}
	}
	if r.IntN(3) == 0 {
		h.BankHolidays = periods()
	}
	if r.IntN(3) == 0 {
		h.Dates = map[string][]tenants.Period{"2026-12-24": periods(), today.Add(r.IntN(60)).String(): nil}
	}
	return h
}

// madeRouting is a policy whose rules lead to many places.
func madeRouting(r *rand.Rand) string {
	to := []string{
		"chosen-pharmacy", "nominated-pharmacy", "'service:physiotherapy'", "'service:physiotherapy open'", "'capability:physio nearest'", "'organisation:RCC01'",
		"'organisation:FAA02'", "'organisation:RCC02/queue:physiotherapy'", "'service:pharmacy-first'", "'organisation:A81002'",
	}
	document := `policy: made
facts:
  kind: [symptoms, admin]
  age: 0..4
  registration: [here, none]
  own-practice-only: ["yes", "no"]
tables:
  - name: main
    rules:
`
	for i := range 3 {
		when := ""
		for _, cell := range []string{`kind: '"symptoms"'`, "age: '>= 2'", "age: '1'", `registration: '"none"'`, `own-practice-only: '"yes"'`} {
			if r.IntN(5) == 0 && (when == "" || cell[:3] != "age") {
				when += cell + ", "
			}
		}
		then := "to: " + to[r.IntN(len(to))] + ", urgency: " + []string{"soon", "routine", "urgent"}[r.IntN(3)]
		if r.IntN(3) == 0 {
			if over := to[r.IntN(len(to))]; !strings.HasPrefix(then, "to: "+over+",") {
				then += ", overflow: " + over
			}
		}
		if r.IntN(3) == 0 {
			then += ", answer_within: " + []string{"45m", "4h", "3d"}[r.IntN(3)]
		}
		document += fmt.Sprintf("      - { id: r%d, when: { %s }, then: { %s } }\n", i, when, then)
	}
	return document + "      - { id: rest, then: { to: registered-practice, urgency: soon } }\n"
}
