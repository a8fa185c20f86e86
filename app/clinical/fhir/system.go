package fhir

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

// File sends a document as one transaction, or takes an arrival back.
func (s *System) File(ctx context.Context, d clinical.Delivery) (clinical.Receipt, error) {
	doc := d.Document
	if err := doc.Check(); err != nil {
		return clinical.Receipt{}, &clinical.Refused{Says: "The document is not complete, so it was not sent.", Cause: err}
	}
	if doc.Purpose == clinical.Withdrawal {
		return s.withdraw(ctx, d)
	}
	entriesOf := s.filing
	if doc.Purpose == clinical.Arrival {
		entriesOf = s.arrival
	}
	entries, err := entriesOf(doc)
	if err != nil {
		return clinical.Receipt{}, err
	}
	a, responses, err := s.transact(ctx, d.ID, d.CorrelationID, entries)
	switch {
	case err != nil:
		return clinical.Receipt{}, err
	case a.conflict():
		return s.afterConflict(ctx, d, a)
	case responses == nil:
		return clinical.Receipt{}, a.problem()
	}
	id, ok := externalID(responses[0].Location, "Task")
	if !ok {
		return clinical.Receipt{}, a.unreadable(errNoLocation)
	}
	return clinical.Receipt{State: clinical.Filed, ExternalID: id, ETag: responses[0].ETag, At: r4.Moment(responses[0].LastModified)}, nil
}

// afterConflict looks whether the conflict is with our own earlier try.
func (s *System) afterConflict(ctx context.Context, d clinical.Delivery, a answer) (clinical.Receipt, error) {
	receipt, found, err := s.Find(ctx, d)
	switch {
	case err != nil:
		return clinical.Receipt{}, &clinical.Unknown{Says: "The clinical system reported a conflict, and could not be read to see why.", Cause: err}
	case found:
		return receipt, nil
	}
	return clinical.Receipt{}, conflicting(a)
}

func conflicting(a answer) error {
	return &clinical.Unavailable{
		Says: "The clinical system reported a conflict with another change. We try again.", RetryAfter: a.retryAfter, Cause: a.cause(),
	}
}

// Find looks for a delivery's Task. The transaction is atomic, so the document is there when the Task is. A withdrawal is there too
// when what it takes back is not, or is over.
func (s *System) Find(ctx context.Context, d clinical.Delivery) (clinical.Receipt, bool, error) {
	t, _, err := s.task(ctx, d.ID)
	if err != nil {
		return clinical.Receipt{}, false, err
	}
	if t != nil {
		return receiptOf(t), true, nil
	}
	if d.Document.Purpose != clinical.Withdrawal {
		return clinical.Receipt{}, false, nil
	}
	t, _, err = s.task(ctx, d.CorrelationID)
	switch {
	case err != nil:
		return clinical.Receipt{}, false, err
	case t == nil:
		return clinical.Receipt{State: clinical.Filed}, true, nil
	case slices.Contains(over, t.Status):
		return receiptOf(t), true, nil
	}
	return clinical.Receipt{}, false, nil
}

// task is the Task that carries a delivery's id, and its JSON; nil when there is none. Whatever else the server gives is not ours.
func (s *System) task(ctx context.Context, delivery uuid.UUID) (found *r4.Task, raw []byte, err error) {
	err = s.search(ctx, "Task", url.Values{"identifier": {r4.DeliverySystem + "|" + delivery.String()}}, false, func(e r4.Entry) bool {
		t, ok := e.Resource.(*r4.Task)
		if found == nil && ok && t.ID != "" && carries(t.Identifier, r4.DeliverySystem, delivery) {
			found, raw = t, e.Raw
		}
		return found != nil
	})
	return found, raw, err
}

func carries(ids []r4.Identifier, system string, id uuid.UUID) bool {
	for _, i := range ids {
		if i.System == system && i.Value == id.String() {
			return true
		}
	}
	return false
}

func receiptOf(t *r4.Task) clinical.Receipt {
	r := clinical.Receipt{State: clinical.Filed, ExternalID: "Task/" + t.ID, ETag: t.Meta.ETag()}
	if t.Meta != nil {
		r.At = r4.Moment(t.Meta.LastUpdated)
	}
	return r
}

// replace sends one resource anew, if it is still as it was read.
func (s *System) replace(ctx context.Context, id, correlation uuid.UUID, name string, raw []byte, etag string) (answer, error) {
	return s.send(ctx, ask{method: http.MethodPut, path: "/" + name, id: id, correlation: correlation, body: raw, ifMatch: etag})
}
