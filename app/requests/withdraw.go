package requests

import (
	"context"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/tenants"
)

// Withdraw closes a request that whoever handed it in takes back, such as another organisation its referral. Nobody loses what
// they work on: what somebody has claimed stays (request_claimed), and what is closed stays as it is (request_closed).
func (s *Service) Withdraw(ctx context.Context, neighbourhood uuid.UUID, by audit.Actor, reference Reference, reason string) error {
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, tenants.JobOf(neighbourhood), func(tx Tx) error {
		r, err := tx.FindForUpdate(reference)
		if err != nil {
			return err
		}
		if err := r.mustBeOpen(); err != nil {
			return err
		}
		if r.Claim != nil {
			return r.claimedByAnother()
		}
		now := s.now()
		rules, err := tx.Rules(now)
		if err != nil {
			return err
		}
		was, concerned, stoodAt := r.Version, r.Concerns(), r.standsAt()
		r.Status, r.Offer, r.CloseReason, r.Version, r.UpdatedAt = Closed, nil, reason, was+1, now
		if err := tx.Update(r, was, r.Place.Organisation); err != nil {
			return err
		}
		tx.Audit(s.entry(by, "request.withdraw", r, map[string]any{"reason": reason}))
		tx.Announce(r, concerned...)
		return s.file(tx, r, stoodAt, rules.Directory, by, now)
	})
}
