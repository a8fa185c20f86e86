// Package development is the provider of texts where nothing is really sent: it takes every text and sends none. What would
// have been sent stands in the outbox, and the page of operations shows it there. Production refuses it.
package development

import (
	"context"

	"onedoor/app/messages"
	"onedoor/app/nhs"
)

// Provider implements messages.Provider.
type Provider struct{}

// Name implements messages.Provider.
func (Provider) Name() string { return "development" }

// Send takes a text and does nothing with it.
func (Provider) Send(_ context.Context, _ nhs.Phone, _, reference string) (messages.Accepted, error) {
	return messages.Accepted{ID: reference, Delivered: true}, nil
}

// Find says that nothing was lost, since nothing is sent.
func (Provider) Find(context.Context, string) (messages.Accepted, bool, error) {
	return messages.Accepted{}, false, nil
}

// Look says that a text arrived.
func (Provider) Look(context.Context, string) (messages.Standing, error) {
	return messages.Arrived, nil
}
