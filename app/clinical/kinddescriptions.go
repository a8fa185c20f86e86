package clinical

// The kinds, described. The specifications were read as they are published; nothing here was assured by anybody.

const (
	notAssured = "Not assured. It is built to the public specification and tried against simulated systems. Whoever owns the system, and for national services NHS England, has to assure it before live use."
	noAnswer   = "Ask the supplier of the system: this product has no agreement with any."
)

func authorisationSettings() []Setting {
	return []Setting{
		{Name: SettingSignIn, Label: "How calls are authorised", Options: []Option{
			{"none", "By the network or a client certificate alone"},
			{"smart", "SMART backend services: a signed assertion for a token"},
			{"nhs", "NHS application-restricted: a signed JWT for a token"},
		}},
		{Name: SettingClientID, Label: "Client id", Hint: "As it was registered with the system’s owner; the API key for an NHS application-restricted API"},
		{Name: SettingTokenAddress, Label: "Address that gives tokens", Hint: "Leave it empty where the system says it itself (.well-known/smart-configuration)", Address: true},
		{Name: SettingKeyID, Label: "Key id", Hint: "The kid of the public key that was registered"},
		{Name: SettingScope, Label: "Scope", Hint: "Such as system/*.read system/*.write; leave it empty where none is asked for"},
	}
}

func mutualTLS() []Secret {
	return []Secret{
		{Name: SecretClientCertificate, Label: "Client certificate", Hint: "PEM, with the certificates that lead to its authority", Form: SecretCertificate},
		{Name: SecretClientKey, Label: "Key of the client certificate", Hint: "PEM, without a password", Form: SecretKey},
		{Name: SecretAuthorities, Label: "Authority of the system’s own certificate", Hint: "PEM; only where it is not a public one", Form: SecretCertificate},
	}
}

func signingKey() Secret {
	return Secret{Name: SecretPrivateKey, Label: "Private key", Hint: "PEM, without a password; its public half is registered with the system’s owner", Form: SecretKey}
}

func fhirDescription() Description {
	return Description{
		Kind: FHIR, Title: "FHIR R4 server",
		Says:    "Outcomes, requests, appointments and repeat medicines by FHIR R4 REST, with a system that offers it.",
		Address: "Address of the FHIR server", AddressHint: "Such as https://example.nhs.uk/fhir",
		Settings: append([]Setting{
			{Name: "documents", Label: "Form of a document", Options: []Option{{"text", "Text"}, {"pdf", "PDF"}, {"both", "Text and PDF"}}},
			{Name: "communications", Label: "What was said to the patient", Options: []Option{
				{"no", "Is in the document only"}, {"yes", "Is filed as a Communication too"},
			}},
			{Name: "patients", Label: "How the server knows people", Options: []Option{
				{"number", "By NHS number, wherever they are named"}, {"search", "By a name of its own, which is looked up first"},
			}},
		}, authorisationSettings()...),
		Secrets: append([]Secret{signingKey()}, mutualTLS()...),
		Offers: []Capability{
			FileOutcome, ReadBack, FileRequest, RequestStatus, Appointments, FindSlots, BookAppointment, MoveAppointment, CancelAppointment, AmendAppointment,
			ListMedicines, AskMedicines, FindPatient,
		},
		Uses:      Uses(),
		Defaults:  []Use{UseOutcomes, UseFromOthers},
		Programme: "It depends on the system. " + noAnswer,
		Supported: "Yes, where the system’s supplier supports its FHIR R4 server: HL7 publishes the standard.",
		Assured:   notAssured, Source: "HL7 FHIR R4 (4.0.1), hl7.org/fhir/R4; SMART App Launch 2.2, backend services",
	}
}

func barsDescription() Description {
	return Description{
		Kind: BaRS, Title: "NHS Booking and Referral Standard (BaRS)",
		Says:    "Referrals and bookings to another organisation’s system, such as a Pharmacy First referral.",
		Address: "Address of the BaRS API", AddressHint: "The proxy’s address, such as https://api.service.nhs.uk/booking-and-referral/FHIR/R4",
		Settings: append([]Setting{
			{Name: "service-id", Label: "Service id of the receiver", Hint: "Its number in the directory of services", Required: true},
			{Name: "service-system", Label: "Directory that the number is from", Hint: "Leave it empty for the NHS Directory of Services"},
			{Name: "sender-service-id", Label: "Our own service id", Hint: "By which the receiver can answer"},
			{Name: "own-service-id", Label: "This organisation’s own service id", Hint: "What others refer to it comes in here. Leave it empty to take none"},
			{Name: "sender-ods", Label: "Our own ODS code", Hint: "In whose name the receiver is asked what it can do", Required: true},
			{Name: "use-case", Label: "Use case", Hint: "Leave it empty for Pharmacy First (Application 5)"},
			{Name: "sender-telephone", Label: "Telephone number for questions about a referral"},
		}, authorisationSettings()...),
		Secrets:   append([]Secret{signingKey()}, mutualTLS()...),
		Offers:    []Capability{FileRequest, ReadBack, RequestStatus, FindSlots, BookAppointment, CancelAppointment},
		Uses:      []Use{UseArrivals, UseAppointments, UseStaffBooking},
		Defaults:  []Use{UseArrivals},
		Programme: "Yes: NHS England’s Booking and Referral Standard programme takes suppliers on.",
		Supported: "Yes: NHS England publishes and supports the API.",
		Assured:   notAssured, Source: "NHS Booking and Referral Standard, version 1.4.0 of the published examples, digital.nhs.uk/developer",
	}
}

func gpConnectDescription() Description {
	return Description{
		Kind: GPConnect, Title: "GP Connect Appointment Management",
		Says:    "Staff find, book, amend and cancel appointments at a practice. It is not for patients themselves: nothing that a patient does goes this way.",
		Address: "Address of the practice’s endpoint", AddressHint: "Through the Spine Secure Proxy, as the endpoint is registered",
		Settings: []Setting{
			{Name: "consumer-asid", Label: "Our ASID", Hint: "The accredited system id of this product’s endpoint", Required: true},
			{Name: "provider-asid", Label: "The practice’s ASID", Hint: "Of its system’s endpoint", Required: true},
			{Name: "proxy", Label: "Address of the Spine Secure Proxy", Hint: "Leave it empty where there is none", Address: true},
			{Name: "consumer-endpoint", Label: "Address of our own endpoint", Hint: "As it is registered", Address: true, Required: true},
			{Name: "organisation-type", Label: "Kind of organisation that books", Hint: "A code of GPConnect-OrganisationType-1; leave it empty for gp-practice"},
			{Name: "telephone", Label: "Telephone number of the organisation that books", Hint: "The practice’s system shows it beside each booking", Required: true},
		},
		Secrets:   mutualTLS(),
		Offers:    []Capability{FindSlots, BookAppointment, MoveAppointment, CancelAppointment, AmendAppointment, Appointments},
		Uses:      []Use{UseStaffBooking},
		Defaults:  []Use{UseStaffBooking},
		Programme: "Yes: NHS England’s GP Connect programme takes consumers on, with a use case that it has approved.",
		Supported: "Yes: NHS England publishes and supports the API.",
		Assured:   notAssured, Source: "GP Connect Appointment Management 1.2.7 (FHIR STU3), digital.nhs.uk/developer",
	}
}

func meshDescription() Description {
	return Description{
		Kind: MESH, Title: "MESH: GP Connect Send Document or Update Record",
		Says:    "Outcomes as messages with a document, by way of a mailbox. A message that was sent is not filed until the practice’s system says so.",
		Address: "Address of the MESH server", AddressHint: "Such as https://mesh-sync.spineservices.nhs.uk",
		Settings: []Setting{
			{Name: "mailbox", Label: "Our mailbox", Hint: "Such as X26ABC1", Required: true},
			{Name: "form", Label: "What is sent", Options: []Option{
				{"send-document", "A document (GP Connect Send Document)"}, {"update-record", "A pharmacy’s outcome for the record (GP Connect Update Record)"},
			}},
			{Name: "recipient", Label: "Mailbox that it goes to", Hint: "Leave it empty, and MESH finds the patient’s practice"},
			{Name: "sender-phone", Label: "Telephone number for the practice to ring"},
			{Name: "message-definition", Label: "Update Record’s message definition", Hint: "Given to suppliers that are taken on"},
		},
		Secrets: append([]Secret{
			{Name: "mailbox-password", Label: "Password of the mailbox", Form: SecretText},
			{Name: "shared-key", Label: "Shared key of the MESH environment", Form: SecretText},
		}, mutualTLS()...),
		Offers:    []Capability{FileOutcome, ReadBack},
		Uses:      []Use{UseFromOthers, UseOutcomes},
		Defaults:  []Use{UseFromOthers},
		Programme: "Yes: NHS England gives mailboxes, and its GP Connect programme takes senders on. Update Record is for pharmacy suppliers that NHS England has assured.",
		Supported: "Yes: NHS England publishes and supports the MESH API and the messages.",
		Assured:   notAssured, Source: "MESH API 2; GP Connect Send Document and Update Record (ITK3, FHIR STU3), digital.nhs.uk/developer",
	}
}

func patientFacingDescription() Description {
	return Description{
		Kind: PatientFacing, Title: "GP Connect Patient Facing Services",
		Says:    "Patients ask for their repeat medicines in the practice’s own system.",
		Address: "Address of the practice’s endpoint", AddressHint: "As the endpoint is registered",
		Settings: authorisationSettings(), Secrets: append([]Secret{signingKey()}, mutualTLS()...),
		Offers:    []Capability{ListMedicines, AskMedicines},
		Uses:      []Use{UseMedicines},
		Defaults:  []Use{UseMedicines},
		Programme: "Not yet open: it is in development nationally.",
		Supported: "Not yet: what is published may change.",
		Assured:   notAssured, Source: "GP Connect (Patient Facing Services) Prescriptions, in development, digital.nhs.uk/developer",
		InDevelopment: true,
	}
}

func im1Description() Description {
	return Description{
		Kind: IM1, Title: "IM1 (Interface Mechanism 1)",
		Says: "Today’s live route to many practices’ systems. Its pairing pack is not public, so nothing of it is built here and nothing can be switched on.",
		Needs: []string{
			"Acceptance into NHS England’s IM1 pairing process, with a use case.",
			"An agreement with each practice system’s supplier, and its pairing integration pack, which is given under that agreement.",
			"An adapter made from that pack: this product has the place for it (the port of clinical systems) and no more.",
			"Assurance by the supplier and NHS England, practice by practice switched on by the practice itself.",
		},
		Programme: "Yes: IM1 pairing, run by NHS England with the suppliers of practices’ systems.",
		Supported: "Yes, for partners: the specifications are the suppliers’ and are not public.",
		Assured:   "Nothing is assured, because nothing is built.", Source: "IM1 pairing integration, digital.nhs.uk/services",
	}
}
