package bars

import (
	"strings"

	"onedoor/app/clinical/r4"
)

// receives are the messages that are taken, by their definitions.
func receives() []string {
	return []string{definitionReferral, definitionReferralEnd, definitionReferralReply}
}

// capabilities are what the receiver says of itself.
func (h *receiver) capabilities() *r4.CapabilityStatement {
	reads := func(kind string, codes ...string) r4.RestResource {
		out := r4.RestResource{Type: kind}
		for _, c := range codes {
			out.Interaction = append(out.Interaction, r4.Interaction{Code: c})
		}
		return out
	}
	var supported []r4.SupportedMessage
	for _, d := range receives() {
		supported = append(supported, r4.SupportedMessage{Mode: "receiver", Definition: d})
	}
	for _, d := range []string{definitionReferral, definitionReferralEnd, definitionBooking, definitionBookingEnd} {
		supported = append(supported, r4.SupportedMessage{Mode: "sender", Definition: d})
	}
	return &r4.CapabilityStatement{
		Version: receivedVersion, Status: "active", Kind: "instance", FHIRVersion: r4.Version, Date: "2026-11-22", Format: []string{"json"},
		Software:       &r4.Software{Name: softwareName, Version: softwareVersion},
		Implementation: &r4.Implementation{Description: "Built to the public Booking and Referral Standard"},
		Rest: []r4.Rest{{
			Mode: "server",
			Resource: []r4.RestResource{
				reads("CapabilityStatement", "read"), reads("MessageDefinition", "search-type"), reads("ServiceRequest", "read", "search-type"),
			},
			Operation: []r4.Operation{{Name: "$process-message", Definition: "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"}},
		}},
		Messaging: []r4.Messaging{{SupportedMessage: supported}},
	}
}

// definitions are what each message must hold, for the service and the use case that are asked about.
func definitions(target r4.Identifier, contexts []string) *r4.Bundle {
	asked := ""
	for _, c := range contexts {
		if system, code, both := strings.Cut(c, "|"); both && strings.HasSuffix(system, "usecases-categories-bars") {
			asked = code
		}
	}
	list := &r4.Bundle{Type: r4.SearchSet, Total: new(int)}
	for _, u := range useCases() {
		if asked != "" && !strings.EqualFold(asked, u.Code) {
			continue
		}
		for _, d := range receives() {
			list.Entry = append(list.Entry, r4.Entry{Resource: definitionOf(d, u, target)})
		}
	}
	*list.Total = len(list.Entry)
	return list
}

func definitionOf(definition string, u useCase, target r4.Identifier) *r4.MessageDefinition {
	context := func(system, code, display string) r4.UsageContext {
		return r4.UsageContext{
			Code:  r4.Coding{System: "http://terminology.hl7.org/CodeSystem/usage-context-type", Code: "workflow"},
			Value: r4.CodeableConcept{Coding: []r4.Coding{{System: system, Code: code, Display: display}}},
		}
	}
	event, must := eventReferral, []string{"MessageHeader", "ServiceRequest", "Patient", "Organization"}
	switch definition {
	case definitionReferral:
		must = append(must, "CarePlan", "Condition")
		if u.Pharmacy {
			must = append(must, "Consent", "Encounter", "Task")
		}
	case definitionReferralReply:
		event, must = eventReferralReply, []string{"MessageHeader", "ServiceRequest"}
	}
	out := &r4.MessageDefinition{
		URL: definition, Version: applicationVersion, Status: "active", Date: "2026-11-22", Event: r4.Coding{System: systemEvents, Code: event},
		Focus:      []r4.MessageFocus{{Code: "Bundle", Profile: profileBundle, Min: 1, Max: "1"}},
		UseContext: []r4.UsageContext{context(target.System, target.Value, ""), context(systemUseCases, u.Code, u.Display)},
	}
	for _, kind := range must {
		out.Focus = append(out.Focus, r4.MessageFocus{Code: kind, Min: 1, Max: "*"})
	}
	return out
}
