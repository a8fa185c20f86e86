package demo

import (
	"net/url"
	"slices"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/simulator"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// The organisations of the demonstration that have a way of their own besides the FHIR R4 server that each has.
const (
	// BooksByGPConnect is the practice whose appointments only its staff book, by GP Connect.
	BooksByGPConnect nhs.ODSCode = "A81003"
	// FilesByMESH is the practice that gets what others did for its patients as a document by MESH (GP Connect Send Document).
	FilesByMESH nhs.ODSCode = "A81002"
	// RefersByBaRS is the pharmacy that takes its referrals by the Booking and Referral Standard.
	RefersByBaRS nhs.ODSCode = "FRV04"
)

// Connections are an organisation's ways into its simulated systems: a FHIR R4 server for all; and for some another way in the
// place of a part of it.
func Connections(simulated string, neighbourhood uuid.UUID, o tenants.Organisation) []clinical.Integration {
	way := func(kind clinical.IntegrationKind, address, name string, uses ...clinical.Switched) clinical.Integration {
		return clinical.Integration{NeighbourhoodID: neighbourhood, OrganisationID: o.ID, Kind: kind, BaseURL: address, Name: name, Uses: uses}
	}
	record := way(clinical.FHIR, System(simulated, o.ODS), "Record system", Uses()...)
	switch o.ODS {
	case BooksByGPConnect:
		booking := way(clinical.GPConnect, simulated+"/"+string(o.ODS)+"/STU3/1/gpconnect", "Appointments (GP Connect)", clinical.Switched{Use: clinical.UseStaffBooking})
		booking.Settings = map[string]string{
			"consumer-asid": "200000000359", "provider-asid": "918999198738", "consumer-endpoint": "https://onedoor.example/", "telephone": "01632 960003",
		}
		return []clinical.Integration{without(record, clinical.UseAppointments, clinical.UseStaffBooking), booking}
	case FilesByMESH:
		post := way(clinical.MESH, simulated+simulator.MeshPath(o.ODS), "Documents (MESH)", clinical.Switched{Use: clinical.UseFromOthers})
		post.Settings = map[string]string{"mailbox": "X26ONE1", "form": "send-document", "sender-phone": "01632 960401"}
		return []clinical.Integration{without(record, clinical.UseFromOthers), post}
	case RefersByBaRS:
		referrals := way(clinical.BaRS, simulated+simulator.BaRSPath(o.ODS), "Referrals (BaRS)", clinical.Switched{Use: clinical.UseArrivals, Kinds: []string{"symptoms"}})
		referrals.Settings = map[string]string{
			"service-id": simulator.BaRSService(o.ODS), "own-service-id": simulator.BaRSService(o.ODS), "sender-ods": "RRH01", "sender-telephone": "01632 960401",
		}
		return []clinical.Integration{record, referrals}
	}
	return []clinical.Integration{record}
}

// Credentials are those that a simulated system of a kind is entered with, by name.
func Credentials(kind clinical.IntegrationKind) map[string]string {
	if kind == clinical.MESH {
		return map[string]string{"mailbox-password": simulator.MeshPassword, "shared-key": simulator.MeshSharedKey}
	}
	return nil
}

func without(i clinical.Integration, uses ...clinical.Use) clinical.Integration {
	i.Uses = slices.DeleteFunc(i.Uses, func(s clinical.Switched) bool { return slices.Contains(uses, s.Use) })
	return i
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
