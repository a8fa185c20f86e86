package app

import (
	"context"

	"github.com/google/uuid"

	"onedoor/app/publishing"
	"onedoor/app/simulations"
)

// shadowing tells simulations which drafts shadow live traffic.
type shadowing struct{ publishing *publishing.Service }

// Shadowing are the drafts that do.
func (s shadowing) Shadowing(ctx context.Context, neighbourhood uuid.UUID) (list []simulations.ShadowDraft, err error) {
	drafts, err := s.publishing.Drafts(ctx, neighbourhood)
	for _, d := range drafts {
		if d.Shadow {
			list = append(list, simulations.ShadowDraft{NeighbourhoodID: neighbourhood, Name: d.Name, Document: d.Document})
		}
	}
	return list, err
}
