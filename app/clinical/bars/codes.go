package bars

import (
	"strings"

	"onedoor/app/clinical/r4"
)

// Systems of identifiers and codes. Source: the published examples and the implementation guide named in the package comment.
const (
	systemEvents       = "https://fhir.nhs.uk/CodeSystem/message-events-bars"
	systemReasons      = "https://fhir.nhs.uk/CodeSystem/message-reason-bars"
	systemCategory     = "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest"
	systemUseCases     = "https://fhir.nhs.uk/CodeSystem/usecases-categories-bars"
	systemConsent      = "https://fhir.nhs.uk/CodeSystem/consent-categories-bars"
	systemErrors       = "https://fhir.nhs.uk/Codesystem/http-error-codes"
	systemODS          = "https://fhir.nhs.uk/Id/ods-organization-code"
	systemNHSNumber    = "https://fhir.nhs.uk/Id/nhs-number"
	systemVerification = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus"
	systemActCode      = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	systemRoleCode     = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
	systemSNOMED       = "http://snomed.info/sct"

	extensionVerification = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
	extensionRank         = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-ContactRank"
	extensionChannel      = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeliveryChannel"

	profileBundle   = "https://fhir.nhs.uk/StructureDefinition/BARSBundleMessage"
	profileReferral = "https://fhir.nhs.uk/StructureDefinition/BARSServiceRequest-request-referral"
	profileHeader   = "https://fhir.nhs.uk/StructureDefinition/BARSMessageHeader-" // with the event's code
	profileUKCore   = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-"        // with the resource's name

	definitionReferral      = "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-request-referral"
	definitionReferralEnd   = "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-request-cancelled"
	definitionBooking       = "https://fhir.nhs.uk/MessageDefinition/bars-message-booking-request"
	definitionBookingEnd    = "https://fhir.nhs.uk/MessageDefinition/bars-message-booking-request-cancelled"
	definitionReferralReply = "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-response-referral"

	eventReferral      = "servicerequest-request"
	eventReferralReply = "servicerequest-response"
	eventBooking       = "booking-request"

	reasonNew    = "new"
	reasonUpdate = "update"
	reasonDelete = "delete"
)

// Our own systems, for what has no national one.
const (
	// ReferralSystem identifies a referral by its delivery's id, at every try.
	ReferralSystem = "https://onedoor.example/identifier/delivery"
	// ReferenceSystem is that of requests' ten digits.
	ReferenceSystem = "https://onedoor.example/identifier/request-reference"
	systemDevice    = "https://onedoor.example/identifier/software"
)

// Consent for direct care, and how it was given. Source: Application 5, Consent: the only values of this release.
const (
	consentDirectCare = "DRC"
	consentImplied    = "IMPLIED"
)

// useCase is one of the standard's: who refers to whom, for what.
type useCase struct {
	Code, Display string
	Pharmacy      bool       // Application 5 holds
	Task          *r4.Coding // what is asked of the receiver; nil where no SNOMED CT code is published for it
}

// useCases are those that may be sent. Source: CodeSystem usecases-categories-bars; for the tasks' codes the examples REFREQ03,
// REFREQ06 and REFREQ07.
func useCases() []useCase {
	return []useCase{
		{"a5t1", "Primary Care to Community Pharmacy", true, &r4.Coding{System: systemSNOMED, Code: "2140231000000104", Display: "Referral to Community Pharmacy Pharmacy First Service (procedure)"}},
		{"a5t2", "Primary Care to Pharmacy Contraception", true, &r4.Coding{System: systemSNOMED, Code: "1659121000000100", Display: "Community Pharmacy Contraception Service (procedure)"}},
		{"a5t3", "Primary Care to Pharmacy Blood Pressure Check Service", true, &r4.Coding{System: systemSNOMED, Code: "1659111000000100", Display: "Community Pharmacy Blood Pressure Check Service (procedure)"}},
		{"a7t1", "Patient Facing Services to Primary Care", false, nil},
	}
}

func useCaseOf(code string) (useCase, bool) {
	if code == "" {
		code = "a5t1"
	}
	for _, u := range useCases() {
		if strings.EqualFold(u.Code, code) {
			return u, true
		}
	}
	return useCase{}, false
}

// receivedUseCase is that of a referral that came. Senders by Core 1.1 and before, as the published example of a request is, name
// none: theirs is held to the strictest rules that there are.
func receivedUseCase(code string) (useCase, bool) {
	if code == "" {
		return useCase{Display: "Referral", Pharmacy: true}, true
	}
	return useCaseOf(code)
}
