package web_test

import (
	"context"

	"github.com/google/uuid"

	"onedoor/app/owntools"
	"onedoor/app/requests"
)

// lateTools is a service that is made after the site, over its stores.
type lateTools struct{ of **owntools.Service }

func (l lateTools) Tool(ctx context.Context, neighbourhood, organisation uuid.UUID) (owntools.Tool, bool, error) {
	return (*l.of).Tool(ctx, neighbourhood, organisation)
}

func (l lateTools) Of(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference) (*owntools.Way, error) {
	return (*l.of).Of(ctx, neighbourhood, reference)
}

func (l lateTools) GoOn(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference) (*owntools.Way, error) {
	return (*l.of).GoOn(ctx, neighbourhood, reference)
}

func (l lateTools) Stay(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference) error {
	return (*l.of).Stay(ctx, neighbourhood, reference)
}
