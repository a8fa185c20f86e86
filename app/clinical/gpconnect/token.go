package gpconnect

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"onedoor/app/audit"
	"onedoor/app/clinical"
)

// tokenLasts is what the specification says, to the second.
const tokenLasts = 5 * time.Minute

// Identifier systems.
const (
	odsSystem         = "https://fhir.nhs.uk/Id/ods-organization-code"
	nhsNumberSystem   = "https://fhir.nhs.uk/Id/nhs-number"
	sdsUserSystem     = "https://fhir.nhs.uk/Id/sds-user-id"
	sdsRoleSystem     = "https://fhir.nhs.uk/Id/sds-role-profile-id"
	organisationTypes = "https://fhir.nhs.uk/STU3/CodeSystem/GPConnect-OrganisationType-1"
)

// claims are those of the audit token. Source: GP Connect 1.2.7, "Cross-organisation audit and provenance".
type claims struct {
	Issuer       string       `json:"iss"`
	Subject      string       `json:"sub"`
	Audience     string       `json:"aud"`
	Expires      int64        `json:"exp"`
	IssuedAt     int64        `json:"iat"`
	Reason       string       `json:"reason_for_request"`
	Scope        string       `json:"requested_scope"`
	Device       device       `json:"requesting_device"`
	Organisation organisation `json:"requesting_organization"`
	Practitioner practitioner `json:"requesting_practitioner"`
}

type device struct {
	ResourceType string       `json:"resourceType"`
	Identifier   []identifier `json:"identifier"`
	Model        string       `json:"model"`
	Version      string       `json:"version"`
}

type practitioner struct {
	ResourceType string       `json:"resourceType"`
	ID           string       `json:"id"`
	Identifier   []identifier `json:"identifier"`
	Name         []humanName  `json:"name"`
}

// asker is on whose behalf a request is made.
type asker struct {
	by    clinical.Party
	actor audit.Actor
}

// check refuses what has no person behind it: the token "SHALL NOT be populated with fixed values or a generic system user",
// and the interface is not for patients.
func (a asker) check() error {
	if a.actor.Kind != audit.Person || a.actor.Name == "" || a.by.ODS == "" {
		return &clinical.Refused{Says: "This connection is for staff only: it needs to know the member of staff who asks, and where they work."}
	}
	return nil
}

// token is an unsecured JWT (RFC 7519, section 6): header and claims, an empty signature, and the point before it.
func (s *System) token(a asker, scope string) (string, error) {
	now := s.o.Now().Unix()
	endpoint := strings.TrimRight(s.o.Settings[SettingEndpoint], "/")
	given, family := names(a.actor.Name)
	person := practitioner{
		ResourceType: "Practitioner", ID: a.actor.ID.String(),
		Identifier: []identifier{
			// UNK is the specification's word for somebody who is not signed in with a smartcard.
			{System: sdsUserSystem, Value: "UNK"},
			{System: sdsRoleSystem, Value: "UNK"},
			{System: endpoint + "/Id/user-id", Value: a.actor.ID.String()},
		},
		Name: []humanName{{Family: family, Given: given}},
	}
	body, err := json.Marshal(claims{
		Issuer: s.o.Settings[SettingEndpoint], Subject: person.ID, Audience: s.root, IssuedAt: now, Expires: now + int64(tokenLasts/time.Second),
		Reason: "directcare", Scope: scope,
		Device: device{
			ResourceType: "Device", Identifier: []identifier{{System: endpoint + "/Id/device-identifier", Value: "onedoor"}}, Model: "Onedoor", Version: "1",
		},
		Organisation: organisation{ResourceType: "Organization", Identifier: []identifier{{System: odsSystem, Value: string(a.by.ODS)}}, Name: a.by.Name},
		Practitioner: person,
	})
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode(body) + ".", nil
}

// names splits what staff are called: the last word is the family name.
func names(name string) (given []string, family string) {
	words := strings.Fields(name)
	last := len(words) - 1
	return words[:last], words[last]
}
