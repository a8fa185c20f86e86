package app

import (
	"context"

	"github.com/google/uuid"

	"onedoor/app/channels/referrals"
	"onedoor/app/clinical"
	"onedoor/app/clinical/bars"
	"onedoor/app/fault"
	desk "onedoor/app/referrals"
	"onedoor/app/store/referralstore"
	"onedoor/tenants"
)

// serveReferrals registers the receiver of other organisations' referrals. A sender comes with a partner's key.
func (a *App) serveReferrals() {
	s := a.services
	receiver := bars.Handler(bars.Desk{
		Referrals: desk.New(referralstore.New(a.db), s.requests, s.directory, s.vault, a.now), Authorise: sender, Now: a.now,
	})
	for _, r := range bars.Routes() {
		referrals.Register(a.server, referrals.Receiver{Method: r.Method, Path: r.Path, Handler: receiver})
	}
}

// sender knows who calls by a key of the neighbourhood's partners.
func sender(ctx context.Context, _ string) (clinical.ReferralCaller, bool, error) {
	p, err := referrals.Caller(ctx)
	if err != nil && fault.As(err).Kind == fault.Unauthenticated {
		return clinical.ReferralCaller{}, false, nil
	}
	if err != nil {
		return clinical.ReferralCaller{}, false, err
	}
	for _, m := range p.Memberships {
		if m.Role == tenants.Partner && m.NeighbourhoodID == p.NeighbourhoodID && p.Client != uuid.Nil {
			return clinical.ReferralCaller{NeighbourhoodID: p.NeighbourhoodID, Client: p.Client, Actor: p.Actor()}, true, nil
		}
	}
	return clinical.ReferralCaller{}, false, nil
}
