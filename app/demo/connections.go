package demo

import (
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
