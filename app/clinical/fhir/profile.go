package fhir

import (
	"context"
	"net/http"
	"slices"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

// profileFor is how long what a server said of itself is relied on.
const profileFor = 15 * time.Minute

// profile is what a server's CapabilityStatement says that it does.
type profile struct {
	read        time.Time // zero was not read yet
	software    string
	version     string
	transaction bool
	// does holds what it does with each type, such as Task create; a create that is not conditional is not counted.
	does map[string]map[string]bool
}

func (p profile) offers(kind string, interactions ...string) bool {
	for _, i := range interactions {
		if !p.does[kind][i] {
			return false
		}
	}
	return true
}

// movesSlots reports whether slots are marked by us, in the transaction that takes them.
func (p profile) movesSlots() bool { return p.transaction && p.offers("Slot", "update", "read") }

// Capabilities asks the server anew.
func (s *System) Capabilities(ctx context.Context) (clinical.Capabilities, error) {
	p, err := s.discover(ctx)
	if err != nil {
		return clinical.Capabilities{}, err
	}
	return p.capabilities(), nil
}

// knows is what the server said of itself, at most some minutes ago.
func (s *System) knows(ctx context.Context) (profile, error) {
	s.mu.Lock()
	p := s.profile
	s.mu.Unlock()
	if !p.read.IsZero() && s.now().Sub(p.read) < profileFor {
		return p, nil
	}
	return s.discover(ctx)
}

func (s *System) discover(ctx context.Context) (profile, error) {
	a, err := s.send(ctx, ask{method: http.MethodGet, path: "/metadata"})
	if err != nil {
		return profile{}, err
	}
	if a.status != http.StatusOK {
		return profile{}, a.problem()
	}
	statement, err := r4.DecodeAs[*r4.CapabilityStatement](a.body)
	if err != nil {
		return profile{}, a.unreadable(err)
	}
	p := profileOf(statement)
	p.read = s.now()
	s.mu.Lock()
	s.profile = p
	s.mu.Unlock()
	return p, nil
}

func profileOf(c *r4.CapabilityStatement) profile {
	p := profile{version: c.FHIRVersion, does: map[string]map[string]bool{}}
	if c.Software != nil {
		p.software = c.Software.Name
	}
	for _, rest := range c.Rest {
		if rest.Mode != "server" {
			continue
		}
		p.transaction = p.transaction || slices.ContainsFunc(rest.Interaction, func(i r4.Interaction) bool { return i.Code == "transaction" })
		for _, r := range rest.Resource {
			if p.does[r.Type] == nil {
				p.does[r.Type] = map[string]bool{}
			}
			for _, i := range r.Interaction {
				once := i.Code != "create" || (r.ConditionalCreate != nil && *r.ConditionalCreate)
				p.does[r.Type][i.Code] = p.does[r.Type][i.Code] || once
			}
		}
	}
	return p
}

// capabilities are what we can do with a server, by what it says that it does.
func (p profile) capabilities() clinical.Capabilities {
	out := clinical.Capabilities{Software: p.software, Version: p.version}
	files := p.transaction && p.offers("Task", "create") && p.offers("DocumentReference", "create")
	changes := p.offers("Appointment", "read", "update", "search-type")
	for _, c := range []struct {
		offered    bool
		capability clinical.Capability
	}{
		{files, clinical.FileOutcome},
		{p.offers("Task", "search-type"), clinical.ReadBack},
		{p.offers("Appointment", "search-type"), clinical.Appointments},
		{p.offers("Slot", "search-type"), clinical.FindSlots},
		{p.offers("Slot", "search-type") && p.offers("Appointment", "create", "search-type"), clinical.BookAppointment},
		{p.offers("Slot", "search-type") && changes, clinical.MoveAppointment},
		{changes, clinical.CancelAppointment},
		{changes, clinical.AmendAppointment},
		{p.offers("MedicationRequest", "search-type"), clinical.ListMedicines},
		{p.offers("MedicationRequest", "search-type") && p.transaction && p.offers("Task", "create", "search-type"), clinical.AskMedicines},
		{files && p.offers("Task", "read", "update", "search-type"), clinical.FileRequest},
		{p.offers("Task", "search-type"), clinical.RequestStatus},
		{p.offers("Patient", "search-type"), clinical.FindPatient},
	} {
		if c.offered {
			out.Offers = append(out.Offers, c.capability)
		}
	}
	return out
}

// lacks is what a person has to do, since the system cannot.
func lacks(what string) error {
	return &clinical.Refused{Says: "The clinical system does not offer this to other systems: " + what + ". A person has to do it there."}
}
