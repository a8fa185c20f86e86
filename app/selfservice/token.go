package selfservice

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"onedoor/app/fault"
	"onedoor/app/requests"
)

// tokenLifetime is how long an offer stands: as long as somebody thinks about it. What was taken meanwhile is found out.
const tokenLifetime = 20 * time.Minute

// What a token stands for: one of a kind is no other.
const (
	aSlot         = "slot"
	anAppointment = "appointment"
	aMedicine     = "medicine"
)

// sealed is what a token holds.
type sealed[T any] struct {
	Until time.Time `json:"u"`
	Thing T         `json:"t"`
}

// seal makes a token for something that was offered for one request: only this neighbourhood's key opens it, and only for
// that request.
func seal[T any](ctx context.Context, s *Service, own requests.Own, what string, thing T) (string, error) {
	plain, err := json.Marshal(sealed[T]{s.o.Now().Add(tokenLifetime), thing})
	if err != nil {
		return "", err
	}
	token, err := s.o.Sealer.Seal(ctx, own.NeighbourhoodID, plain, tokenContext(own, what))
	return base64.RawURLEncoding.EncodeToString(token), err
}

func open[T any](ctx context.Context, s *Service, own requests.Own, what, token string) (thing T, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) == 0 {
		return thing, offerEnded()
	}
	plain, err := s.o.Sealer.Open(ctx, own.NeighbourhoodID, raw, tokenContext(own, what))
	if err != nil {
		return thing, offerEnded().Because(err)
	}
	var held sealed[T]
	if err := json.Unmarshal(plain, &held); err != nil {
		return thing, offerEnded().Because(err)
	}
	if !s.o.Now().Before(held.Until) {
		return thing, offerEnded()
	}
	return held.Thing, nil
}

func tokenContext(own requests.Own, what string) []byte {
	return []byte("self-service/" + what + "/" + own.ID.String())
}

func offerEnded() *fault.Error {
	return fault.New(fault.Conflict, "offer_ended", "This choice is no longer open. Look again at what there is.")
}
