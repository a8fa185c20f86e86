package fhir

import (
	"context"
	"net/url"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

// Count is how often the server has a delivery under our identifier: its Tasks, or the documents that a person reads, whichever
// are more. A withdrawal only changes what is there, and is there once or not.
func (s *System) Count(ctx context.Context, d clinical.Delivery) (int, error) {
	if d.Document.Purpose == clinical.Withdrawal {
		return clinical.FoundOnce(ctx, s, d)
	}
	tasks, err := s.carrying(ctx, "Task", d)
	if err != nil || tasks == 0 {
		return 0, err
	}
	if p, err := s.knows(ctx); err != nil || !p.offers("DocumentReference", "search-type") {
		return tasks, err
	}
	documents, err := s.carrying(ctx, "DocumentReference", d)
	return max(tasks, documents), err
}

// carrying counts the resources of a kind that carry a delivery's id. Whatever else the server gives is not ours.
func (s *System) carrying(ctx context.Context, kind string, d clinical.Delivery) (int, error) {
	names := map[string]bool{}
	err := s.search(ctx, kind, url.Values{"identifier": {r4.DeliverySystem + "|" + d.ID.String()}}, false, func(e r4.Entry) bool {
		switch r := e.Resource.(type) {
		case *r4.Task:
			if carries(r.Identifier, r4.DeliverySystem, d.ID) {
				names[r.ID] = true
			}
		case *r4.DocumentReference:
			if carries(r.Identifier, r4.DeliverySystem, d.ID) {
				names[r.ID] = true
			}
		}
		return false
	})
	delete(names, "")
	return len(names), err
}
