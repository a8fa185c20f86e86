package demo

import (
	"github.com/google/uuid"

	"onedoor/app/identity"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// Issuer is the development provider's name for the people below; the product adds its own address in front.
const Issuer = "onedoor-development"

// Colleague is a made-up member of staff who can sign in to the demonstration.
type Colleague struct {
	Subject     string
	Name        string
	Description string // what they do, for the page on which one chooses who to be
	work        []work
}

// work is one membership; an empty code is a role in the neighbourhood.
type work struct {
	neighbourhood string
	at            nhs.ODSCode
	role          tenants.Role
}

// ID is the colleague's, the same at every first start.
func (c Colleague) ID() uuid.UUID { return id("person/" + c.Subject) }

// Staff are the colleagues, in the order in which the sign-in page shows them.
func Staff() []Colleague {
	one := func(nb string, at nhs.ODSCode, role tenants.Role) []work { return []work{{nb, at, role}} }
	return []Colleague{
		{"sam.carter", "Sam Carter", "Receptionist at Weir Lane Surgery", one("riverside", "A81001", tenants.Receptionist)},
		{"grace.mensah", "Grace Mensah", "Pharmacist at Quayside Pharmacy", one("riverside", "FRV01", tenants.Clinician)},
		{"aisha.rahman", "Dr Aisha Rahman", "GP at Weir Lane Surgery", one("riverside", "A81001", tenants.Clinician)},
		{"jo.bennett", "Jo Bennett", "Practice manager at Weir Lane Surgery", one("riverside", "A81001", tenants.OrgAdmin)},
		{"neil.hart", "Neil Hart", "Neighbourhood lead, Riverside", one("riverside", "", tenants.Lead)},
		{"farah.siddiqui", "Farah Siddiqui", "Neighbourhood lead, Riverside, who reviews", one("riverside", "", tenants.Lead)},
		{"kelly.wood", "Kelly Wood", "Receptionist at The Locks Medical Centre, and at the hub", []work{
			{"riverside", "A81002", tenants.Receptionist}, {"riverside", "RRH01", tenants.Receptionist},
		}},
		{"ben.osei", "Ben Osei", "Receptionist at Millpond Practice", one("riverside", "A81003", tenants.Receptionist)},
		{"li.wei", "Li Wei", "Pharmacist at Bridge Street Pharmacy", one("riverside", "FRV02", tenants.Clinician)},
		{"maria.silva", "Maria Silva", "Pharmacist at Millpond Chemist", one("riverside", "FRV03", tenants.Clinician)},
		{"tom.byrne", "Tom Byrne", "Pharmacist at Towpath Pharmacy", one("riverside", "FRV04", tenants.Clinician)},
		{"ruth.adams", "Ruth Adams", "Physiotherapist at Riverside Physiotherapy", one("riverside", "RRV01", tenants.Clinician)},
		{"joan.reid", "Joan Reid", "Podiatrist at Riverside Foot Health", one("riverside", "RRV02", tenants.Clinician)},
		{"omar.khan", "Omar Khan", "Platform operator", one("riverside", "", tenants.Operator)},
		{"carys.evans", "Carys Evans", "Receptionist at Hilltop Surgery, in the Hillside neighbourhood", one("hillside", "B82001", tenants.Receptionist)},
	}
}

// client is one API key of the demonstration.
type client struct {
	name   string // its name in demo.json
	label  string
	nb     string
	at     nhs.ODSCode
	role   tenants.Role
	person string // the colleague whose key it is; empty for a program's
}

var clients = []client{
	{"app", "Riverside patient app", "riverside", "", tenants.App, ""},
	{"receptionist", "Sam Carter’s key", "riverside", "A81001", tenants.Receptionist, "sam.carter"},
	{"pharmacist", "Grace Mensah’s key", "riverside", "FRV01", tenants.Clinician, "grace.mensah"},
	{"lead", "Neil Hart’s key", "riverside", "", tenants.Lead, "neil.hart"},
	{"receptionist_locks", "Kelly Wood’s key", "riverside", "A81002", tenants.Receptionist, "kelly.wood"},
	{"receptionist_hub", "Kelly Wood’s key at the hub", "riverside", "RRH01", tenants.Receptionist, "kelly.wood"},
	{"pharmacist_towpath", "Tom Byrne’s key", "riverside", "FRV04", tenants.Clinician, "tom.byrne"},
	{"org_admin", "Jo Bennett’s key", "riverside", "A81001", tenants.OrgAdmin, "jo.bennett"},
	{"operator", "Omar Khan’s key", "riverside", "", tenants.Operator, "omar.khan"},
	{"partner", "Another online tool", "riverside", "", tenants.Partner, ""},
	{"partner_second", "A second online tool", "riverside", "", tenants.Partner, ""},
	{"foreign_receptionist", "Carys Evans’s key", "hillside", "B82001", tenants.Receptionist, "carys.evans"},
}

// keyOf is the same at every first start. Production refuses keys that were seeded with the demonstration.
func keyOf(name string) identity.Key { return identity.SeededKey(name) }

// Key is a key of the demonstration by its name in demo.json.
func Key(name string) string { return string(keyOf(name)) }
