package demo

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/calls"
	"onedoor/app/directory"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/misroutes"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/publishing"
	"onedoor/app/store/identitystore"
	"onedoor/app/store/patientstore"
	"onedoor/policy/simulate"
	"onedoor/tenants"
)

// since is when everything in the demonstration began, so that it holds whatever the product's clock is set to.
var since = time.Date(2024, 4, 1, 0, 0, 0, 0, time.UTC)

// Seeder is who did it, in the trail.
func Seeder() audit.Actor { return audit.Actor{Kind: audit.System, Name: "demonstration"} }

// Stock is what the demonstration is put into.
type Stock struct {
	Directory  directory.Store
	Publishing publishing.Store
	Patients   *patientstore.Store
	Identity   *identitystore.Store
	// Issuer is the development provider's address: who signs in is known by it.
	Issuer string
	// Connect sets an organisation's ways into its clinical systems at the first start, and only their address at a later one.
	Connect func(ctx context.Context, neighbourhood uuid.UUID, o tenants.Organisation, first bool) error
	// Past keeps past requests that a version decided; none when nil. They end at Now.
	Past func(ctx context.Context, neighbourhood uuid.UUID, policyHash string, list iter.Seq2[simulate.Request, simulate.RuleName]) error
	Now  time.Time
	// Returned keeps what came back of what rules sent, in the weeks before Now; nothing when nil.
	Returned func(ctx context.Context, neighbourhood uuid.UUID, days []misroutes.Day) error
	// Rung keeps telephone calls of the weeks before Now, and who began on the web; nothing when nil.
	Rung func(ctx context.Context, neighbourhood uuid.UUID, list []calls.Call, begun []calls.BegunDay) error
}

// pastRequests are those of the month before the first start: riverside has enough to simulate at once.
const pastRequests = 5000

// neighbourhood is one of the two of the demonstration.
type neighbourhood struct {
	slug, name  string
	places      []place
	residents   []resident
	firstNumber int
	policy      []byte
}

func neighbourhoods() []neighbourhood {
	return []neighbourhood{
		{"riverside", "Riverside", riversidePlaces, riversideResidents, 0, Riverside},
		{"hillside", "Hillside", hillsidePlaces, hillsideResidents, 500, Hillside},
	}
}

// Seed puts the demonstration in at the first start, and only what may have changed since (addresses) at a later one.
func Seed(ctx context.Context, s Stock, today nhs.Date) error {
	then := func() time.Time { return since }
	for _, n := range neighbourhoods() {
		c := contents(n.slug, n.name, n.places)
		_, err := directory.New(s.Directory, then).Found(ctx, Seeder(), c)
		first := err == nil
		if err != nil && !fault.Is(err, "neighbourhood_exists") {
			return err
		}
		if first {
			p := publishing.New(publishing.Options{Store: s.Publishing, Directories: s.Directory, Now: then})
			if err := publishFirst(ctx, p, c.Neighbourhood.ID, n.policy); err != nil {
				return err
			}
			if err := s.Patients.Import(ctx, c.Neighbourhood.ID, register(n.slug, n.residents, n.firstNumber, today)); err != nil {
				return err
			}
		}
		if first && s.Past != nil && n.slug == "riverside" {
			side, err := RiversideSide()
			if err != nil {
				return err
			}
			if err := s.Past(ctx, c.Neighbourhood.ID, side.Policy.Hash(), History(side, s.Now.AddDate(0, 0, -31), s.Now, pastRequests)); err != nil {
				return err
			}
			if s.Rung != nil {
				if err := s.Rung(ctx, c.Neighbourhood.ID, Calls(today), Begun(History(side, s.Now.AddDate(0, 0, -31), s.Now, pastRequests))); err != nil {
					return err
				}
			}
			if s.Returned != nil {
				if err := s.Returned(ctx, c.Neighbourhood.ID, ReturnedDays(side.Policy, today)); err != nil {
					return err
				}
			}
		}
		for _, o := range c.Organisations {
			if err := s.Connect(ctx, c.Neighbourhood.ID, o, first); err != nil {
				return err
			}
		}
	}
	return seedStaff(ctx, s)
}

// publishFirst brings a policy through the gate like any other: there is no past to replay, and nothing before it.
func publishFirst(ctx context.Context, p *publishing.Service, neighbourhood uuid.UUID, document []byte) error {
	const draft = "first"
	if _, err := p.Save(ctx, Seeder(), neighbourhood, draft, "", document); err != nil {
		return err
	}
	if _, err := p.Publish(ctx, Seeder(), neighbourhood, draft, publishing.Publication{Note: "The demonstration’s first policy."}); err != nil {
		return err
	}
	return p.Discard(ctx, Seeder(), neighbourhood, draft, publishing.AnyETag)
}

func seedStaff(ctx context.Context, s Stock) error {
	from := nhs.DateOf(since)
	for _, c := range Staff() {
		if err := s.Identity.AddPerson(ctx, identity.Person{ID: c.ID(), Issuer: s.Issuer, Subject: c.Subject, Name: c.Name, CreatedAt: since}); err != nil {
			return err
		}
		for _, w := range c.work {
			m := tenants.Membership{NeighbourhoodID: id("neighbourhood/" + w.neighbourhood), OrganisationID: at(w.at), Role: w.role, From: from}
			if err := s.Identity.AddMembership(ctx, Seeder(), id("membership/"+c.Subject+"/"+string(w.at)), c.ID(), m, since); err != nil {
				return err
			}
		}
	}
	for _, k := range clients {
		c := identity.Client{
			ID: ClientID(k.name), NeighbourhoodID: id("neighbourhood/" + k.nb), OrganisationID: at(k.at), Role: k.role, Label: k.label,
			Development: true, CreatedAt: since,
		}
		for _, p := range Staff() {
			if p.Subject == k.person {
				c.PersonID, c.PersonName = p.ID(), p.Name
			}
		}
		if err := s.Identity.AddClient(ctx, Seeder(), c, keyOf(k.name)); err != nil {
			return err
		}
	}
	return nil
}

// NeighbourhoodID is the id of riverside or hillside.
func NeighbourhoodID(slug string) uuid.UUID { return id("neighbourhood/" + slug) }

// OrganisationID is the id of an organisation of the demonstration.
func OrganisationID(ods nhs.ODSCode) uuid.UUID { return id("organisation/" + string(ods)) }

// QueueID is the id of an organisation's queue.
func QueueID(ods nhs.ODSCode, slug string) uuid.UUID { return id("queue/" + string(ods) + "/" + slug) }

// ServiceID is the id of an organisation's service.
func ServiceID(ods nhs.ODSCode, slug string) uuid.UUID {
	return id("service/" + string(ods) + "/" + slug)
}

// at is an organisation's id; an empty code is none.
func at(ods nhs.ODSCode) uuid.UUID {
	if ods == "" {
		return uuid.Nil
	}
	return OrganisationID(ods)
}

// RiversidePatients brings people read from Riverside's register into the order of the seed.
func RiversidePatients(read []patients.Patient) []patients.Patient {
	byID := map[uuid.UUID]patients.Patient{}
	for _, p := range read {
		byID[p.ID] = p
	}
	var list []patients.Patient
	for i := range riversideResidents {
		if p, ok := byID[patientID("riverside", i)]; ok {
			list = append(list, p)
		}
	}
	return list
}
