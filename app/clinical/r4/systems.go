package r4

// Systems of identifiers and codes that are the NHS's or FHIR's own.
const (
	NHSNumber   = "https://fhir.nhs.uk/Id/nhs-number"
	ODSCode     = "https://fhir.nhs.uk/Id/ods-organization-code"
	SNOMEDCT    = "http://snomed.info/sct" // dm+d medicines too
	URNUUID     = "urn:uuid:"
	IssueType   = "http://hl7.org/fhir/issue-type"
	ServiceSlot = "http://terminology.hl7.org/CodeSystem/service-category"
)

// UK Core extensions (simplifier.net/hl7fhirukcorer4).
const (
	// DeliveryChannel says how an appointment is held: In-person, Telephone or Video.
	DeliveryChannel = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeliveryChannel"
	// NHSNumberVerification says how far an NHS number was verified.
	NHSNumberVerification = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
	// BookingOrganization of an appointment.
	BookingOrganization = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-BookingOrganization"
)

// Systems of our own. What has no national code that we know is coded here, and never by an invented one.
const (
	DeliverySystem  = "https://onedoor.example/identifier/delivery"
	ReferenceSystem = "https://onedoor.example/identifier/request-reference"
	KindSystem      = "https://onedoor.example/CodeSystem/request-kind"
	OutcomeSystem   = "https://onedoor.example/CodeSystem/outcome"
	OutputSystem    = "https://onedoor.example/CodeSystem/task-output"
)

// NHS is a reference to a patient by NHS number.
func NHS(number, display string) Reference {
	return Reference{Type: "Patient", Identifier: &Identifier{System: NHSNumber, Value: number}, Display: display}
}

// ODS is a reference to an organisation by ODS code.
func ODS(code, display string) Reference {
	return Reference{Type: "Organization", Identifier: &Identifier{System: ODSCode, Value: code}, Display: display}
}
