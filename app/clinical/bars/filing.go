package bars

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

// File implements clinical.System: an arrival is referred, and a withdrawal takes the referral back.
func (s *System) File(ctx context.Context, d clinical.Delivery) (clinical.Receipt, error) {
	if err := d.Document.Check(); err != nil {
		return clinical.Receipt{}, &clinical.Refused{Says: "The request is not complete, so it was not sent.", Cause: err}
	}
	switch d.Document.Purpose {
	case clinical.Arrival:
		return s.refer(ctx, d)
	case clinical.Withdrawal:
		return s.takeBack(ctx, d)
	case clinical.OwnRecord, clinical.RegisteredPractice:
	}
	return clinical.Receipt{}, &clinical.Refused{
		Says: "The Booking and Referral Standard carries referrals and bookings, not outcomes. Send outcomes by another connection, or file this one by hand.",
	}
}

func (s *System) refer(ctx context.Context, d clinical.Delivery) (clinical.Receipt, error) {
	if why := s.useCase.forbids(d); why != "" {
		return clinical.Receipt{}, &clinical.Refused{Says: why}
	}
	has, err := s.negotiated(ctx, d.Document.From, d.CorrelationID)
	if err != nil {
		return clinical.Receipt{}, err
	}
	if !has.statement.takes(definitionReferral) {
		return clinical.Receipt{}, &clinical.Refused{Says: "The receiving service takes no referrals by the Booking and Referral Standard. Send it another way."}
	}
	wants, err := s.definition(ctx, has, eventReferral, definitionReferral, d.Document.From, d.CorrelationID)
	if err != nil {
		return clinical.Receipt{}, err
	}
	b := s.referral(d, applicationVersionOf(wants))
	if missing := lacking(wants, b); missing != "" {
		return clinical.Receipt{}, &clinical.Refused{Says: "The receiving service wants something that we do not have (" + missing + "). Send it another way."}
	}
	return s.message(ctx, d, has, b, reasonNew)
}

func (s *System) takeBack(ctx context.Context, d clinical.Delivery) (clinical.Receipt, error) {
	has, err := s.negotiated(ctx, d.Document.From, d.CorrelationID)
	if err != nil {
		return clinical.Receipt{}, err
	}
	current, found, err := s.current(ctx, d, has)
	switch {
	case errors.Is(err, errNotOffered):
		return clinical.Receipt{}, &clinical.Refused{Says: "The receiving service does not let us look at a referral, and none may be taken back unseen. Tell it by telephone."}
	case err != nil:
		return clinical.Receipt{}, err
	case !found || !current.active():
		return clinical.Receipt{State: clinical.Filed, ExternalID: current.name()}, nil // it never arrived, or is over: nothing is left to take back
	case !has.statement.takes(definitionReferralEnd):
		return clinical.Receipt{}, &clinical.Refused{Says: "The receiving service takes no cancellations by the Booking and Referral Standard. Tell it by telephone."}
	}
	wants, err := s.definition(ctx, has, eventReferral, definitionReferralEnd, d.Document.From, d.CorrelationID)
	var refused *clinical.Refused
	if err != nil && !errors.As(err, &refused) { // cancellations have one shape, whether or not a definition is told
		return clinical.Receipt{}, err
	}
	return s.message(ctx, d, has, s.cancellation(d, current, applicationVersionOf(wants)), reasonUpdate)
}

// conflictsBorne is how many tries may meet a conflict before a person looks.
const conflictsBorne = 8

// message posts one. What is sent is judged by our own receiver's rules first.
func (s *System) message(ctx context.Context, d clinical.Delivery, has agreement, b *r4.Bundle, reason string) (clinical.Receipt, error) {
	body, err := s.written(b)
	if err != nil {
		return clinical.Receipt{}, err
	}
	a, err := s.send(ctx, call{
		method: http.MethodPost, path: "/$process-message", request: d.ID, correlation: d.CorrelationID, version: has.version, from: d.Document.From,
		useContext: s.useCase.Code + "|referral|" + eventReferral + "|" + reason, body: body,
	})
	if err != nil {
		return clinical.Receipt{}, err
	}
	v, _ := a.judge()
	switch {
	case v == taken:
		return receiptOf(a)
	case v == duplicate, v == refused && a.status == http.StatusConflict:
		receipt, found, err := s.Find(ctx, d)
		if found && err == nil {
			return receipt, nil
		}
		if v == duplicate { // they say that they have it, and that is enough
			return clinical.Receipt{State: clinical.Filed}, nil
		}
		if d.Attempts < conflictsBorne {
			return clinical.Receipt{}, &clinical.Unavailable{Says: "The receiving service reported a conflict with another change. We look again, and try again.", RetryAfter: a.retryAfter}
		}
	case a.status == http.StatusNotAcceptable:
		s.forget()
		if s.now().Sub(has.at) > time.Minute {
			return clinical.Receipt{}, &clinical.Unavailable{Says: "The receiving service speaks another version now. We ask it again which."}
		}
	}
	return clinical.Receipt{}, a.problem()
}

// written is a message as it goes out.
func (s *System) written(b *r4.Bundle) ([]byte, error) {
	body, err := json.Marshal(b)
	if err == nil {
		err = Check(body)
	}
	if err != nil {
		return nil, &clinical.Refused{Says: "The message cannot be written by the standard's rules, so it was not sent.", Cause: err}
	}
	return body, nil
}

// receiptOf reads the answer to a message: a Bundle with their ids and, in an Encounter that is planned, the reference that
// people can read. Source: Application 5, Payloads, Encounter.
func receiptOf(a answer) (clinical.Receipt, error) {
	var b received
	if err := json.Unmarshal(a.body, &b); err != nil || b.ResourceType != "Bundle" {
		return clinical.Receipt{}, unreadable(err)
	}
	receipt := clinical.Receipt{State: clinical.Filed}
	for _, e := range b.Entry {
		var r readResource
		if json.Unmarshal(e.Resource, &r) != nil {
			continue
		}
		switch {
		case r.ResourceType == "ServiceRequest" && r.ID != "":
			receipt.ExternalID = r.name()
		case r.ResourceType == "Encounter" && r.Status == "planned" && len(r.Identifier) > 0:
			receipt.TheirReference = shortened(r.Identifier[0].Value)
		}
	}
	return receipt, nil
}

const mostReference = 64

func shortened(s string) string {
	runes := []rune(s)
	return string(runes[:min(len(runes), mostReference)])
}

// Find implements clinical.System. A service that does not let us look has not found anything: sending the same message again
// is safe, since the receiver knows it by its id.
func (s *System) Find(ctx context.Context, d clinical.Delivery) (clinical.Receipt, bool, error) {
	has, err := s.negotiated(ctx, d.Document.From, d.CorrelationID)
	if err != nil {
		return clinical.Receipt{}, false, err
	}
	current, found, err := s.current(ctx, d, has)
	if errors.Is(err, errNotOffered) {
		return clinical.Receipt{}, false, nil
	}
	if err != nil || !found || (d.Document.Purpose == clinical.Withdrawal && current.active()) {
		return clinical.Receipt{}, false, err
	}
	return clinical.Receipt{State: clinical.Filed, ExternalID: current.name(), At: current.updated()}, true, nil
}

// Standing implements clinical.TaskBoard.
func (s *System) Standing(ctx context.Context, d clinical.Delivery) (clinical.Standing, bool, error) {
	has, err := s.negotiated(ctx, d.Document.From, d.CorrelationID)
	if err != nil {
		return clinical.Standing{}, false, err
	}
	current, found, err := s.current(ctx, d, has)
	if errors.Is(err, errNotOffered) {
		return clinical.Standing{}, false, &clinical.Refused{Says: "The receiving service does not let us look at a referral."}
	}
	if err != nil || !found {
		return clinical.Standing{}, false, err
	}
	standing := clinical.Standing{Stage: current.stage(), At: current.updated()}
	if len(current.ReasonCode) > 0 {
		standing.Says = current.ReasonCode[0].Text
	}
	return standing, true, nil
}

// readResource is as much of a resource as is read back. The published answers differ in the rest.
type readResource struct {
	ResourceType     string               `json:"resourceType"`
	ID               string               `json:"id"`
	Meta             *r4.Meta             `json:"meta"`
	Identifier       []r4.Identifier      `json:"identifier"`
	Status           string               `json:"status"`
	OccurrencePeriod *r4.Period           `json:"occurrencePeriod"`
	ReasonCode       []r4.CodeableConcept `json:"reasonCode"`
}

func (r readResource) name() string {
	if r.ID == "" {
		return ""
	}
	return r.ResourceType + "/" + r.ID
}

func (r readResource) active() bool { return r.Status == "active" || r.Status == "on-hold" }

func (r readResource) updated() time.Time {
	if r.Meta == nil {
		return time.Time{}
	}
	return r4.Moment(r.Meta.LastUpdated)
}

// occurrence is when the referral is to be dealt with; nil where it says nothing.
func (r readResource) occurrence() r4.Value {
	if r.OccurrencePeriod == nil {
		return nil
	}
	return *r.OccurrencePeriod
}

func (r readResource) is(id uuid.UUID) bool {
	for _, i := range r.Identifier {
		if i.System == ReferralSystem && i.Value == id.String() {
			return true
		}
	}
	return false
}

func (r readResource) stage() clinical.Stage {
	switch r.Status {
	case "on-hold":
		return clinical.StageInHand
	case "completed":
		return clinical.StageDone
	case "revoked":
		return clinical.StageCancelled
	case "entered-in-error":
		return clinical.StageRefused
	}
	return clinical.StageWaiting
}

// errNotOffered says that a receiver does not let referrals be read.
var errNotOffered = errors.New("the receiver does not let referrals be read")

// current is a delivery's referral as the receiver has it now: by its own id where we know that, else by ours. It is never
// looked for by the patient's number, which would stand in the address.
func (s *System) current(ctx context.Context, d clinical.Delivery, has agreement) (readResource, bool, error) {
	referral := referralOf(d)
	if id := d.ExternalID; id != "" && has.statement.does("ServiceRequest", "read") && d.Document.Purpose == clinical.Arrival {
		a, err := s.read(ctx, "/"+id, d.Document.From, d.CorrelationID, has.version)
		if err != nil {
			return readResource{}, false, err
		}
		return a.one("ServiceRequest")
	}
	if !has.statement.does("ServiceRequest", "search-type") {
		return readResource{}, false, errNotOffered
	}
	query := url.Values{"ServiceRequest.identifier": {ReferralSystem + "|" + referral.String()}}
	a, err := s.read(ctx, "/ServiceRequest?"+query.Encode(), d.Document.From, d.CorrelationID, has.version)
	if err != nil {
		return readResource{}, false, err
	}
	return a.search("ServiceRequest", referral)
}

// one reads a resource by its id; 404 is not found.
func (a answer) one(kind string) (readResource, bool, error) {
	var r readResource
	switch v, i := a.judge(); {
	case v == taken:
		if err := json.Unmarshal(a.body, &r); err != nil || r.ResourceType != kind {
			return r, false, unreadable(err)
		}
		return r, true, nil
	case a.status == http.StatusNotFound && v == refused && i.Code == "not-found":
		return r, false, nil
	}
	return r, false, a.problem()
}

// search reads the one result that carries our identifier.
func (a answer) search(kind string, ours uuid.UUID) (readResource, bool, error) {
	v, i := a.judge()
	if v == refused && (a.status == http.StatusNotImplemented || a.status == http.StatusMethodNotAllowed || i.Code == "not-supported") {
		return readResource{}, false, errNotOffered
	}
	if v == refused && a.status == http.StatusNotFound && i.Code == "not-found" {
		return readResource{}, false, nil
	}
	if v != taken {
		return readResource{}, false, a.problem()
	}
	var list received
	if err := json.Unmarshal(a.body, &list); err != nil || list.ResourceType != "Bundle" {
		return readResource{}, false, unreadable(err)
	}
	for _, e := range list.Entry {
		var r readResource
		if err := json.Unmarshal(e.Resource, &r); err != nil {
			return readResource{}, false, unreadable(err)
		}
		if r.ResourceType == kind && r.is(ours) {
			return r, true, nil
		}
	}
	return readResource{}, false, nil
}
