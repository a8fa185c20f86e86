package requests

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/tenants"
)

// The commands below change the aggregate and nothing else. Each refuses what its state does not allow and says why; the
// caller has already checked that the actor may give it.

func (r *Request) wrongState(code, says string) error {
	return fault.New(fault.Conflict, code, "%s", says).With("status", string(r.Status)).With("version", r.Version)
}

func (r *Request) mustBeOpen() error {
	if r.Open() {
		return nil
	}
	return r.wrongState("request_closed", "This request is closed.")
}

// mustNotBeRestricted keeps a restricted person's request where it is: it goes to nobody but a person at the organisation that
// is accountable for it.
func (r *Request) mustNotBeRestricted() error {
	if r.Held.Restricted {
		return r.wrongState("record_restricted", "This person’s national record is restricted. The request stays with the organisation that is accountable for it: deal with it there.")
	}
	return nil
}

// stayHere takes a restricted person's request back from wherever it was about to go: off offer, and out of the line of those
// that wait to be sent on.
func (r *Request) stayHere() {
	if !r.Held.Restricted || !r.Open() {
		return
	}
	if r.Offer == nil && r.Status != ToVerify {
		return
	}
	r.Offer, r.Status = nil, Queued
	if r.Place.Organisation == r.HomeID {
		r.Place = policy.Place{Organisation: r.HomeID, Queue: r.HomeQueueID}
	}
}

// verify confirms a referral that a machine began, and offers it to its destination.
func (r *Request) verify(at time.Time) error {
	if err := r.mustBeOpen(); err != nil {
		return err
	}
	if err := r.mustNotBeRestricted(); err != nil {
		return err
	}
	if r.Status != ToVerify {
		return r.wrongState("not_to_verify", "This request is not waiting to be verified.")
	}
	r.offer(r.Destination, "", at)
	return nil
}

// offer sends the request to another organisation; the sender stays accountable and the clock goes on.
func (r *Request) offer(to policy.Place, reason string, at time.Time) {
	r.Status, r.Claim = Offered, nil
	r.Offer = &Offer{Place: to, At: at, ExpiresAt: offerExpiry(at, r.AnswerDue), Reason: reason}
}

// An offer stands for half of what is left until the answer is due, so that the sender can still answer in time, and for
// a quarter of an hour at the least. Nobody is there to take it back at night: it then stands until core hours begin.
func offerExpiry(at, answerDue time.Time) time.Time {
	expiry := at.Add(max(answerDue.Sub(at)/2, 15*time.Minute))
	if morning := tenants.NextCoreHours(expiry); morning.Before(answerDue) {
		return morning
	}
	return expiry
}

// accept makes the organisation that was offered the request accountable for it.
func (r *Request) accept() error {
	if err := r.mustBeOffered(); err != nil {
		return err
	}
	if err := r.mustNotBeRestricted(); err != nil {
		return err
	}
	r.Place, r.Offer, r.Status = r.Offer.Place, nil, Queued
	return nil
}

func (r *Request) mustBeOffered() error {
	if err := r.mustBeOpen(); err != nil {
		return err
	}
	if r.Offer == nil {
		return r.wrongState("not_offered", "This request is not on offer: somebody has answered already.")
	}
	return nil
}

// comeBack ends an offer unaccepted: the sender, accountable all the while, has it in a queue that people work.
func (r *Request) comeBack() error {
	if err := r.mustBeOffered(); err != nil {
		return err
	}
	r.Offer, r.Status = nil, Queued
	if r.Place.Organisation == r.HomeID {
		r.Place = policy.Place{Organisation: r.HomeID, Queue: r.HomeQueueID}
	}
	return nil
}

// claim makes one person the one who works on it. Claiming one's own again changes nothing.
func (r *Request) claim(by audit.Actor, at time.Time) (changed bool, err error) {
	if err := r.mustBeOpen(); err != nil {
		return false, err
	}
	if r.Offer != nil {
		return false, r.wrongState("request_offered", "This request is on offer to another organisation.")
	}
	if r.Claim != nil {
		if r.Claim.By.ID == by.ID {
			return false, nil
		}
		return false, r.claimedByAnother()
	}
	r.Claim = &Claim{By: by, OrganisationID: r.Place.Organisation, At: at}
	return true, nil
}

func (r *Request) claimedByAnother() error {
	return fault.New(fault.Conflict, "request_claimed", "This request was claimed by %s at %s.",
		r.Claim.By.Name, r.Claim.At.In(tenants.London()).Format("15:04")).
		With("claimed_by", r.Claim.By.Name).With("claimed_at", r.Claim.At).With("version", r.Version)
}

func (r *Request) mustBeClaimedBy(by audit.Actor) error {
	if err := r.mustBeOpen(); err != nil {
		return err
	}
	if r.Claim == nil {
		return r.wrongState("not_claimed", "Claim this request first.")
	}
	if r.Claim.By.ID != by.ID {
		return r.claimedByAnother()
	}
	return nil
}

// release gives a claim back.
func (r *Request) release(by audit.Actor) error {
	if err := r.mustBeClaimedBy(by); err != nil {
		return err
	}
	r.Claim = nil
	return nil
}

// answer records the outcome, and closes the request.
func (r *Request) answer(o Outcome, by audit.Actor) error {
	if err := r.mustBeClaimedBy(by); err != nil {
		return err
	}
	r.Outcome, r.Status = &o, Closed
	return nil
}

// closeWithout ends a request that needs no outcome, such as one sent twice.
func (r *Request) closeWithout(reason string, by audit.Actor) error {
	if err := r.mustBeClaimedBy(by); err != nil {
		return err
	}
	r.CloseReason, r.Status = reason, Closed
	return nil
}

// setUrgency is raise and lower. Raising can bring the due time nearer; lowering never moves it away, since the clock
// runs from submission.
func (r *Request) setUrgency(to policy.Urgency, up bool, at time.Time) error {
	if err := r.mustBeOpen(); err != nil {
		return err
	}
	if up && to.Rank() <= r.Urgency.Rank() {
		return r.wrongState("not_higher", "The request is already "+string(r.Urgency)+".")
	}
	if !up && to.Rank() >= r.Urgency.Rank() {
		return r.wrongState("not_lower", "The request is already "+string(r.Urgency)+".")
	}
	r.Urgency = to
	if due := policy.AnswerDue(to, at); up && due.Before(r.AnswerDue) {
		r.AnswerDue = due
		if r.Offer != nil && r.Offer.ExpiresAt.After(due) {
			r.Offer.ExpiresAt = due
		}
	}
	return nil
}

// checkReason takes a reason of staff: one to 500 characters.
func checkReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return "", fault.InvalidFields([]fault.Field{{Pointer: "/reason", Code: "required", Says: "Give a reason."}})
	}
	if utf8.RuneCountInString(reason) > 500 {
		return "", fault.InvalidFields([]fault.Field{{Pointer: "/reason", Code: "too_long", Says: "The reason must be 500 characters or fewer."}})
	}
	return reason, nil
}

// placeAt finds where an organisation takes a transfer of this kind: the service named, or the first that accepts it; a
// practice and the desk take anything into their general queue.
func placeAt(d *tenants.Directory, to tenants.Organisation, service, kind string) (policy.Place, error) {
	for _, s := range d.Services() {
		if s.OrganisationID != to.ID || (service != "" && s.Slug != service) {
			continue
		}
		if len(s.Kinds) > 0 && !slices.Contains(s.Kinds, kind) {
			continue
		}
		if s.Paused {
			continue
		}
		return policy.Place{Organisation: to.ID, Service: s.ID, Queue: s.QueueID}, nil
	}
	if q, ok := d.QueueOf(to.ID, tenants.QueueGeneral); ok && service == "" {
		return policy.Place{Organisation: to.ID, Queue: q.ID}, nil
	}
	return policy.Place{}, fault.New(fault.Conflict, "not_accepting", "%s does not take this kind of request now.", to.Name)
}

// Custody is one row of who was accountable from when to when.
type Custody struct {
	ID              uuid.UUID
	NeighbourhoodID uuid.UUID
	RequestID       uuid.UUID
	OrganisationID  uuid.UUID
	From            time.Time
	Until           *time.Time
}
