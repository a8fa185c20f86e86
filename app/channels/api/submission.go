package api

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
)

// submission is the body of POST /requests as it is sent. parse makes valid values of it.
type submission struct {
	Neighbourhood  string                     `json:"neighbourhood"`
	Channel        string                     `json:"channel"`
	Kind           string                     `json:"kind"`
	Patient        *patientBody               `json:"patient"`
	Proxy          *proxyBody                 `json:"proxy"`
	Choices        choicesBody                `json:"choices"`
	Answers        map[string]json.RawMessage `json:"answers"`
	FirstContactAt string                     `json:"first_contact_at"`
}

type patientBody struct {
	NHSNumber  string `json:"nhs_number"`
	BirthDate  string `json:"birth_date"`
	Postcode   string `json:"postcode"`
	GivenName  string `json:"given_name"`
	FamilyName string `json:"family_name"`
	Sex        string `json:"sex"`
	Mobile     string `json:"mobile"`
	SafeToText *bool  `json:"safe_to_text"`
}

type proxyBody struct {
	Name         string `json:"name"`
	Relationship string `json:"relationship"`
}

type choicesBody struct {
	Pharmacy string `json:"pharmacy"`
}

const (
	mostName         = 100
	mostRelationship = 100
)

// reader parses one body and remembers every place that is wrong, so that the caller hears of all at once.
type reader struct {
	today  nhs.Date
	fields []fault.Field
}

func (r *reader) wrong(pointer, code, says string) {
	r.fields = append(r.fields, fault.Field{Pointer: pointer, Code: code, Says: says})
}

func (r *reader) err() error {
	if len(r.fields) == 0 {
		return nil
	}
	return fault.InvalidFields(r.fields)
}

// value parses a text that may be absent by the field's own rules.
func value[T any](r *reader, pointer, text string, parse func(string) (T, error)) T {
	var none T
	if text == "" {
		return none
	}
	v, err := parse(text)
	if err != nil {
		e := fault.As(err)
		r.wrong(pointer, e.Code, e.Says)
		return none
	}
	return v
}

// words parses a line that people typed.
func (r *reader) words(pointer, text string, most int) string {
	text = strings.TrimSpace(text)
	switch {
	case utf8.RuneCountInString(text) > most:
		r.wrong(pointer, "too_long", "This is longer than it can be.")
	case strings.ContainsFunc(text, unicode.IsControl):
		r.wrong(pointer, "control_character", "This holds a character that cannot be typed.")
	}
	return text
}

func (r *reader) required(pointer, text, says string) {
	if text == "" {
		r.wrong(pointer, "required", says)
	}
}

// parse reads a submission whose neighbourhood and kind are known already.
func (r *reader) parse(b submission) requests.Submission {
	in := requests.Submission{Kind: b.Kind, Answers: b.Answers}
	r.required("/channel", b.Channel, "Say which channel this came by: app, web, phone or in-person.")
	in.Channel = value(r, "/channel", b.Channel, requests.ParseChannel)
	in.Patient = r.patient(b.Patient, in.Channel)
	if b.Proxy != nil {
		in.Proxy = r.proxy(*b.Proxy)
	}
	in.ChosenPharmacy = value(r, "/choices/pharmacy", b.Choices.Pharmacy, nhs.ParseODSCode)
	in.FirstContactAt = value(r, "/first_contact_at", b.FirstContactAt, parseMoment)
	return in
}

func (r *reader) patient(b *patientBody, channel requests.Channel) patients.Given {
	if b == nil {
		r.wrong("/patient", "required", "Say who the patient is.")
		return patients.Given{}
	}
	g := patients.Given{
		NHSNumber: value(r, "/patient/nhs_number", b.NHSNumber, nhs.ParseNumber),
		BirthDate: value(r, "/patient/birth_date", b.BirthDate, func(s string) (nhs.Date, error) { return nhs.ParseBirthDate(s, r.today) }),
		Postcode:  value(r, "/patient/postcode", b.Postcode, nhs.ParsePostcode),
		Sex:       value(r, "/patient/sex", b.Sex, nhs.ParseSex),
		Mobile:    value(r, "/patient/mobile", b.Mobile, nhs.ParsePhone),
		GivenName: r.words("/patient/given_name", b.GivenName, mostName), FamilyName: r.words("/patient/family_name", b.FamilyName, mostName),
		SafeToText: b.SafeToText,
	}
	if b.NHSNumber == "" && (b.BirthDate == "" || b.Postcode == "") {
		r.wrong("/patient", "identity_required", "Give the NHS number, or the date of birth and the postcode.")
	}
	if channel != requests.Phone { // on the telephone a name cannot be keyed
		r.required("/patient/given_name", g.GivenName, "Enter the patient's first name.")
		r.required("/patient/family_name", g.FamilyName, "Enter the patient's last name.")
	}
	return g
}

func (r *reader) proxy(b proxyBody) *requests.Proxy {
	p := &requests.Proxy{
		Name: r.words("/proxy/name", b.Name, mostName), Relationship: r.words("/proxy/relationship", b.Relationship, mostRelationship),
	}
	r.required("/proxy/name", p.Name, "Say who asks for the patient.")
	r.required("/proxy/relationship", p.Relationship, "Say how they are related to the patient.")
	return p
}

func parseMoment(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Year() < 2000 || t.Year() > 9998 {
		return time.Time{}, fault.New(fault.Invalid, "moment_format", "Give the moment as RFC 3339 has it, such as 2026-11-02T09:30:00Z.")
	}
	return t, nil
}
