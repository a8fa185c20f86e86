package traces

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/app/patients"
)

// Hold is why nothing may be sent about somebody, as far as it is remembered.
func (s *Service) Hold(ctx context.Context, neighbourhood uuid.UUID, number nhs.Number) (patients.Hold, error) {
	k, _, err := s.o.Store.Known(ctx, neighbourhood, number)
	return k.Hold, err
}

// Needs are what is recorded nationally that a person needs, as far as it is known here already: nobody is asked. It is for
// showing staff who may see the request; the caller has made sure of that.
func (s *Service) Needs(ctx context.Context, neighbourhood uuid.UUID, number nhs.Number) (n patients.Needs, err error) {
	if number == "" {
		return n, nil
	}
	k, found, err := s.o.Store.Known(ctx, neighbourhood, number)
	if err != nil || !found {
		return n, err
	}
	record, ok, err := s.believedRecord(ctx, k)
	if err != nil {
		return n, err
	}
	if ok {
		n = record.Needs
	}
	list, _, err := s.believedAdjustments(ctx, k)
	return n.And(patients.Needs{Adjustments: list}), err
}

// travelling are the needs that go along with a request, so that whoever has it reads them; nil for none.
func (s *Service) travelling(ctx context.Context, neighbourhood uuid.UUID, number nhs.Number) (*patients.KeptNeeds, error) {
	n, err := s.Needs(ctx, neighbourhood, number)
	if err != nil || n.None() || s.o.Keeper == nil {
		return nil, err
	}
	return s.o.Keeper.Keep(ctx, neighbourhood, uuid.New(), n)
}

// NeedsOf reads what a person who has proved who they are needs, before they are asked: from what is kept, else from the
// registers. A register that does not answer in time leaves its part out; the conversation goes on without it.
func (s *Service) NeedsOf(ctx context.Context, neighbourhood uuid.UUID, number nhs.Number) (patients.Needs, error) {
	if number == "" || !s.Available() {
		return patients.Needs{}, nil
	}
	ask := asking{s, neighbourhood, patience, false}
	record, err := ask.get(ctx, number)
	if err != nil {
		return patients.Needs{}, nil //nolint:nilerr // a register that is silent must not keep anybody from asking
	}
	if record.Hold.Died {
		return patients.Needs{}, nil
	}
	_, _ = ask.adjustments(ctx, record.NHSNumber)                     // likewise
	return s.Needs(context.WithoutCancel(ctx), neighbourhood, number) // what one register said stands, however long the other was silent
}

// adjustments reads reasonable adjustments, from what is kept or from the register.
func (a asking) adjustments(ctx context.Context, number nhs.Number) ([]patients.Adjustment, error) {
	if a.o.Flags == nil {
		return nil, nil
	}
	k, found, err := a.o.Store.Known(ctx, a.neighbourhood, number)
	if err != nil {
		return nil, err
	}
	if found && !a.fresh {
		if list, ok, err := a.believedAdjustments(ctx, k); err != nil || ok {
			return list, err
		}
	}
	if err := a.turn(ctx, a.o.FlagsLimit); err != nil {
		return nil, err
	}
	list, err := a.o.Flags.Adjustments(ctx, number)
	if err != nil {
		return nil, a.heeded(ctx, a.o.FlagsLimit, err)
	}
	if list == nil {
		list = []patients.Adjustment{} // that nothing is recorded is kept too
	}
	plain, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	sealed, err := a.o.Sealer.Seal(ctx, a.neighbourhood, plain, about("needs", number))
	if err != nil {
		return nil, err
	}
	return list, a.o.Store.KeepNeeds(ctx, a.neighbourhood, number, sealed, a.o.Now().Add(kept))
}

func (s *Service) believedAdjustments(ctx context.Context, k Kept) (list []patients.Adjustment, ok bool, err error) {
	if k.Needs == nil || !s.o.Now().Before(k.NeedsExpireAt) {
		return nil, false, nil
	}
	plain, err := s.o.Sealer.Open(ctx, k.NeighbourhoodID, k.Needs, about("needs", k.Number))
	if err != nil {
		return nil, false, err
	}
	return list, true, json.Unmarshal(plain, &list)
}
