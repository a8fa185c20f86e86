package demo

import (
	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// id makes the same id at every first start, from a name.
func id(name string) uuid.UUID {
	return uuid.NewSHA1(uuid.MustParse("6f1c2b1e-7a52-4a6e-9d1f-0c5a3e8b4d10"), []byte(name))
}

// place is one organisation of the demonstration with its one site.
type place struct {
	ods       nhs.ODSCode
	name      string
	kind      tenants.OrganisationKind
	address   []string
	postcode  nhs.Postcode
	telephone nhs.Phone
	hours     tenants.Hours
	queues    [][2]string // slug and name
	services  []tenants.Service
}

// The queues of a practice, and of the hub that is the desk of last resort.
var practiceQueues = [][2]string{
	{tenants.QueueSafety, "Safety checks"},
	{tenants.QueueToVerify, "To verify"},
	{tenants.QueueGeneral, "General"},
	{"clinical", "Clinical requests"},
	{"prescriptions", "Prescriptions"},
	{"appointments", "Appointments"},
	{"admin", "Admin"},
	{"results", "Test results"},
	{"callbacks", "Callbacks"},
}

func practiceHours() tenants.Hours { return tenants.Weekdays(tenants.Clock("08:00", "18:30")) }

// shopHours are two periods on weekdays, with a lunch break, and Saturday morning.
func shopHours() tenants.Hours {
	h := tenants.Weekdays(tenants.Clock("09:00", "13:00"), tenants.Clock("14:00", "18:00"))
	h.Week[6] = []tenants.Period{tenants.Clock("09:00", "13:00")}
	return h
}

// longHours are every day of the week until late, shorter on Sundays and bank holidays.
func longHours() tenants.Hours {
	h := tenants.Weekdays(tenants.Clock("07:00", "22:00"))
	h.Week[6], h.Week[0] = []tenants.Period{tenants.Clock("07:00", "22:00")}, []tenants.Period{tenants.Clock("10:00", "17:00")}
	h.BankHolidays = []tenants.Period{tenants.Clock("10:00", "16:00")}
	return h
}

func practice(ods nhs.ODSCode, name, street string, postcode nhs.Postcode, telephone nhs.Phone) place {
	return place{
		ods, name, tenants.Practice,
		[]string{street, "Riverside"},
		postcode, telephone, practiceHours(), practiceQueues,
		[]tenants.Service{{Slug: "general-practice", Name: "General practice", QueueID: QueueID(ods, tenants.QueueGeneral), Hours: practiceHours()}},
	}
}

func pharmacy(ods nhs.ODSCode, name, street string, postcode nhs.Postcode, telephone nhs.Phone, hours tenants.Hours, capacity tenants.Capacity) place {
	one := 1
	return place{
		ods, name, tenants.Pharmacy,
		[]string{street, "Riverside"},
		postcode, telephone, hours,
		[][2]string{{"pharmacy-first", "Pharmacy First"}},
		[]tenants.Service{{
			Slug: "pharmacy-first", Name: "Pharmacy First", QueueID: QueueID(ods, "pharmacy-first"), Kinds: []string{"symptoms"},
			Eligibility: tenants.Eligibility{MinAge: &one}, Hours: hours, Capacity: capacity,
		}},
	}
}

func community(ods nhs.ODSCode, name, slug, service, street string, postcode nhs.Postcode, telephone nhs.Phone, minAge int) place {
	hours := tenants.Weekdays(tenants.Clock("09:00", "17:00"))
	return place{
		ods, name, tenants.Community,
		[]string{street, "Riverside"},
		postcode, telephone, hours,
		[][2]string{{slug, service}},
		[]tenants.Service{{
			Slug: slug, Name: service, QueueID: QueueID(ods, slug), Kinds: []string{"self-referral"}, Capabilities: []string{slug},
			Eligibility: tenants.Eligibility{MinAge: &minAge}, Hours: hours, Capacity: tenants.Capacity{Open: 400},
		}},
	}
}

func hub(ods nhs.ODSCode, name, street string, postcode nhs.Postcode, telephone nhs.Phone) place {
	p := practice(ods, name, street, postcode, telephone)
	p.kind, p.services[0].Slug, p.services[0].Name = tenants.Hub, "neighbourhood-desk", "Neighbourhood desk"
	return p
}

var riversidePlaces = []place{
	practice("A81001", "Weir Lane Surgery", "12 Weir Lane", "RS1 1AA", "+441632960101"),
	practice("A81002", "The Locks Medical Centre", "3 Lock Road", "RS1 2BB", "+441632960102"),
	practice("A81003", "Millpond Practice", "40 Mill Street", "RS2 3CC", "+441632960103"),
	pharmacy("FRV01", "Quayside Pharmacy", "1 Quayside", "RS1 1AB", "+441632960201", tenants.Hours{Always: true}, tenants.Capacity{}),
	pharmacy("FRV02", "Bridge Street Pharmacy", "18 Bridge Street", "RS1 2BC", "+441632960202", shopHours(), tenants.Capacity{}),
	pharmacy("FRV03", "Millpond Chemist", "42 Mill Street", "RS2 3CD", "+441632960203", shopHours(), tenants.Capacity{Daily: 40}),
	pharmacy("FRV04", "Towpath Pharmacy", "7 Towpath Way", "RS2 4DE", "+441632960204", longHours(), tenants.Capacity{}),
	community("RRV01", "Riverside Physiotherapy", "physiotherapy", "Physiotherapy", "5 Ferry Road", "RS1 5EF", "+441632960301", 16),
	community("RRV02", "Riverside Foot Health", "podiatry", "Podiatry", "9 Ferry Road", "RS1 5EG", "+441632960302", 0),
	hub("RRH01", "Riverside Neighbourhood Hub", "1 Market Place", "RS1 1AC", "+441632960401"),
}

var hillsidePlaces = []place{
	practice("B82001", "Hilltop Surgery", "2 Beacon Road", "HS1 1AA", "+441632960501"),
	pharmacy("FHL01", "Beacon Pharmacy", "4 Beacon Road", "HS1 1AB", "+441632960502", tenants.Hours{Always: true}, tenants.Capacity{}),
	hub("RHH01", "Hillside Neighbourhood Hub", "8 Beacon Road", "HS1 1AC", "+441632960503"),
}

// contents makes one neighbourhood of its places; the last of them is the desk of last resort.
func contents(slug, name string, places []place) tenants.Contents {
	c := tenants.Contents{Neighbourhood: tenants.Neighbourhood{ID: NeighbourhoodID(slug), Slug: slug, Name: name}}
	since := nhs.Date{Year: 2024, Month: 4, Day: 1}
	for _, p := range places {
		o := tenants.Organisation{ID: OrganisationID(p.ods), ODS: p.ods, Name: p.name, Kind: p.kind}
		site := tenants.Site{
			ID: id("site/" + string(p.ods)), OrganisationID: o.ID, Name: p.name, Address: p.address, Postcode: p.postcode, Telephone: p.telephone, Hours: p.hours,
		}
		c.Organisations, c.Sites = append(c.Organisations, o), append(c.Sites, site)
		c.Agreements = append(c.Agreements, tenants.Agreement{OrganisationID: o.ID, From: since})
		for _, q := range p.queues {
			c.Queues = append(c.Queues, tenants.Queue{ID: QueueID(p.ods, q[0]), OrganisationID: o.ID, Slug: q[0], Name: q[1]})
		}
		for _, s := range p.services {
			s.ID, s.OrganisationID, s.SiteID = ServiceID(p.ods, s.Slug), o.ID, site.ID
			c.Services = append(c.Services, s)
		}
		c.Desk = o.ID
	}
	return c
}

// Directory is the directory that a neighbourhood of the demonstration starts with.
func Directory(slug string) (*tenants.Directory, error) {
	for _, n := range neighbourhoods() {
		if n.slug == slug {
			return tenants.NewDirectory(contents(n.slug, n.name, n.places))
		}
	}
	return nil, fault.New(fault.NotFound, "demonstration", "The demonstration has no neighbourhood %q.", slug)
}
