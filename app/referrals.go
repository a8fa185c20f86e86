package app

import (
	"context"

	"onedoor/app/channels/referrals"
	"onedoor/app/clinical"
	"onedoor/app/clinical/bars"
	"onedoor/app/fault"
	"onedoor/app/identity"
	desk "onedoor/app/referrals"
	"onedoor/app/store/referralstore"
	"onedoor/tenants"
)

// serveReferrals registers the receiver of other organisations' referrals. A sender comes with a partner's key.
func (a *App) serveReferrals() {
	s := a.services
	receiver := bars.Handler(bars.Desk{
		Referrals: desk.New(referralstore.New(a.db), s.requests, s.directory, s.vault, a.now), Authorise: senderBy(s.door), Now: a.now,
	})
	for _, r := range bars.Routes() {
		referrals.Register(a.server, referrals.Receiver{Method: r.Method, Path: r.Path, Handler: receiver})
	}
}

// senderBy knows a sender by a key of the neighbourhood's partners.
func senderBy(door *identity.Door) func(context.Context, string) (clinical.ReferralCaller, bool, error) {
	return func(ctx context.Context, credential string) (clinical.ReferralCaller, bool, error) {
		p, err := door.ByKey(ctx, identity.Key(credential))
		if err != nil && fault.As(err).Kind == fault.Unauthenticated {
			return clinical.ReferralCaller{}, false, nil
		}
		if err != nil {
			return clinical.ReferralCaller{}, false, err
		}
		for _, m := range p.Memberships {
			if m.Role == tenants.Partner && m.NeighbourhoodID == p.NeighbourhoodID {
				return clinical.ReferralCaller{NeighbourhoodID: p.NeighbourhoodID, Client: p.Client, Actor: p.Actor()}, true, nil
			}
		}
		return clinical.ReferralCaller{}, false, nil
	}
}
