package requests

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/messages"
	"onedoor/policy"
	"onedoor/tenants"
)

// Receipt is what the one who submitted is told. Its JSON is the API's reply, kept word for word for a repeated key.
type Receipt struct {
	Reference       Reference        `json:"reference"`
	Status          Status           `json:"status"`
	Version         int              `json:"version"`
	Accountable     Named            `json:"accountable"`
	Queue           NamedQueue       `json:"queue"`
	Destination     NamedDestination `json:"destination"`
	Urgency         policy.Urgency   `json:"urgency"`
	AnswerDue       time.Time        `json:"answer_due_at"`
	CareDue         *time.Time       `json:"care_due_at,omitempty"`
	WhatHappensNext string           `json:"what_happens_next"`
	Message         string           `json:"message"` // the code of what happens next, for a channel that says it in another language
	Ignored         []string         `json:"ignored"`
	Decision        Reasons          `json:"decision"`
}

// Named is an organisation as others know it.
type Named struct {
	ODS  string `json:"ods_code"`
	Name string `json:"name"`
}

// NamedQueue is a queue as others know it.
type NamedQueue struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// NamedDestination is where a request is meant to go; Service is empty for a queue of its own.
type NamedDestination struct {
	Named
	Service string `json:"service,omitempty"`
}

// Reasons say why a request went where it went.
type Reasons struct {
	PolicyVersion string   `json:"policy_version"`
	Rule          string   `json:"rule"`
	Because       []string `json:"because"`
}

func receiptOf(r *Request, d policy.Decision, dir *tenants.Directory) Receipt {
	ignored := r.Ignored
	if ignored == nil {
		ignored = []string{}
	}
	return Receipt{
		Reference: r.Reference, Status: r.Status, Version: r.Version,
		Accountable: named(dir, r.Place.Organisation), Queue: namedQueue(dir, r.Place.Queue), Destination: destination(dir, r.Destination),
		Urgency: r.Urgency, AnswerDue: r.AnswerDue, CareDue: r.CareDue,
		WhatHappensNext: Next(r, dir, "en"), Message: message(r), Ignored: ignored,
		Decision: Reasons{PolicyVersion: d.PolicyHash, Rule: d.Rule, Because: d.Because},
	}
}

// Next says in the patient's words what happens next and by when.
func Next(r *Request, dir *tenants.Directory, language string) string {
	return messages.WhatHappensNext(language, message(r), messages.Facts{
		Accountable: named(dir, r.Place.Organisation).Name, Destination: named(dir, r.Destination.Organisation).Name, AnswerDue: r.AnswerDue,
	})
}

// message is the code of what the decision promised, unless the request has moved on since.
func message(r *Request) string {
	switch {
	case r.Status == Closed:
		return messages.Answered
	case r.atTool() && r.Handover.State == ToolWaiting:
		return messages.ToolWaiting
	case r.atTool() && r.Handover.State == ToolTaken:
		return messages.ToolTaken
	case r.Message == messages.PharmacyOffer && r.Offer == nil && r.Place.Organisation == r.Destination.Organisation:
		return messages.WithDestination
	case r.Message == messages.PharmacyOffer && r.Offer == nil && r.Status == Queued:
		return messages.PracticeQueue // it came back
	}
	return r.Message
}

func named(d *tenants.Directory, id uuid.UUID) Named {
	o, _ := d.Organisation(id)
	return Named{string(o.ODS), o.Name}
}

func namedQueue(d *tenants.Directory, id uuid.UUID) NamedQueue {
	q, _ := d.Queue(id)
	return NamedQueue{id, q.Name}
}

func destination(d *tenants.Directory, p policy.Place) NamedDestination {
	s, _ := d.Service(p.Service)
	return NamedDestination{named(d, p.Organisation), s.Name}
}
