package bars

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
	"onedoor/tenants"
)

// Our software, as receivers see it. It stays the same through releases: a try after an upgrade is the same message.
const (
	softwareName    = "Onedoor"
	softwareVersion = "1"
	// applicationVersion is that of the message, where the receiver names no lower one. Source: TRN-APP5, 1.2.0.
	applicationVersion = "1.2.0"
)

// message is a Bundle being written. The same id, moment and content give the same bytes at every try.
type message struct {
	id      uuid.UUID
	at      string
	version string
	entries []r4.Entry
}

func newMessage(id uuid.UUID, at time.Time, version string) *message {
	if version == "" {
		version = applicationVersion
	}
	return &message{id: id, at: instant(at), version: version}
}

// ref is where a resource of this message is found, by a name of ours.
func (m *message) ref(name string) r4.Reference {
	return r4.To("urn:uuid:" + uuid.NewSHA1(m.id, []byte(name)).String())
}

func (m *message) to(name string) *r4.Reference {
	r := m.ref(name)
	return &r
}

// head begins a resource.
func (m *message) head(resource string, profiles ...string) r4.Common {
	if len(profiles) == 0 {
		profiles = []string{profileUKCore + resource}
	}
	return r4.Common{Meta: &r4.Meta{LastUpdated: m.at, Profile: profiles}}
}

func (m *message) add(name string, resource r4.Resource) {
	m.entries = append(m.entries, r4.Entry{FullURL: m.ref(name).Reference, Resource: resource})
}

// bundle is the message as it is sent. Its id is the delivery's, by which an answer that comes later names it.
func (m *message) bundle() *r4.Bundle {
	return &r4.Bundle{
		Common: r4.Common{ID: m.id.String(), Meta: &r4.Meta{VersionID: m.version, LastUpdated: m.at, Profile: []string{profileBundle}}},
		Type:   r4.Message, Timestamp: m.at, Entry: m.entries,
	}
}

// header says what the message is for. It comes first (hl7.org/fhir/R4/messaging).
func (s *System) header(m *message, event, reason, focus, definition string, from clinical.Party) *r4.MessageHeader {
	h := &r4.MessageHeader{
		Common:      m.head("MessageHeader", profileHeader+event),
		Event:       r4.Coding{System: systemEvents, Code: event},
		Destination: []r4.MessageDestination{{Endpoint: s.target.System + "|" + s.target.Value, Receiver: m.to("Receiver")}},
		Sender:      m.to("Sender"),
		Source:      r4.MessageSource{Name: from.Name, Software: softwareName, Version: softwareVersion, Endpoint: s.endpoint(from)},
		Reason:      &r4.CodeableConcept{Coding: []r4.Coding{{System: systemReasons, Code: reason}}},
		Focus:       []r4.Reference{m.ref(focus)},
		Definition:  definition,
	}
	if s.phone != "" {
		h.Source.Contact = &r4.ContactPoint{System: "phone", Value: s.phone}
	}
	return h
}

// endpoint is how the receiver could answer: the sender's number in the directory or, without one, its ODS code.
func (s *System) endpoint(from clinical.Party) string {
	if s.sender.Value != "" {
		return s.sender.System + "|" + s.sender.Value
	}
	return systemODS + "|" + string(from.ODS)
}

func (m *message) organisation(party clinical.Party, kind *r4.Coding) *r4.Organization {
	o := &r4.Organization{
		Common: m.head("Organization"), Identifier: []r4.Identifier{{System: systemODS, Value: string(party.ODS)}}, Name: party.Name,
	}
	if kind != nil {
		o.Type = []r4.CodeableConcept{{Coding: []r4.Coding{*kind}}}
	}
	return o
}

func (s *System) service(m *message, party clinical.Party) *r4.HealthcareService {
	return &r4.HealthcareService{
		Common: m.head("HealthcareService"), Identifier: []r4.Identifier{s.target}, Active: new(true), ProvidedBy: m.to("Receiver"), Name: party.Name,
	}
}

// person is the patient, with the one contact that the standard wants and as much of a number as it allows: one that nobody but
// the patient vouches for is left out. Source: Application 5, Requirements, "Referral" and "Contacts".
func (m *message) person(p clinical.Patient) *r4.Patient {
	out := &r4.Patient{Common: m.head("Patient"), BirthDate: p.BirthDate.String(), Gender: gender(string(p.Sex))}
	if p.NHSNumber != "" && p.OnRegister {
		out.Identifier = []r4.Identifier{{
			Extension: []r4.Extension{{URL: extensionVerification, Value: r4.Coded(systemVerification, "number-present-but-not-traced", "Number present but not traced")}},
			System:    systemNHSNumber, Value: string(p.NHSNumber),
		}}
	}
	if name := p.Name(); name != "" {
		n := r4.HumanName{Use: "official", Text: name, Family: p.FamilyName}
		if p.GivenName != "" {
			n.Given = []string{p.GivenName}
		}
		out.Name = []r4.HumanName{n}
	}
	if p.Postcode != "" {
		out.Address = []r4.Address{{Use: "home", PostalCode: string(p.Postcode)}}
	}
	if p.Phone != "" {
		number := r4.ContactPoint{System: "phone", Value: p.Phone.Local(), Rank: 1}
		if p.Phone.Mobile() {
			number.Use = "mobile"
		}
		out.Contact = []r4.Contact{{
			Extension:    []r4.Extension{{URL: extensionRank, Value: r4.PositiveInt(1)}},
			Relationship: []r4.CodeableConcept{r4.Coded(systemRoleCode, "ONESELF", "self")},
			Telecom:      []r4.ContactPoint{number},
		}}
	}
	return out
}

// gender is FHIR's administrative gender.
func gender(sex string) string {
	switch sex {
	case "male", "female", "other":
		return sex
	case "":
		return ""
	}
	return "unknown"
}

// instant is a moment with its offset, which must be there and is always that of UTC. Source: Core, How to handle times.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05+00:00") }

func day(t time.Time) string { return t.In(tenants.London()).Format(time.DateOnly) }
