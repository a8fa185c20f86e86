package web

import (
	"context"

	"onedoor/app/intake"
	"onedoor/app/requests"
)

// submit hands a conversation in, or finds the receipt of one that was.
func (h *Handlers) submit(ctx context.Context, talk *intake.Conversation) (requests.Receipt, error) {
	kind, _ := h.Catalogue.Kind(talk.Kind)
	in, err := requests.OfConversation(kind, talk)
	if err != nil {
		return requests.Receipt{}, err
	}
	return requests.HandIn(ctx, h.Requests, in)
}
