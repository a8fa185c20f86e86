package demo_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/demo"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

// person is one combination of answers; an empty text and an age of -1 are not known.
type person struct {
	condition, sex, pregnant, recurrent, bullous, immunosuppressed, chronic, catheter string
	age                                                                               int
}

// mayGo is the published table, written out from it and not from the policy: whether a pharmacy may be offered.
// What is not known about age, pregnancy or an exclusion keeps the request at the practice.
func mayGo(p person) bool {
	if p.age < 0 || p.pregnant == "" {
		return false
	}
	pregnantChild := p.pregnant == "yes" && p.age < 16
	switch p.condition {
	case "earache": // acute otitis media
		return p.age >= 1 && p.age <= 17 && p.recurrent == "no" && !pregnantChild
	case "impetigo":
		return p.age >= 1 && p.bullous == "no" && p.recurrent == "no" && !pregnantChild
	case "insect-bite":
		return p.age >= 1 && !pregnantChild
	case "shingles":
		return p.age >= 18 && p.pregnant != "yes"
	case "sinusitis":
		return p.age >= 12 && p.immunosuppressed == "no" && p.chronic == "no" && !pregnantChild
	case "sore-throat":
		return p.age >= 5 && !pregnantChild
	case "uti":
		return p.sex == "female" && p.age >= 16 && p.age <= 64 && p.pregnant != "yes" && p.catheter == "no" && p.recurrent == "no"
	}
	return false
}

func (p person) facts() policy.Facts {
	f := policy.Facts{
		"kind": policy.Text("symptoms"), "red-flag": policy.Text("none"), "free-text": policy.Text("clear"),
		"condition": policy.Text(p.condition), "sex": policy.Text(p.sex), "pregnant": policy.Text(p.pregnant),
		"recurrent": policy.Text(p.recurrent), "bullous": policy.Text(p.bullous), "immunosuppressed": policy.Text(p.immunosuppressed),
		"chronic": policy.Text(p.chronic), "catheter": policy.Text(p.catheter),
		"registration": policy.Text("here"), "registered-practice": policy.Text("A81001"), "chosen-pharmacy": policy.Text("FAA01"),
	}
	if p.age >= 0 {
		f["age"] = policy.Int(p.age)
	}
	return f
}

// TestEveryRowAndBoundaryOfPharmacyFirst decides every combination of the answers that the table asks for, at each age on
// either side of a boundary, known and not known, and compares with the table.
func TestEveryRowAndBoundaryOfPharmacyFirst(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse(demo.Riverside)
	if err != nil {
		t.Fatal(err)
	}
	d := neighbourhood(t)
	practice, _ := d.ByODS("A81001")
	pharmacy, _ := d.ByODS("FAA01")
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, tenants.London())
	asked := []string{"", "yes", "no"}
	unasked := []string{""}
	for condition, asks := range map[string]struct{ recurrent, bullous, immunosuppressed, chronic, catheter []string }{
		"earache":     {asked, unasked, unasked, unasked, unasked},
		"impetigo":    {asked, asked, unasked, unasked, unasked},
		"insect-bite": {unasked, unasked, unasked, unasked, unasked},
		"shingles":    {unasked, unasked, unasked, unasked, unasked},
		"sinusitis":   {unasked, unasked, asked, asked, unasked},
		"sore-throat": {unasked, unasked, unasked, unasked, unasked},
		"uti":         {asked, unasked, unasked, unasked, asked},
		"other":       {asked, unasked, unasked, unasked, unasked},
		"":            {asked, unasked, unasked, unasked, unasked},
	} {
		t.Run("condition "+condition, func(t *testing.T) {
			t.Parallel()
			offered, kept := 0, 0
			for _, age := range []int{-1, 0, 1, 4, 5, 11, 12, 15, 16, 17, 18, 64, 65, 130} {
				for _, sex := range []string{"", "female", "male", "other"} {
					for _, pregnant := range []string{"", "yes", "no", "not-applicable"} {
						for _, who := range combine(asks.recurrent, asks.bullous, asks.immunosuppressed, asks.chronic, asks.catheter) {
							who.condition, who.age, who.sex, who.pregnant = condition, age, sex, pregnant
							decision := policy.Decide(p, who.facts(), d, nil, at)
							if decision.Offer != mayGo(who) {
								t.Errorf("%+v: offered to a pharmacy is %t by rule %s", who, decision.Offer, decision.Rule)
							}
							if decision.Home.Organisation != practice.ID || decision.Urgency != policy.Soon {
								t.Errorf("%+v: stands at %v as %s", who, decision.Home, decision.Urgency)
							}
							if decision.Offer && decision.Destination.Organisation != pharmacy.ID {
								t.Errorf("%+v: goes to %v", who, decision.Destination)
							}
							if decision.Offer {
								offered++
							} else {
								kept++
							}
						}
					}
				}
			}
			if kept == 0 || offered == 0 && condition != "other" && condition != "" {
				t.Errorf("%d offered and %d kept: the table was not exercised", offered, kept)
			}
		})
	}
}

func combine(recurrent, bullous, immunosuppressed, chronic, catheter []string) []person {
	var people []person
	for _, r := range recurrent {
		for _, b := range bullous {
			for _, i := range immunosuppressed {
				for _, ch := range chronic {
					for _, ca := range catheter {
						people = append(people, person{recurrent: r, bullous: b, immunosuppressed: i, chronic: ch, catheter: ca})
					}
				}
			}
		}
	}
	return people
}

// neighbourhood is the smallest one that the policy needs: a practice, a pharmacy that never closes, and the desk.
func neighbourhood(t testing.TB) *tenants.Directory {
	t.Helper()
	c := tenants.Contents{Neighbourhood: tenants.Neighbourhood{ID: id(1), Slug: "riverside", Name: "Riverside"}, Desk: id(12)}
	for i, o := range []tenants.Organisation{
		{ODS: "A81001", Name: "Weir Practice", Kind: tenants.Practice},
		{ODS: "FAA01", Name: "Lock Pharmacy", Kind: tenants.Pharmacy},
		{ODS: "U1001", Name: "Riverside Hub", Kind: tenants.Hub},
	} {
		o.ID = id(10 + i)
		c.Organisations = append(c.Organisations, o)
		c.Agreements = append(c.Agreements, tenants.Agreement{OrganisationID: o.ID, From: nhs.Date{Year: 2020, Month: 1, Day: 1}})
		c.Sites = append(c.Sites, tenants.Site{ID: id(20 + i), OrganisationID: o.ID, Postcode: "LS1 4AP", Name: "Main"})
		slugs := []string{"safety", "to-verify", "general", "clinical", "prescriptions", "appointments", "admin", "results", "callbacks"}
		service := tenants.Service{Slug: "general", Name: "General practice", Hours: tenants.Weekdays(tenants.Clock("08:00", "18:30"))}
		if o.Kind == tenants.Pharmacy {
			slugs = []string{"pharmacy-first"}
			service = tenants.Service{Slug: "pharmacy-first", Name: "Pharmacy First", Kinds: []string{"symptoms"}, Hours: tenants.Hours{Always: true}}
		}
		for j, slug := range slugs {
			c.Queues = append(c.Queues, tenants.Queue{ID: id(100 + 20*i + j), OrganisationID: o.ID, Slug: slug, Name: slug})
		}
		service.ID, service.OrganisationID, service.SiteID, service.QueueID = id(40+i), o.ID, id(20+i), id(100+20*i)
		c.Services = append(c.Services, service)
	}
	d, err := tenants.NewDirectory(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func id(n int) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n)) }

func BenchmarkDecide(b *testing.B) {
	p, err := policy.Parse(demo.Riverside)
	if err != nil {
		b.Fatal(err)
	}
	d, at := neighbourhood(b), time.Date(2026, 11, 24, 10, 0, 0, 0, tenants.London())
	sore := person{condition: "sore-throat", sex: "male", pregnant: "not-applicable", age: 30}.facts()
	prescription := policy.Facts{
		"kind": policy.Text("repeat-prescription"), "red-flag": policy.Text("none"), "age": policy.Int(30),
		"registration": policy.Text("here"), "registered-practice": policy.Text("A81001"),
	}
	for name, facts := range map[string]policy.Facts{"pharmacy": sore, "prescription": prescription} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				policy.Decide(p, facts, d, nil, at)
			}
		})
	}
}
