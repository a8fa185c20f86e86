package demo

import (
	"net/url"
	"slices"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// BooksByGPConnect is the practice of the demonstration whose appointments only its staff book, by GP Connect.
const BooksByGPConnect nhs.ODSCode = "A81003"

// Connections are an organisation's ways into its simulated systems: a FHIR R4 server for all; and, for one practice, GP
// Connect Appointment Management in the place of that server's appointments.
func Connections(simulator string, neighbourhood uuid.UUID, o tenants.Organisation) []clinical.Integration {
	record := clinical.Integration{
		NeighbourhoodID: neighbourhood, OrganisationID: o.ID, Kind: clinical.FHIR, BaseURL: System(simulator, o.ODS), Name: "Record system", Uses: Uses(),
	}
	if o.ODS != BooksByGPConnect {
		return []clinical.Integration{record}
	}
	record.Uses = slices.DeleteFunc(record.Uses, func(s clinical.Switched) bool {
		return s.Use == clinical.UseAppointments || s.Use == clinical.UseStaffBooking
	})
	return []clinical.Integration{record, {
		NeighbourhoodID: neighbourhood, OrganisationID: o.ID, Kind: clinical.GPConnect, BaseURL: simulator + "/" + string(o.ODS) + "/STU3/1/gpconnect",
		Name: "Appointments (GP Connect)", Uses: []clinical.Switched{{Use: clinical.UseStaffBooking}},
		Settings: map[string]string{
			"consumer-asid": "200000000359", "provider-asid": "918999198738", "consumer-endpoint": "https://onedoor.example/", "telephone": "01632 960003",
		},
	}}
}

// Moved are the connections that are kept and whose simulated system has another address since the last start, with that
// address. What an administrator changed or removed stays so.
func Moved(kept, wanted []clinical.Integration) []clinical.Integration {
	var moved []clinical.Integration
	for _, k := range kept {
		for _, w := range wanted {
			if k.Kind == w.Kind && k.BaseURL != w.BaseURL && pathOf(k.BaseURL) == pathOf(w.BaseURL) {
				k.BaseURL = w.BaseURL
				moved = append(moved, k)
			}
		}
	}
	return moved
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Path
}
