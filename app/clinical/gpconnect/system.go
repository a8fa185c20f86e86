package gpconnect

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
)

// File refuses: outcomes do not go this way.
func (s *System) File(context.Context, clinical.Delivery) (clinical.Receipt, error) {
	return clinical.Receipt{}, &clinical.Refused{Says: "This connection books appointments and files nothing. Switch outcomes on for another connection, or file it by hand."}
}

// Find has nothing to find.
func (s *System) Find(context.Context, clinical.Delivery) (clinical.Receipt, bool, error) {
	return clinical.Receipt{}, false, nil
}

// Capabilities reads the system's CapabilityStatement. It is asked by the product and not for a person, which the interface
// has no name for: so the product names itself.
func (s *System) Capabilities(ctx context.Context) (clinical.Capabilities, error) {
	product := audit.Actor{Kind: audit.Person, ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte(s.o.Settings[SettingEndpoint])), Name: "Onedoor set-up"}
	a, err := s.do(ctx, call{
		method: http.MethodGet, path: "/metadata", interaction: readMetadata, scope: organisationRead,
		by: asker{clinical.Party{ODS: "UNK", Name: "Onedoor"}, product},
	})
	if err != nil {
		return clinical.Capabilities{}, err
	}
	if a.status != http.StatusOK {
		return clinical.Capabilities{}, a.problem()
	}
	var statement capabilityStatement
	if err := json.Unmarshal(a.body, &statement); err != nil || statement.ResourceType != "CapabilityStatement" {
		return clinical.Capabilities{}, a.unreadable(errors.New("no CapabilityStatement"))
	}
	return statement.capabilities(), nil
}

func (c capabilityStatement) capabilities() clinical.Capabilities {
	out := clinical.Capabilities{Software: c.Software.Name, Version: c.Version}
	can := map[string]bool{}
	for _, rest := range c.Rest {
		for _, r := range rest.Resource {
			for _, i := range r.Interaction {
				can[r.Type+" "+i.Code] = true
			}
		}
	}
	patients := can["Patient search-type"]
	for _, o := range []struct {
		offered bool
		what    clinical.Capability
	}{
		{patients && can["Appointment search-type"], clinical.Appointments},
		{can["Slot search-type"], clinical.FindSlots},
		{patients && can["Appointment create"], clinical.BookAppointment},
		{patients && can["Appointment create"] && can["Appointment update"], clinical.MoveAppointment},
		{patients && can["Appointment update"], clinical.CancelAppointment},
		{patients && can["Appointment update"], clinical.AmendAppointment},
	} {
		if o.offered {
			out.Offers = append(out.Offers, o.what)
		}
	}
	return out
}
