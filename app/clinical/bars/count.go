package bars

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"onedoor/app/clinical"
)

// Count is how many referrals a receiver has under our identifier. Where it lets nobody search, or for a cancellation, which
// only changes what is there, it is whether there is one.
func (s *System) Count(ctx context.Context, d clinical.Delivery) (int, error) {
	if d.Document.Purpose != clinical.Arrival {
		return clinical.FoundOnce(ctx, s, d)
	}
	has, err := s.negotiated(ctx, d.Document.From, d.CorrelationID)
	if err != nil {
		return 0, err
	}
	if !has.statement.does("ServiceRequest", "search-type") {
		return clinical.FoundOnce(ctx, s, d)
	}
	query := url.Values{"ServiceRequest.identifier": {ReferralSystem + "|" + referralOf(d).String()}}
	a, err := s.read(ctx, "/ServiceRequest?"+query.Encode(), d.Document.From, d.CorrelationID, has.version)
	if err != nil {
		return 0, err
	}
	_, found, err := a.search("ServiceRequest", referralOf(d))
	switch {
	case errors.Is(err, errNotOffered):
		return clinical.FoundOnce(ctx, s, d)
	case err != nil || !found:
		return 0, err
	}
	var list received
	if err := json.Unmarshal(a.body, &list); err != nil {
		return 0, unreadable(err)
	}
	names := map[string]bool{}
	for _, e := range list.Entry {
		var r readResource
		if err := json.Unmarshal(e.Resource, &r); err != nil {
			return 0, unreadable(err)
		}
		if r.ResourceType == "ServiceRequest" && r.is(referralOf(d)) {
			names[r.ID] = true
		}
	}
	return len(names), nil
}
