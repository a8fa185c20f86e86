package needs

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"onedoor/app/patients"
)

// Sealer encrypts for one neighbourhood. It is secrets.Vault.
type Sealer interface {
	Seal(ctx context.Context, neighbourhood uuid.UUID, plain, context []byte) ([]byte, error)
	Open(ctx context.Context, neighbourhood uuid.UUID, sealed, context []byte) ([]byte, error)
}

// Envelopes seal what somebody needs, and open it again.
type Envelopes struct{ sealer Sealer }

// NewEnvelopes makes them.
func NewEnvelopes(s Sealer) *Envelopes { return &Envelopes{s} }

// Keep seals needs for what they belong to.
func (e *Envelopes) Keep(ctx context.Context, neighbourhood, about uuid.UUID, n patients.Needs) (*patients.KeptNeeds, error) {
	plain, err := json.Marshal(n)
	if err != nil {
		return nil, err
	}
	sealed, err := e.sealer.Seal(ctx, neighbourhood, plain, binding(about))
	if err != nil {
		return nil, err
	}
	return &patients.KeptNeeds{About: about, Told: n.Confirmed, Sealed: sealed}, nil
}

// Open is what was sealed; nothing for none. Whoever calls it has made sure that it may be shown.
func (e *Envelopes) Open(ctx context.Context, neighbourhood uuid.UUID, k *patients.KeptNeeds) (n patients.Needs, err error) {
	if k == nil {
		return n, nil
	}
	plain, err := e.sealer.Open(ctx, neighbourhood, k.Sealed, binding(k.About))
	if err != nil {
		return n, err
	}
	return n, json.Unmarshal(plain, &n)
}

func binding(about uuid.UUID) []byte { return []byte("needs/" + about.String()) }
